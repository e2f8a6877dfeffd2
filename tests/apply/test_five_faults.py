"""The five faults that lose data elsewhere, each as a story with its end."""

from __future__ import annotations

import pytest

from syncd.connectors.memory import Behaviour
from syncd.errors import UnknownOutcomeError
from syncd.reconcile.types import Link, Member
from tests.apply.worlds import BASE, Killed, Stage

FIVE = ("p1", "p2", "p3", "p4", "p5")


async def linked() -> Stage:
    """Five linked plans in step."""
    stage = Stage()
    for id_ in FIVE:
        stage.link(BASE | {"name": f"Plan {id_}"}, id=id_)
    await stage.start()
    return stage


async def test_half_a_list() -> None:
    """P15, P2: a feed that stops half way deletes nothing; edits of both halves arrive once it is whole again."""
    stage = await linked()
    stage.systems["quote"].faults.set("list", "partial", times=1)
    stage.edit("quote", "p1", phone="2")
    stage.edit("quote", "p5", phone="3")
    stage.edit("crm", "p4", phone="4")
    report = await stage.cycle()
    assert (report.result, stage.asked()) == ("partial", [])
    assert all(link.status == "live" for link in stage.store.links(status=None))
    assert all(stage.held(name, id_) for name in stage.systems for id_ in FIVE)
    report = await stage.cycle()
    assert report.result == "ok"
    for id_, phone in (("p1", "2"), ("p4", "4"), ("p5", "3")):
        wanted = {"name": f"Plan {id_}", "phone": phone}
        assert (stage.held("crm", id_), stage.held("quote", id_)) == (wanted, wanted)


async def test_empty_list() -> None:
    """P15, P16: a system that suddenly shows nothing is asked about before anything follows from it."""
    stage = await linked()
    before = [(link.id, link.status, link.agreed, link.members) for link in stage.store.links()]
    stage.systems["quote"].faults.set("list", "empty", times=2)
    for _ in range(2):
        report = await stage.cycle()
        assert (report.result, stage.asked()) == ("refused", [("guard", "empty-side")])
    assert [(link.id, link.status) for link in stage.store.links()] == [(id_, status) for id_, status, *_ in before]
    assert stage.writes() == {"crm": 0, "quote": 0}
    report = await stage.cycle()
    assert (report.result, stage.asked()) == ("ok", [])
    assert [(link.id, link.status, link.agreed, link.members) for link in stage.store.links()] == before


async def test_failed_write() -> None:
    """P14, P5: a write that failed moves no base and is delivered later, whatever was typed elsewhere meanwhile."""
    stage = await linked()
    stage.edit("crm", "p1", phone="2")
    stage.systems["quote"].faults.set("write", "fail", times=2)
    for _ in range(2):
        report = await stage.cycle()
        member = stage.member("quote")
        assert (report.result, member.base["phone"], set(member.behind)) == ("partial", "1", {"phone"})
    stage.edit("quote", "p1", name="Typed")
    report = await stage.cycle()
    wanted = {"name": "Typed", "phone": "2"}
    assert (stage.held("crm"), stage.held("quote"), report.result) == (wanted, wanted, "ok")
    assert stage.member("quote").behind == {}
    stage.systems["quote"].faults.set("write", "fail", error=UnknownOutcomeError, times=1)
    stage.edit("crm", "p1", phone="3")
    await stage.cycle()
    stage.edit("quote", "p1", phone="9")
    await stage.cycle()
    assert stage.asked() == [("conflict", "phone")], "it never saw what it is owed, so neither wins"
    assert (stage.held("crm")["phone"], stage.held("quote")["phone"]) == ("3", "9")  # type: ignore[index]


@pytest.mark.parametrize("marker", [True, False], ids=["marker", "no marker"])
async def test_kill_after_create(marker: bool) -> None:
    """P11, P12: the process dies after the record was made and before we heard of it; it is found, not made again."""
    stage = Stage(behaviour={"quote": Behaviour(marker=marker)})
    stage.put(BASE, "crm")
    members = (Member("crm", "p1", stage.flat(BASE)), Member("quote", "(new)", {}, frozenset({""}), status="awaited"))
    stage.store.add_link(Link("l-p1", "generic", stage.scope, "p1", stage.flat(BASE), members, 1))

    def die() -> None:
        raise Killed

    stage.on("quote", "after_send", "create", die)
    with pytest.raises(Killed):
        await stage.cycle()
    stage.systems["quote"].on_effect = None
    stage.fresh()
    report = await stage.cycle()
    assert (list(stage.systems["quote"].content()["generic"]), report.result) == (["quote-1"], "ok")
    assert (stage.requests("quote", "create"), stage.member("quote").id, stage.asked()) == (1, "quote-1", [])
    stage.edit("crm", phone="2")
    await stage.cycle()
    assert stage.held("quote", "quote-1") == BASE | {"phone": "2"}


async def test_two_fields_on_two_sides() -> None:
    """P2, P6: two people edit two fields of one plan, each in another system; both edits end up everywhere."""
    stage = await linked()
    stage.edit("crm", "p1", name="New")
    stage.edit("quote", "p1", phone="2")
    report = await stage.cycle()
    wanted = {"name": "New", "phone": "2"}
    assert (stage.held("crm"), stage.held("quote")) == (wanted, wanted)
    assert (report.result, stage.asked(), stage.writes()) == ("ok", [], {"crm": 1, "quote": 1})
    assert stage.stored().agreed == stage.member("crm").base == stage.member("quote").base == wanted
    assert (await stage.cycle()).changeset.changes == ()
