"""P31: one decision, one create. A marker belongs to one decision, and is searched before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.connectors.memory import Behaviour
from syncd.errors import RefusedError, UnknownOutcomeError
from syncd.linking import unlink_plan
from syncd.reconcile.adopt import link_id
from tests.apply.test_create import awaiting
from tests.apply.worlds import BASE, Killed, Stage

NEW = {"name": "Gold", "phone": "2"}
LINK = link_id("generic", "crm", "p1")
UNMARKED = {"behaviour": {"quote": Behaviour(marker=False)}}


async def copied(stage: Stage) -> str:
    """Let a person copy p1 of crm to quote; give the id of what that made."""
    await stage.cycle()
    stage.answer("copy: quote")
    await stage.cycle()
    return stage.member("quote", LINK).id


async def asked_again(stage: Stage) -> None:
    """Let a person part the two and take the word back for the record of crm, as `ask` in a link file does."""
    made = stage.member("quote", LINK).id
    await unlink_plan(stage.world, stage.stored(LINK))
    stage.store.put("aside", f"quote|generic|{made}", {"link": LINK})


def quoted(stage: Stage) -> dict[str, Any]:
    return {id_: stage.held("quote", id_) for id_ in stage.systems["quote"].record_ids("generic")}


def markers(stage: Stage) -> list[str]:
    return [intent.marker for intent in stage.store.intents() if intent.op == "create"]


@pytest.mark.parametrize("more", [{}, UNMARKED], ids=["marker", "content"])
async def test_r4_a_second_copy_is_another_record_and_leaves_the_first_alone(more: Any) -> None:
    """R4: copy, unlink, edit, copy again makes a new record; the one that a person set apart keeps its edit."""
    stage = Stage(**more)
    stage.put(BASE, "crm")
    first = await copied(stage)
    await asked_again(stage)
    stage.edit("quote", first, phone="2")
    second = await copied(stage)
    assert second != first
    assert quoted(stage) == {first: NEW, second: BASE}
    assert len(set(markers(stage))) == len(markers(stage)) == 2


async def test_r4_a_lost_reply_of_the_second_copy_never_finds_the_first_record() -> None:
    """R4: without a marker a record that is set apart is not adopted for what it holds, known before or not."""
    stage = Stage(**UNMARKED)
    stage.put(BASE, "crm")
    first = await copied(stage)
    await asked_again(stage)
    await stage.cycle()
    stage.systems["quote"].faults.set("create", "fail", error=UnknownOutcomeError, times=1)
    stage.answer("copy: quote")
    for _ in range(2):
        await stage.cycle()
    assert (stage.member("quote", LINK).status, list(quoted(stage))) == ("awaited", [first])


async def test_r4_a_record_set_apart_since_the_create_was_sent_is_not_adopted() -> None:
    """R4: it appeared after the intent and holds all that was sent, but a person left it alone."""
    stage = Stage(**UNMARKED)
    stage.put(BASE, "crm")
    stage.systems["quote"].faults.set("create", "fail", error=UnknownOutcomeError, times=1)
    await stage.cycle()
    stage.answer("copy: quote")
    await stage.cycle()
    stage.put(BASE, "quote", id="typed")
    stage.store.put("aside", "quote|generic|typed", {"by": "ann"})
    await stage.cycle()
    assert (stage.member("quote", LINK).status, stage.ends()) == ("awaited", [("quote", "open")])


async def test_r4_every_recreation_is_a_decision_of_its_own() -> None:
    """R4: recreated twice in a day, the second record is another one, with another marker."""
    stage = Stage()
    stage.link()
    stage.link(id="p9")
    await stage.start()
    lost = "p1"
    for _ in range(2):
        stage.systems["quote"].remove("generic", lost)
        await stage.cycle()
        stage.answer("recreate")
        report = await stage.cycle()
        assert (report.result, stage.asked()) == ("ok", [])
        lost = stage.member("quote").id
    assert (len(set(markers(stage))), stage.held("quote", lost)) == (2, BASE)


async def test_r4_all_attempts_of_one_decision_share_its_marker() -> None:
    """R4: refused and tried again, killed and recovered, lost and sent again: one marker, one record."""
    stage = Stage()
    stage.put(BASE, "crm")
    quote = stage.systems["quote"]
    quote.faults.set("create", "fail", error=RefusedError, times=1)
    await stage.cycle()
    stage.answer("copy: quote")
    await stage.cycle()
    quote.faults.set("create", "fail", error=UnknownOutcomeError, times=1)
    await stage.cycle()
    stage.kill("after_mark")
    with pytest.raises(Killed):
        await stage.cycle()
    stage.fresh()
    await stage.cycle()
    assert (len(markers(stage)), len(set(markers(stage))), list(quoted(stage).values())) == (4, 1, [BASE])


async def test_r5_a_restored_store_finds_what_its_decision_made() -> None:
    """R5: the marker is searched before a first create too; the record is taken in, and is no stray any more."""
    stage = Stage()
    stage.put(BASE, "crm")
    await stage.cycle()
    backup = stage.store.fork()
    stage.answer("copy: quote")
    await stage.cycle()
    [made] = quoted(stage)
    stage.edit("quote", made, phone="2")
    stage.store = backup
    stage.fresh()
    await stage.cycle()
    [question] = [one for one in stage.store.questions() if one.proposal.name == "crm:p1"]
    stage.decide(question, "copy: quote")
    await stage.cycle()
    assert quoted(stage) == {made: NEW}, "no second record, and the edit made since is not overwritten"
    assert (stage.member("quote", LINK).id, stage.asked()) == (made, [("conflict", "phone")])
    stage.answer("quote")
    report = await stage.cycle()
    assert (stage.held("crm"), report.result, stage.asked()) == (NEW, "ok", [])


async def test_r5_a_store_restored_between_decision_and_create_creates_nothing_twice() -> None:
    """R5: the decision stood in the older store, its create did not."""
    stage = Stage()
    stage.put(BASE, "crm")
    await stage.cycle()
    stage.answer("copy: quote")
    stage.systems["quote"].faults.set("create", "fail", error=RefusedError, times=1)
    await stage.cycle()
    backup = stage.store.fork()
    await stage.cycle()
    stage.store = backup
    stage.fresh()
    for _ in range(2):
        report = await stage.cycle()
    assert (list(quoted(stage).values()), report.result, stage.asked()) == ([BASE], "ok", [])


async def test_r5_a_record_that_another_link_holds_is_not_taken_by_its_marker() -> None:
    """R5: a person linked what carries the marker with another record; the decision makes one of its own."""
    stage = Stage("crm", "quote", "web")
    stage.put(BASE, "crm")
    stage.link(BASE, "quote", "web", id="typed")
    stage.systems["quote"].put_record("generic", "typed", BASE, marker=f"syncd:{LINK}:quote")
    await stage.cycle()
    stage.answer("copy: quote")
    await stage.cycle()
    assert (stage.member("quote", LINK).id, stage.stored("l-typed").status) == ("quote-1", "live")


@pytest.mark.parametrize("dies", [False, True], ids=["no reply", "killed"])
async def test_r4_what_was_there_before_a_create_is_not_what_it_made(*, dies: bool) -> None:
    """R4: without a marker a record with the same content that was known before the intent is never adopted."""
    stage = Stage(**UNMARKED)
    stage.put(BASE, "quote", id="q9")
    await stage.cycle()
    awaiting(stage)
    if dies:
        stage.kill("after_mark")
        with pytest.raises(Killed):
            await stage.cycle()
        stage.fresh()
    else:
        stage.systems["quote"].faults.set("create", "fail", error=UnknownOutcomeError, times=1)
    for _ in range(3):
        await stage.cycle()
    assert stage.member("quote").status == "awaited"
    assert ("missing-record", "p1") in stage.asked()
    assert stage.store.find_link("quote", "generic", "q9") is None


async def test_r4_what_a_person_set_apart_is_not_adopted_by_its_marker_either() -> None:
    """R4: a record that a killed create made, and that a person left alone since, stays alone."""
    stage = Stage()
    awaiting(stage)
    stage.kill("after_write")
    with pytest.raises(Killed):
        await stage.cycle()
    stage.fresh()
    [first] = stage.systems["quote"].content()["generic"]
    stage.store.put("aside", f"quote|generic|{first}", {"by": "ann"})
    await stage.cycle()
    await stage.cycle()
    assert stage.store.find_link("quote", "generic", first) is None
    assert stage.member("quote").id != first
