"""Recover: what a killed run left in the journal is settled by reading, before anything is repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from syncd.connectors.memory import Behaviour
from syncd.model.records import NotSeen
from syncd.reconcile.types import Link, Member, Owed
from syncd.store.rows import Settlement
from syncd.sync import PREVIEW, run_once
from tests.apply.test_create import awaiting, made
from tests.apply.worlds import BASE, Killed, Stage, dump

NEW = {"name": "Gold", "phone": "2"}
UNMARKED = {"behaviour": {"quote": Behaviour(marker=False)}}


def die(stage: Stage, name: str, moment: str, operation: str) -> None:
    """Let the process die at a moment of a call."""

    def kill() -> None:
        raise Killed

    stage.on(name, moment, operation, kill)


async def killed(stage: Stage, name: str = "quote", moment: str = "", operation: str = "") -> Stage:
    """Run until the process dies, and start a new one."""
    if moment.startswith("after_") and not operation:
        stage.kill(moment)
    else:
        die(stage, name, moment, operation)
    with pytest.raises(Killed):
        await stage.cycle()
    stage.systems[name].on_effect = None
    stage.fresh()
    return stage


async def edited(**more: Any) -> Stage:
    stage = Stage(**more)
    stage.link()
    await stage.start()
    stage.edit("crm", phone="2")
    return stage


# -- writes ------------------------------------------------------------------------------------------------------------

WRITES = [
    ("before anything was sent", "after_journal", "", "never_landed", 1),
    ("before the request went out", "before_send", "write", "never_landed", 1),
    ("after it landed", "after_send", "write", "confirmed", 1),
    ("after the reply", "after_reply", "write", "confirmed", 1),
    ("after the reply was taken in", "after_write", "", "confirmed", 1),
]


@pytest.mark.parametrize(("why", "moment", "operation", "end", "writes"), WRITES, ids=[row[0] for row in WRITES])
async def test_p11_a_killed_write_is_settled_and_the_end_is_the_same(
    why: str, moment: str, operation: str, end: str, writes: int
) -> None:
    """Whether it landed is told by two looks apart; then the run goes on as if nothing had happened."""
    stage = await killed(await edited(), moment=moment, operation=operation)
    assert stage.ends() == [("quote", "intended")]
    report = await stage.cycle()
    assert (stage.ends()[0], report.result) == (("quote", end), "ok"), why
    assert (stage.held("quote"), stage.writes()["quote"]) == (NEW, writes)
    assert (stage.member("quote").base, stage.member("quote").behind) == (NEW, {})
    assert stage.told("written") == [("written", "quote", {"phone": ("1", "2")})]
    assert stage.clock.slept == ([2.0] if end == "never_landed" else [])
    assert (await stage.cycle()).changeset.changes == ()


async def test_a_landed_write_says_who_confirmed_it() -> None:
    stage = await killed(await edited(), moment="after_write")
    await stage.cycle()
    [row] = [each for each in stage.store.history() if each.what == "written"]
    assert (row.note, row.who, row.readback) == ("confirmed by recovery", "uncontested edit", {"phone": "2"})
    assert stage.member("quote").own_stamp is not None


async def test_p12_an_overtaken_write_is_decided_by_the_next_merge() -> None:
    """Somebody typed another value before the restart: it is theirs, and in conflict with what is owed."""
    stage = await killed(await edited(), moment="after_journal")
    stage.edit("quote", phone="9")
    report = await stage.cycle()
    assert (stage.ends(), stage.asked(), report.result) == ([("quote", "overtaken")], [("conflict", "phone")], "open")
    assert stage.held("quote") == {"name": "Gold", "phone": "9"}
    assert ("observed", "quote", {"phone": ("1", "9")}) in stage.told("observed")


async def test_a_value_that_was_cleared_meanwhile_overtakes_too() -> None:
    stage = await killed(await edited(), moment="after_write")
    stage.edit("quote", phone=None)
    await stage.cycle()
    assert (stage.ends(), stage.asked()) == ([("quote", "overtaken")], [("conflict", "phone")])


async def test_a_clear_that_landed_is_confirmed() -> None:
    stage = Stage(rules={"default": {"blanks": "overwrite"}})
    stage.link()
    await stage.start()
    stage.edit("crm", phone=None)
    await killed(stage, moment="after_write")
    await stage.cycle()
    assert (stage.ends(), stage.member("quote").base) == ([("quote", "confirmed")], {"name": "Gold"})


async def test_of_a_half_write_the_half_that_landed_counts() -> None:
    stage = Stage()
    stage.link()
    await stage.start()
    stage.edit("crm", name="New", phone="2")
    stage.systems["quote"].faults.set("write", "half", times=1)
    await killed(stage, moment="after_send", operation="write")
    report = await stage.cycle()
    assert [end for _, end in stage.ends()] == ["overtaken", "confirmed"]
    assert (stage.held("quote"), report.result) == ({"name": "New", "phone": "2"}, "ok")
    assert [fields for _, _, fields in stage.told("written")] == [{"name": ("Gold", "New")}, {"phone": ("1", "2")}]


async def test_parts_are_settled_each_for_itself() -> None:
    stage = Stage(behaviour={"quote": Behaviour(parts={"rates": "rates"})})
    stage.link({"details.name": "Gold", "rates.ee": "1"})
    await stage.start()
    stage.edit("crm", details__name="New", rates__ee="2")
    await killed(stage, moment="after_write")
    report = await stage.cycle()
    assert [(one.part, one.state) for one in stage.store.intents()] == [
        ("record", "confirmed"),
        ("rates", "never_landed"),
        ("rates", "confirmed"),
    ]
    assert (report.result, stage.systems["quote"].applied["write"]) == ("ok", 2)


async def test_an_edit_of_another_field_is_told_apart_from_our_write() -> None:
    stage = await killed(await edited(), moment="after_write")
    stage.edit("quote", name="Typed")
    await run_once(stage.scope, stage.world)
    assert stage.ends()[0] == ("quote", "confirmed")
    assert ("observed", "quote", {"name": ("Gold", "Typed")}) in stage.told("observed")
    await stage.cycle()
    assert stage.held("crm") == {"name": "Typed", "phone": "2"}


async def test_what_was_decided_after_the_write_is_still_owed() -> None:
    """A second decision was stored while the first write's outcome was unknown: settling the first pays only for it."""
    stage = await killed(await edited(), moment="after_write")
    link = stage.stored()
    quote = Member("quote", "p1", BASE, behind={"phone": Owed(3, why="newer"), "name": Owed(3)})
    crm = Member("crm", "p1", {"name": "Gold", "phone": "3"})
    stage.store.save_links(
        [Link(link.id, "generic", link.scope, "p1", {"name": "Gold", "phone": "3"}, (crm, quote), 3)]
    )
    stage.edit("crm", phone="3")
    await run_once(stage.scope, stage.world, PREVIEW)
    await stage.cycle()
    assert stage.held("quote") == {"name": "Gold", "phone": "3"}
    assert [end for _, end in stage.ends()] == ["confirmed", "confirmed"]


async def test_a_record_that_is_gone_overtakes_its_write() -> None:
    stage = await edited()
    stage.link(id="p9")
    await killed(stage, moment="after_journal")
    stage.systems["quote"].remove("generic", "p1")
    report = await stage.cycle()
    assert (stage.ends(), stage.last().note) == ([("quote", "overtaken")], "the record is gone")
    assert (stage.asked(), report.result) == ([("missing-record", "p1")], "open")


async def test_a_record_that_cannot_be_seen_keeps_its_row_until_it_can() -> None:
    stage = await killed(await edited(), moment="after_write")
    quote = stage.systems["quote"]

    async def unseen(*_: Any) -> NotSeen:
        return NotSeen("no right to see it")

    quote.read = unseen  # type: ignore[method-assign,assignment]
    await run_once(stage.scope, stage.world)
    assert stage.ends() == [("quote", "intended")]
    del quote.read  # type: ignore[attr-defined]
    await stage.cycle()
    assert stage.ends() == [("quote", "confirmed")]


@pytest.mark.parametrize("times", [1, None])
async def test_p23_a_system_that_does_not_answer_leaves_its_rows_and_is_told(times: int | None) -> None:
    """Asked once or twice: the first look fails, or the second one does."""
    stage = await killed(await edited(), moment="after_journal")
    await stage.world.systems["quote"].connector.access()
    quote = stage.systems["quote"]
    if times is None:
        quote.faults.set("read", "error")
    else:
        stage.on("quote", "read", "read", lambda: quote.faults.set("read", "error", times=1))
    report = await run_once(stage.scope, stage.world)
    assert (stage.ends()[0], report.result) == (("quote", "intended"), "partial")
    assert "quote p1: the system did not answer" in report.failed
    quote.faults.clear()
    quote.on_effect = None
    await stage.cycle()
    assert stage.held("quote") == NEW


async def test_rows_of_systems_and_links_that_are_no_more_are_left_alone() -> None:
    stage = await killed(await edited(), moment="after_journal")
    row = stage.last()
    odd = [replace(row, id="odd1", system="gone"), replace(row, id="odd2", link="l-none")]
    stage.store.settle([Settlement(each) for each in odd])
    await stage.cycle()
    assert sorted(stage.ends())[:1] == [("gone", "intended")]
    assert stage.held("quote") == NEW


async def test_a_preview_settles_on_its_copy_only() -> None:
    """What is shown counts what landed; the store and the systems stay as they were."""
    stage = await killed(await edited(), moment="after_write")
    await stage.world.systems["quote"].connector.access()
    before = dump(stage.store)
    report = await run_once(stage.scope, stage.world, PREVIEW)
    assert (report.changeset.changes, dump(stage.store)) == ((), before)


async def test_recovery_without_rows_asks_nobody() -> None:
    stage = Stage()
    stage.link()
    await stage.start()
    await stage.cycle()
    assert stage.requests("quote", "read", "find") == 0


# -- creates -----------------------------------------------------------------------------------------------------------

CREATES: list[tuple[str, str, str, dict[str, Any], list[str], int, list[Any]]] = [
    ("before it was marked as sent", "after_journal", "", {}, ["unsent", "confirmed"], 1, []),
    ("marked, not sent", "after_mark", "", {}, ["never_landed", "confirmed"], 1, []),
    ("marked, not sent, no marker", "after_mark", "", UNMARKED, ["open"], 0, [("missing-record", "p1")]),
    ("it landed", "after_send", "create", {}, ["confirmed"], 1, []),
    ("it landed, no marker", "after_send", "create", UNMARKED, ["confirmed"], 1, []),
    ("after the reply", "after_write", "", {}, ["confirmed"], 1, []),
    ("after the reply, no marker", "after_write", "", UNMARKED, ["confirmed"], 1, []),
]


@pytest.mark.parametrize(
    ("why", "moment", "operation", "more", "ends", "records", "asked"), CREATES, ids=[row[0] for row in CREATES]
)  # fmt: skip
async def test_p11_no_record_exists_twice_wherever_a_create_is_killed(
    why: str, moment: str, operation: str, more: Any, ends: list[str], records: int, asked: Any
) -> None:
    stage = Stage(**more)
    awaiting(stage)
    await killed(stage, moment=moment, operation=operation)
    for _ in range(2):
        await stage.cycle()
    assert [end for _, end in stage.ends()] == ends, why
    assert (len(made(stage)), stage.asked()) == (records, asked)
    if records:
        assert (stage.member("quote").base, stage.member("quote").status) == (BASE, "live")


async def test_a_process_that_never_observed_asks_whether_creates_carry_markers() -> None:
    """Recovery comes first, before any observation."""
    stage = Stage()
    awaiting(stage)
    await killed(stage, moment="after_mark")
    await run_once(stage.scope, stage.world)
    assert stage.ends()[0] == ("quote", "never_landed")


async def test_a_create_of_a_copy_made_once_is_settled_as_one() -> None:
    stage = Stage()
    awaiting(stage, BASE, "quote", follow=False)
    await killed(stage, moment="after_write")
    await stage.cycle()
    assert (stage.stored().status, stage.asked()) == ("unlinked", [])


# -- ends --------------------------------------------------------------------------------------------------------------

ENDS: list[tuple[str, str, str, list[str]]] = [
    ("before it was sent", "after_journal", "", ["unsent", "confirmed"]),
    ("before the request went out", "before_send", "end", ["unsent", "confirmed"]),
    ("it landed", "after_send", "end", ["confirmed"]),
    ("after the reply", "after_write", "", ["confirmed"]),
]


@pytest.mark.parametrize(("why", "moment", "operation", "ends"), ENDS, ids=[row[0] for row in ENDS])
async def test_p11_a_killed_end_is_settled(why: str, moment: str, operation: str, ends: list[str]) -> None:
    """What did not happen is carried out by the decision that still stands; what did happen is not asked about."""
    stage = Stage()
    stage.link()
    stage.link(id="p9")
    await stage.start()
    stage.systems["quote"].remove("generic", "p1")
    await stage.cycle()
    stage.answer("end")
    await killed(stage, "crm", moment, operation)
    for _ in range(2):
        report = await stage.cycle()
    assert [end for _, end in stage.ends()] == ends, why
    assert (stage.held("crm"), stage.stored().status, report.result) == (None, "unlinked", "ok")
    assert stage.asked("open", "decided") == []


# -- everywhere --------------------------------------------------------------------------------------------------------


def several() -> Stage:
    """A group with an edit on either side, a conflict, a create and a record in two parts."""
    stage = Stage("crm", "quote", "web", behaviour={"quote": Behaviour(parts={"rates": "rates"})})
    stage.link({"details.name": "Gold", "rates.ee": "1"}, id="p2")
    stage.link({"details.name": "Gold", "details.phone": "1"}, id="p3")
    awaiting(stage, BASE, "quote")
    stage.edit("crm", "p2", details__name="New", rates__ee="2")
    stage.edit("web", "p3", details__phone="2")
    stage.edit("crm", "p3", details__name="A")
    stage.edit("quote", "p3", details__name="B")
    return stage


def end_of(stage: Stage) -> Any:
    """Tell what is the same however often the process died."""
    links = [
        (one.id, one.status, one.agreed, [(m.system, m.id, m.base, set(m.behind)) for m in one.members])
        for one in stage.store.links(status=None)
    ]
    return [system.content() for system in stage.systems.values()], sorted(links), stage.asked()


def moments(stage: Stage, at: int) -> Callable[..., None]:
    """Count the moments at which a process can die, and die at one of them."""
    seen = [0]

    def told(*_: str) -> None:
        seen[0] += 1
        if seen[0] == at:
            raise Killed

    for system in stage.systems.values():
        system.on_effect = told
    stage.world.effect = told
    told.seen = seen  # type: ignore[attr-defined]
    return told


def rounded() -> Stage:
    """An uncontested edit on its way to three systems; the second rounds and does not say so, which raises a question
    before the third is written."""
    stage = Stage("crm", "pay", "quote", "web", behaviour={"quote": Behaviour(decimals=0)})
    stage.link({"name": "Gold", "rate": "512"})
    stage.edit("crm", name="New", rate="530.25")
    return stage


def rounded_table() -> Stage:
    """The same with a table; a cell that `crm` rounds on its own, and says so, is no part of what is decided."""
    made = {"crm": Behaviour(decimals=1), "quote": Behaviour(decimals=0)}
    atoms = {"rate_ee": "rates", "rate_es": "rates"}
    stage = Stage("crm", "pay", "quote", "web", behaviour=made, lens={"crm": {"nearest": tenths}}, atoms=atoms)
    stage.link({"name": "Gold", "rate_ee": "601.75", "rate_es": "512"})
    stage.edit("crm", rate_ee="601.8", rate_es="530.25")
    return stage


def tenths(_path: str, value: Any) -> Any:
    """Round as `crm` does."""
    return "601.8" if value == "601.75" else value


WORLDS = [several, rounded, rounded_table]


@pytest.mark.parametrize("world", WORLDS, ids=[world.__name__ for world in WORLDS])
async def test_p11_crash_anywhere(world: Callable[[], Stage]) -> None:
    """Kill the run at every moment of engine and systems: after a restart the end is that of the uninterrupted one."""
    stage = world()
    count = moments(stage, 0)
    await stage.cycle()
    whole = end_of(stage)
    assert count.seen[0] > 20  # type: ignore[attr-defined]
    for at in range(1, count.seen[0] + 1):  # type: ignore[attr-defined]
        stage = world()
        await killed_at(stage, at)
        await stage.cycle()
        assert end_of(stage) == whole, f"killed at moment {at}"
        assert (await stage.cycle()).changeset.changes == ()


async def killed_at(stage: Stage, at: int) -> None:
    """The process dies at a moment of a cycle; another one comes."""
    moments(stage, at)
    with pytest.raises(Killed):
        await stage.cycle()
    for system in stage.systems.values():
        system.on_effect = None
    stage.fresh()


async def cut_short() -> Stage:
    """The run dies when quote has rounded and web is not written."""
    stage = rounded()
    await killed(stage, moment="after_reply", operation="write")
    assert (stage.held("quote"), stage.held("web")) == ({"name": "New", "rate": "530"}, {"name": "Gold", "rate": "512"})
    return stage


async def test_p11_killed_again_while_it_finishes() -> None:
    """What a killed run had still to write is not forgotten by a second death, whenever that comes."""
    stage = rounded()
    await stage.cycle()
    whole = end_of(stage)
    stage = await cut_short()
    count = moments(stage, 0)
    await stage.cycle()
    for at in range(1, count.seen[0] + 1):  # type: ignore[attr-defined]
        stage = await cut_short()
        await killed_at(stage, at)
        await stage.cycle()
        assert end_of(stage) == whole, f"killed again at moment {at}"
