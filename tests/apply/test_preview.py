"""P18: a dry run leaves the world as it is, and names just the writes, in order, that the real run then makes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from syncd.connectors.memory import Behaviour
from syncd.reconcile.guards import Limits
from syncd.reconcile.guards.base import Limit
from syncd.sync import PREVIEW, Mode, Report, observe_all, run_once
from tests.apply.test_create import awaiting
from tests.apply.worlds import BASE, Killed, Stage


def busy(**more: Any) -> Stage:
    """Edits on both sides, a conflict, a record in two parts, a create, a stray, a system that is read-only in part."""
    behaviour = {"quote": Behaviour(parts={"rates": "rates"}), "web": Behaviour(read_only=("phone",))}
    stage = Stage("crm", "quote", "web", behaviour=behaviour, **more)
    stage.link({"details.name": "Gold", "rates.ee": "1", "rates.es": "2"}, id="p2")
    stage.link(BASE, id="p3")
    stage.link(BASE, id="p4")
    stage.link(BASE, id="p5")
    awaiting(stage, BASE, "quote", "web")
    stage.put(BASE, "web", id="stray")
    stage.edit("crm", "p2", rates__ee="5", details__name="New")
    stage.edit("web", "p3", name="Typed")
    stage.edit("crm", "p4", phone="2")
    for name in ("crm", "quote"):
        stage.edit(name, "p5", name=name)
    return stage


def shown(report: Report) -> list[tuple[str, str, str]]:
    """Tell the record writes that a report names, in their order: field writes record by record, then the others."""
    changes = dict.fromkeys((one.link, one.system, "write") for one in report.changeset.changes)
    others = [(each.link, each.system, each.op) for one in report.changeset.outcomes for each in one.operations]
    return [*changes, *others]


def watch(stage: Stage) -> list[tuple[str, str]]:
    """Take down every write that reaches a system."""
    sent: list[tuple[str, str]] = []
    for name, system in stage.systems.items():
        system.on_effect = lambda moment, what, name=name: (
            sent.append((name, what)) if moment == "before_send" else None
        )
    return sent


async def look(stage: Stage, mode: Mode = PREVIEW) -> Report:
    """Preview with a fresh look at all systems, on a copy of the store."""
    stage.clock.at += 3600
    fork = replace(stage.world, store=stage.store.fork())
    await observe_all(fork)
    stage.clock.at -= 3600
    return await run_once(stage.scope, fork, replace(mode, preview=True))


async def test_p18_a_preview_leaves_store_and_systems_as_they_are() -> None:
    stage = busy()
    before = stage.everything()
    report = await look(stage)
    assert shown(report)
    assert report.questions
    assert stage.everything() == before
    await stage.cycle()
    stage.edit("crm", "p4", phone="3")
    await observe_all(stage.world)
    before = stage.everything()
    await run_once(stage.scope, stage.world, PREVIEW)
    assert stage.everything() == before
    assert stage.requests("quote", "write", "create") == stage.systems["quote"].writes


async def test_p18_the_plan_is_the_truth() -> None:
    """The same writes, to the same records, with the same values, in the same order; the same questions."""
    stage = busy()
    report = await look(stage)
    planned = shown(report)
    sent = watch(stage)
    real = await stage.cycle()
    assert shown(real) == planned
    assert real.changeset.changes == report.changeset.changes
    parts = {("l-p2", "quote"): 2}
    want = [(system, op) for link, system, op in planned for _ in range(parts.get((link, system), 1))]
    assert sent[: len(want)] == want
    extra = sent[len(want) :]
    assert extra == [], "what a create could not carry is a hand-off here"
    for change in report.changeset.changes:
        assert stage.held(change.system, change.id)[change.path] == change.new  # type: ignore[index]
    assert {(each.kind, each.name) for each in report.questions} <= {*stage.asked()}
    assert report.result == real.result == "open"


async def test_a_preview_counts_decisions_that_are_not_used_yet() -> None:
    stage = busy()
    await stage.cycle()
    stage.answer("crm", "conflict")
    report = await look(stage)
    assert [(one.system, one.new) for one in report.changeset.changes] == [("quote", "crm"), ("web", "crm")]
    assert stage.asked("decided") == [("conflict", "name")]


FILTERS: list[tuple[str, Mode, set[tuple[str, str]]]] = [
    ("only some systems are written", Mode(systems=frozenset({"quote"})), {(f"l-p{n}", "quote") for n in range(1, 5)}),
    ("only one link", Mode(only=frozenset({"l-p3"})), {("l-p3", "crm"), ("l-p3", "quote")}),
    ("one link in one system", Mode(only=frozenset({"l-p3"}), systems=frozenset({"crm"})), {("l-p3", "crm")}),
]  # fmt: skip


@pytest.mark.parametrize(("why", "mode", "wanted"), FILTERS, ids=[row[0] for row in FILTERS])
async def test_filters_limit_what_is_written(why: str, mode: Mode, wanted: set[tuple[str, str]]) -> None:
    """All members of a link are read; what is left out is owed, and the questions about other links stay."""
    stage = busy()
    report = await look(stage, mode)
    assert {(link, system) for link, system, _ in shown(report)} == wanted, why
    real = await stage.cycle(mode)
    assert shown(real) == shown(report)
    await stage.cycle()
    assert stage.held("crm", "p3") == stage.held("quote", "p3") == BASE | {"name": "Typed"}
    assert stage.held("quote", "p2")["rates.ee"] == "5"  # type: ignore[index]


async def test_p26_a_run_of_one_link_leaves_the_questions_of_the_group_alone() -> None:
    """Strays and guards are judged with the group as a whole: a look at one link closes none of them."""
    stage = busy(limits=Limits({"too-many-changes": Limit(0.0, 2)}))
    await stage.cycle()
    standing = {each.id: each.status for each in stage.store.questions()}
    assert {kind for kind, _ in stage.asked()} >= {"guard", "link-plans"}
    await stage.cycle(Mode(only=frozenset({"l-p3"})))
    now = {each.id: each.status for each in stage.store.questions()}
    assert {id_ for id_, status in standing.items() if status == "open"} <= now.keys()


async def test_p26_a_second_look_at_what_moved_closes_no_other_question() -> None:
    stage = busy()
    await stage.cycle()
    standing = stage.asked()
    stage.edit("crm", "p4", name="New")
    once = [lambda: stage.edit("quote", "p4", note="x")]
    stage.world.effect = lambda moment: once.pop()() if moment == "after_journal" and once else None
    await stage.cycle()
    assert ("quote", "moved") in stage.ends()
    assert stage.asked() == standing
    assert stage.store.questions(status=("closed",)) == []


async def test_a_full_run_looks_at_links_that_are_in_step() -> None:
    stage = Stage()
    stage.link()
    await stage.start()
    assert (await stage.cycle()).view.links == ()
    assert [one.link.id for one in (await stage.cycle(Mode(full=True))).view.links] == ["l-p1"]


async def test_p17_what_a_guard_holds_back_is_shown_and_an_approval_lets_just_that_through() -> None:
    stage = Stage(limits=Limits({"too-many-changes": Limit(0.5, 2, hourly=None)}))
    for n in range(4):
        stage.link(BASE | {"name": f"n{n}"}, id=f"p{n}")
    await stage.start()
    for n in range(2):
        stage.edit("crm", f"p{n}", phone="2")
    report = await stage.cycle()
    assert (report.result, stage.writes()["quote"], stage.asked()) == ("refused", 0, [("guard", "too-many-changes")])
    assert report.changeset.tripped == ("too-many-changes",)
    stage.answer("approve")
    stage.edit("crm", "p2", phone="2")
    report = await stage.cycle()
    assert (stage.writes()["quote"], stage.held("quote", "p2"), report.result) == (2, BASE | {"name": "n2"}, "refused")
    assert stage.asked() == [("guard", "too-many-changes")], "more is asked again"
    assert stage.asked("used") == [("guard", "too-many-changes")]
    stage.answer("approve")
    report = await stage.cycle()
    assert (stage.writes()["quote"], stage.asked(), report.result) == (3, [], "ok")


async def test_a_busy_hour_holds_back_what_is_too_much() -> None:
    """Confirmed writes of the last hour count; an hour later they do not."""
    stage = Stage(limits=Limits({"too-many-changes": Limit(1.0, 9, hourly=2)}))
    for n in range(3):
        stage.link(id=f"p{n}")
    await stage.start()
    for n in range(2):
        stage.edit("crm", f"p{n}", phone="2")
    await stage.cycle()
    stage.edit("crm", "p2", phone="2")
    report = await stage.cycle(hours=0.5)
    assert (report.result, stage.writes()["quote"]) == ("refused", 2)
    report = await stage.cycle()
    assert (report.result, stage.writes()["quote"], stage.asked()) == ("ok", 3, [])


async def test_force_overrides_a_guard_for_one_run() -> None:
    stage = Stage(limits=Limits({"too-many-changes": Limit(0.0, 1)}))
    stage.link()
    await stage.start()
    stage.edit("crm", phone="2")
    assert (await stage.cycle(force=["too-many-changes"])).result == "ok"
    stage.edit("crm", phone="3")
    assert (await stage.cycle()).result == "refused"


async def test_p17_an_approval_outlives_a_killed_run_and_covers_no_more_than_it_showed() -> None:
    stage = Stage(limits=Limits({"too-many-changes": Limit(0.5, 2)}))
    for n in range(4):
        stage.link(BASE | {"name": f"n{n}"}, id=f"p{n}")
    await stage.start()
    for n in range(2):
        stage.edit("crm", f"p{n}", phone="2")
    await stage.cycle()
    stage.answer("approve")
    stage.kill("after_journal")
    with pytest.raises(Killed):
        await stage.cycle()
    stage.fresh()
    stage.edit("crm", "p2", phone="2")
    report = await stage.cycle()
    assert (stage.writes()["quote"], stage.held("quote", "p2"), report.result) == (2, BASE | {"name": "n2"}, "refused")
    assert (stage.asked("used"), stage.asked()) == ([("guard", "too-many-changes")], [("guard", "too-many-changes")])
