"""The pieces of the service by themselves: who borrows a world keeps it, clocks jump, answers wait for nobody."""

from __future__ import annotations

import pytest

from syncd import config
from syncd.errors import SyncdError
from syncd.review.files import ReviewFolder
from syncd.review.queue import decide
from syncd.service import worlds as lending
from syncd.service.health import Health
from syncd.service.inbox import Inbox
from syncd.service.metrics import Metrics
from syncd.service.observing import Observers, Tried
from syncd.service.worlds import Worlds
from tests.cli.conftest import STANDARD

COPAY = "benefits.urgent_care.in_network"


@pytest.fixture
def closed(monkeypatch):
    """The worlds that were closed, in order."""
    found = []
    real = lending.assemble.close

    async def close(world):
        found.append(world)
        await real(world)

    monkeypatch.setattr(lending.assemble, "close", close)
    return found


@pytest.fixture
def worlds(office):
    return Worlds(lambda: config.load(office.folder / "syncd.toml"))


async def test_a_world_that_is_lent_is_closed_when_the_last_gives_it_back(worlds, closed):
    """A reload leaves alone what jobs have borrowed: their world goes on answering until the last of them is done."""
    async with worlds.use() as first:
        async with worlds.use() as second:
            assert second is first
            await worlds.reload()
            assert closed == []
            assert first.store.scopes() is not None
        assert closed == []
        async with worlds.use() as third:
            assert third is not first
        assert closed == []
    assert closed == [first]
    await worlds.close()
    assert closed == [first, third]


async def test_a_world_that_nobody_has_is_closed_by_the_reload(worlds, closed):
    """And one that was lent and given back is closed once only."""
    async with worlds.use() as before:
        pass
    assert closed == []
    await worlds.reload()
    assert closed == [before]
    await worlds.close()


async def test_a_reload_that_is_refused_closes_nothing(worlds, closed, office):
    """Bad settings change nothing: the world of before is lent as before."""
    async with worlds.use() as before:
        pass
    (office.folder / "syncd.toml").write_text("[systems.crm]\nconnector = 3\n")
    with pytest.raises(SyncdError):
        await worlds.reload()
    async with worlds.use() as after:
        assert after is before
    assert closed == []
    await worlds.close()


@pytest.mark.parametrize("jump_s", [-10.0, -3600.0, -86_400.0 * 365])
@pytest.mark.parametrize(("failures", "longest_s"), [(0, 3600.0), (2, 120.0)])
async def test_a_clock_that_was_set_back_delays_nobody(worlds, office, jump_s, failures, longest_s):
    """A system is read within its own cadence, however far in the future it seems to have been read."""
    now = 1_800_000_000.0
    observers = Observers(
        worlds, Inbox(ReviewFolder(office.folder / "r"), lambda: now), lambda _: True, Health(), Metrics(), lambda: now
    )
    Tried(now - jump_s, failures, "it was away" if failures else "").save(worlds.store, "crm")
    assert await observers._due_in("crm") <= longest_s
    Tried(now - longest_s / 4, failures).save(worlds.store, "crm")
    assert await observers._due_in("crm") == pytest.approx(longest_s * 3 / 4)
    Tried(now - longest_s, failures).save(worlds.store, "crm")
    assert await observers._due_in("crm") <= 0
    await worlds.close()


@pytest.fixture
def asked(office):
    """An office in which two people changed one copay to different values, and were asked."""
    office.edit("quote", STANDARD, {"benefits.care.urgent.in": "$55 copay"})
    office.edit("crm", STANDARD, {"Urgent Care In": "$60 Copayment"})
    office.ok("sync")
    return office


async def test_an_answer_from_before_the_start_is_news(asked, worlds):
    """What was answered while nobody ran, or just before a crash, is carried out by the next start; once."""
    store = worlds.store
    [question] = [one for one in store.questions() if one.proposal.name == COPAY]
    decide(store, question.id, "crm", 1e9, by="ann")
    inbox = Inbox(ReviewFolder(asked.folder / "state/review"), lambda: 0.0)
    inbox.begin(store)
    assert (await inbox.look(store)).groups == {question.proposal.scope}
    assert (await inbox.look(store)).groups == set()
    await worlds.close()


async def test_what_else_was_there_at_the_start_is_no_news(worlds, office):
    """Links and pauses of before are taken as seen; a pause that ends is news for everybody it held."""
    store = worlds.store
    store.put("pauses", "crm", {"reason": "audit", "by": "ann", "at": 0})
    inbox = Inbox(ReviewFolder(office.folder / "state/review"), lambda: 0.0)
    inbox.begin(store)
    first = await inbox.look(store)
    assert (first.groups, first.systems, first.linked) == (set(), set(), False)
    store.put("pauses", "crm", None)
    assert (await inbox.look(store)).groups == set(store.scopes())
    await worlds.close()
