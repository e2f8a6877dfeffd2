"""Feeds: a quiet observation costs a few requests, and a feed is never believed further than it goes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from syncd.connectors.base import Changes
from syncd.connectors.memory import Behaviour, Feeding
from syncd.model.records import Gone, NotSeen
from syncd.reconcile.guards import Limits
from syncd.reconcile.guards.base import Limit
from syncd.sync import observe, run_once
from tests.apply.worlds import BASE, GROUP, HOUR, Killed, Stage, dump

NEW = {"name": "Gold", "phone": "2"}
FEED = {"quote": Behaviour(feed=True)}
LATE = {"quote": Behaviour(feed=True, late=2)}


async def three(behaviour: dict[str, Behaviour] = FEED, **more: Any) -> Stage:
    """Three linked records in step; the quote system tells what moves."""
    stage = Stage(behaviour=behaviour, **more)
    for id_ in ("p1", "p2", "p3"):
        stage.link(id=id_)
    await stage.start()
    return stage


def quote(stage: Stage) -> Feeding:
    return cast("Feeding", stage.systems["quote"])


def asked_for(stage: Stage) -> dict[str, int]:
    return dict(quote(stage).requests)


# -- what it costs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("records", [3, 300])
async def test_a_quiet_observation_costs_two_requests_however_many_records_there_are(records: int) -> None:
    stage = Stage(behaviour=FEED)
    stage.link()
    for at in range(records):
        stage.put(BASE, "quote", id=f"x{at}")
    await stage.start()
    for _ in range(3):
        stage.clock.at += HOUR
        seen = await observe("quote", stage.world)
        assert (seen.by_feed, seen.counts, seen.changed) == (True, {"generic": records + 1}, {})
    assert asked_for(stage) == {"access": 3, "changes": 3}


async def test_p01_a_quiet_cycle_leaves_everything_as_it_is() -> None:
    stage = await three()
    before = dump(stage.store, ("sync_run", "listing"))
    report = await stage.cycle()
    assert (report.result, dump(stage.store, ("sync_run", "listing"))) == ("ok", before)
    assert asked_for(stage) == {"access": 1, "changes": 1}


async def test_what_the_feed_did_not_name_counts_as_seen_just_now() -> None:
    """A run after hours of quiet feeds reads no record again."""
    stage = await three()
    for _ in range(3):
        stage.clock.at += HOUR
        await observe("quote", stage.world)
        await observe("crm", stage.world)
    stage.edit("crm", phone="2")
    await observe("crm", stage.world)
    assert (await run_once(stage.scope, stage.world)).result == "ok"
    assert (stage.held("quote"), quote(stage).requests["read"]) == (NEW, 2), "once before and once after the write"


# -- what it tells -----------------------------------------------------------------------------------------------------


async def test_an_edit_a_new_record_and_a_vanished_one_come_through_the_feed() -> None:
    stage = await three()
    stage.edit("quote", "p1", phone="2")
    stage.put(BASE, "quote", id="p9")
    quote(stage).remove("generic", "p3")
    report = await stage.cycle()
    assert stage.held("crm") == NEW
    assert stage.asked() == [("link-plans", "quote:p9"), ("missing-record", "p3")]
    # What is said to be gone is asked for by its key, and so is what is about to overwrite the other system.
    assert asked_for(stage) == {"access": 1, "changes": 1, "read": 2}
    listing = stage.store.listing("quote", "generic")
    assert listing is not None
    assert (listing.count, listing.known, listing.good_at, report.away) == (3, 3, stage.clock.at, {})
    assert [row.note for row in stage.store.history() if row.what == "gone"] == ["quote has no generic with the id p3"]


@pytest.mark.parametrize(
    ("come", "gone", "count"), [((), (), 3), (("p8", "p9"), (), 5), ((), ("p3",), 2), (("p9",), ("p3",), 3)]
)
async def test_how_many_records_there_are_is_counted_on_from_the_listing(
    come: tuple[str, ...], gone: tuple[str, ...], count: int
) -> None:
    """The guards measure what vanishes by it."""
    stage = await three()
    for id_ in come:
        stage.put(BASE, "quote", id=id_)
    for id_ in gone:
        quote(stage).remove("generic", id_)
    seen = await observe("quote", stage.world)
    listing = stage.store.listing("quote", "generic")
    assert listing is not None
    assert (seen.by_feed, seen.counts, listing.count, listing.known) == (True, {"generic": count}, count, count)


async def test_p21_the_echo_of_our_own_write_comes_through_the_feed_and_is_no_edit() -> None:
    stage = await three()
    stage.edit("crm", phone="2")
    for _ in range(3):
        report = await stage.cycle()
    assert (stage.writes(), report.result) == ({"crm": 0, "quote": 1}, "ok")
    assert [system for what, system, _ in stage.told("observed")] == ["crm"]


async def test_a_record_that_is_back_just_as_it_was_is_back() -> None:
    """What a feed tells again after it was gone counts, though not one value of it moved."""
    stage = await three()
    held = dict(stage.held("quote", "p2") or {})
    stage.systems["quote"].remove("generic", "p2")
    await stage.cycle()
    assert stage.store.snapshots("quote", "generic", ["p2"])["p2"].gone is not None
    stage.systems["quote"].put_record("generic", "p2", held)
    seen = await observe("quote", stage.world)
    assert seen.by_feed
    assert stage.store.snapshots("quote", "generic", ["p2"])["p2"].gone is None
    report = await stage.cycle()
    assert (report.result, stage.asked()) == ("ok", [])


async def test_a_record_that_came_and_went_unseen_is_no_question() -> None:
    stage = await three()
    stage.put(BASE, "quote", id="p9")
    quote(stage).remove("generic", "p9")
    assert (await stage.cycle()).result == "ok"
    assert quote(stage).requests["read"] == 0


async def test_p15_what_is_said_to_be_gone_and_answers_to_its_key_is_there() -> None:
    stage = await three()
    honest = quote(stage).changes

    async def hasty(position: str, groups: Any = None) -> Changes:
        return replace(await honest(position, groups), gone={("generic", "p2"): "deleted"})

    quote(stage).changes = hasty  # type: ignore[method-assign]
    stage.edit("quote", "p2", phone="2")
    assert (await stage.cycle()).result == "ok"
    assert (stage.held("crm", "p2"), stage.asked()) == (NEW, [])


async def test_p15_what_cannot_be_read_is_not_gone() -> None:
    stage = await three()
    quote(stage).remove("generic", "p2")

    async def unseen(*_: Any) -> NotSeen:
        return NotSeen("no right to see it")

    quote(stage).read = unseen  # type: ignore[method-assign,assignment]
    assert (await stage.cycle()).questions == ()
    assert stage.store.snapshots("quote", "generic")["p2"].gone is None


async def test_a_record_that_is_shown_late_is_told_when_it_is_shown() -> None:
    stage = await three(LATE)
    stage.edit("crm", phone="2")
    for _ in range(4):
        report = await stage.cycle()
    assert (report.result, stage.held("quote"), stage.writes()) == ("ok", NEW, {"crm": 0, "quote": 1})


# -- when it is not believed -------------------------------------------------------------------------------------------


async def lists(stage: Stage) -> bool:
    """Observe, and tell whether everything was listed."""
    before = quote(stage).requests["list"]
    stage.clock.at += HOUR
    seen = await observe("quote", stage.world)
    assert seen.by_feed is not (quote(stage).requests["list"] > before)
    return not seen.by_feed


@pytest.mark.parametrize("how", ["error", "expired"])
async def test_a_feed_that_fails_or_has_expired_is_replaced_by_a_listing(how: str) -> None:
    stage = await three()
    quote(stage).faults.set("changes", how, times=1)
    stage.edit("quote", phone="2")
    assert await lists(stage)
    assert (await run_once(stage.scope, stage.world)).result == "ok"
    assert stage.held("crm") == NEW
    assert not await lists(stage), "the listing took a new place"


async def test_a_feed_without_a_place_is_no_reason_not_to_list() -> None:
    stage = await three()
    quote(stage).faults.set("changes", "expired", times=1)
    quote(stage).faults.set("position", "error", times=1)
    assert await lists(stage)
    listing = stage.store.listing("quote", "generic")
    assert listing is not None
    assert listing.complete
    assert not await lists(stage), "the old place still serves"


async def test_p08_a_change_that_the_feed_kept_to_itself_is_found_by_the_daily_listing() -> None:
    stage = await three()
    quote(stage).faults.set("changes", "short")
    stage.edit("quote", phone="2")
    listed = [hour for hour in range(1, 48) if await lists(stage)]
    assert listed == [24]
    await observe("crm", stage.world)
    await run_once(stage.scope, stage.world)
    assert stage.held("crm") == NEW


async def test_a_person_can_have_everything_listed() -> None:
    stage = await three()
    assert not (await observe("quote", stage.world, full=True)).by_feed
    assert quote(stage).requests["list"] == 1


async def test_p15_a_broken_listing_is_not_healed_by_a_feed() -> None:
    stage = await three()
    quote(stage).faults.set("list", "error", times=2)
    await observe("quote", stage.world, full=True)
    for _ in range(2):
        assert await lists(stage)
    assert not await lists(stage)


@pytest.mark.parametrize("guard", ["scope", "permission"])
async def test_p15_another_address_or_fewer_rights_are_judged_before_the_feed_is_asked(guard: str) -> None:
    stage = await three()
    honest = quote(stage).access

    async def other() -> Any:
        access = await honest()
        if guard == "scope":
            return replace(access, fingerprint="elsewhere")
        return replace(access, unreadable={"rates": "no right"})

    quote(stage).access = other  # type: ignore[method-assign]
    stage.edit("quote", phone="9")
    for _ in range(2):
        report = await stage.cycle()
        assert (report.result, stage.asked(), stage.held("crm")) == ("refused", [("guard", guard)], BASE)
    assert quote(stage).requests["changes"] == 0
    stage.answer("approve")
    report = await stage.cycle()
    assert (report.result, stage.held("crm")) == ("ok", {**BASE, "phone": "9"})


async def test_another_mapping_reads_everything_again() -> None:
    """The feed names nothing, but what is known was read by another lens."""
    stage = await three()
    quote_lens = stage.lenses["quote"]["generic"]
    quote_lens.digest = "another"
    assert await lists(stage)
    assert not await lists(stage)


async def test_p16_so_many_vanish_that_a_guard_asks() -> None:
    """The feed proves each of them gone; still it is a person who says that it is so."""
    stage = await three(limits=Limits({"shrunken-side": Limit(0.5, 2)}))
    quote(stage).remove("generic", "p1")
    quote(stage).remove("generic", "p2")
    report = await stage.cycle()
    assert (report.result, stage.asked()) == ("refused", [("guard", "shrunken-side")])
    assert stage.told("gone") == []
    stage.answer("approve")
    await stage.cycle()
    assert stage.asked() == [("missing-record", "p1"), ("missing-record", "p2")]


async def test_a_system_that_was_away_is_listed_when_it_is_back() -> None:
    stage = await three()
    quote(stage).faults.set("access", "error", times=1)
    assert (await stage.cycle()).away == {"quote": "quote: the system did not answer"}
    assert await lists(stage)


# -- one transaction ---------------------------------------------------------------------------------------------------


async def test_p11_a_kill_before_the_place_is_stored_tells_everything_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Snapshots, history, dirty groups and the new place are one transaction: all of it, or none."""
    stage = await three()
    stage.edit("quote", phone="2")
    before = dump(stage.store)
    with monkeypatch.context() as patch:

        def dies(*_: Any) -> None:
            raise Killed

        patch.setattr("syncd.apply.feed.remember", dies)
        with pytest.raises(Killed):
            await observe("quote", stage.world)
    assert dump(stage.store) == before
    stage.fresh()
    await stage.cycle()
    assert (stage.held("crm"), len(stage.told("observed"))) == (NEW, 1)


async def test_what_moves_while_everything_is_listed_is_told_by_the_feed_afterwards() -> None:
    """The place is taken before the listing: the edit comes twice rather than never."""
    stage = await three()
    stage.on("quote", "read", "position", lambda: stage.edit("quote", "p1", phone="2"))
    stage.on("quote", "read", "list", lambda: stage.edit("quote", "p1", phone="3"))
    await observe("quote", stage.world, full=True)
    await stage.cycle()
    assert stage.held("crm") == {**BASE, "phone": "3"}


async def test_a_group_is_dirty_until_a_run_has_looked_at_it() -> None:
    stage = await three()
    assert stage.store.items("dirty") == {}
    stage.edit("quote", phone="2")
    await observe("quote", stage.world)
    assert stage.store.items("dirty") == {"default": {"at": stage.clock.at}}
    stage.clock.at += 1
    stage.on("crm", "read", "read", lambda: stage.store.put("dirty", "default", {"at": stage.clock.at}))
    await run_once(stage.scope, stage.world)
    assert stage.store.items("dirty") == {"default": {"at": stage.clock.at}}, "more was seen meanwhile"
    await run_once(stage.scope, stage.world)
    assert stage.store.items("dirty") == {}


async def test_groups_and_plans_come_through_one_feed() -> None:
    stage = Stage(kind="plan", behaviour=FEED)
    stage.link({"details.name": "Gold"})
    await stage.start()
    quote(stage).edit("group", "g1", {"details.name": "Acme Inc"})
    stage.edit("quote", details__name="Silver")
    seen = await observe("quote", stage.world)
    assert (seen.by_feed, seen.changed, seen.scopes) == (True, {"group": 1, "plan": 1}, {GROUP})
    assert quote(stage).requests["changes"] == 1


async def test_an_answer_of_the_feed_that_names_a_kind_unknown_here_is_left_alone() -> None:
    stage = await three()
    quote(stage).put_record("plan", "x", {"details.name": "y"})
    quote(stage).remove("plan", "x")
    quote(stage).put_record("plan", "z", {"details.name": "y"})
    seen = await observe("quote", stage.world)
    assert (seen.by_feed, seen.changed) == (True, {})


async def test_a_record_that_cannot_be_asked_for_makes_it_a_listing() -> None:
    stage = await three()
    quote(stage).remove("generic", "p2")
    quote(stage).faults.set("read", "error", times=1)
    assert await lists(stage)
    assert isinstance(await quote(stage).read("generic", "p2"), Gone)
    assert stage.store.snapshots("quote", "generic")["p2"].gone
