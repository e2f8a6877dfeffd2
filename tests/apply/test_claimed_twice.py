"""P20: two claims to one record stop that link alone; all others of its group go on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.connectors.memory import Behaviour
from syncd.reconcile.adopt import link_id
from syncd.reconcile.types import Link, Member
from tests.apply.worlds import BASE, Stage

LINK = link_id("generic", "crm", "p5")


def reuses(stage: Stage, record_id: str) -> None:
    """Let quote give a new record an id that another one had."""
    stage.systems["quote"]._new_id = lambda _kind: record_id  # type: ignore[method-assign]


async def reused(marker: bool = True) -> Stage:
    """The last row of quote was removed; a copy of p5 gets its id, and p2 was edited meanwhile."""
    stage = Stage(behaviour={"quote": Behaviour(marker=marker)})
    for id_ in ("p1", "p2", "p9"):
        stage.link(id=id_)
    stage.put(BASE, "crm", id="p5")
    await stage.start()
    stage.systems["quote"].remove("generic", "p9")
    await stage.cycle()
    assert stage.asked() == [("link-plans", "crm:p5"), ("missing-record", "p9")]
    reuses(stage, "p9")
    stage.edit("crm", "p2", phone="2")
    stage.answer("copy: quote", "link-plans")
    return stage


@pytest.mark.parametrize("marker", [True, False])
async def test_b2_an_id_that_is_given_again_is_held_and_asked_and_the_group_goes_on(marker: bool) -> None:
    """B2: the new record is not taken for a member of two links; the missing one is not taken for back."""
    stage = await reused(marker)
    report = await stage.cycle()
    assert (report.result, stage.held("quote", "p2")) == ("partial", BASE | {"phone": "2"})
    for _ in range(2):
        report = await stage.cycle()
        assert report.result == "open"
        assert stage.asked() == [("missing-record", "p5"), ("missing-record", "p9")]
    why = {one.proposal.label: one.proposal for one in stage.store.questions()}
    assert why["p5"].why == "quote answered a create with the id p9, which another record has or had"
    assert why["p9"].link == "l-p9"
    assert (stage.member("quote", "l-p9").status, stage.requests("quote", "create")) == ("missing", 1)
    stage.edit("crm", "p2", phone="3")
    await stage.cycle()
    assert stage.held("quote", "p2") == BASE | {"phone": "3"}


async def test_b2_a_link_that_claims_what_another_holds_is_held_alone() -> None:
    """B2: whatever made a link claim the record of another one, it is asked about, naming both; all others go on."""
    stage = Stage()
    for id_ in ("p1", "p2"):
        stage.link(id=id_)
    await stage.start()
    stage.edit("crm", "p1", phone="2")
    stage.edit("crm", "p2", phone="2")
    load = stage.store.load

    def claiming(ids: object, scope: str) -> object:
        found = load(ids, scope)  # type: ignore[arg-type]
        return [(replace(link, members=_with(link, "p1")), seen) if link.id == "l-p2" else (link, seen)
                for link, seen in found]  # fmt: skip

    stage.store.load = claiming  # type: ignore[method-assign, assignment]
    report = await stage.cycle()
    assert (stage.held("quote", "p1"), stage.held("quote", "p2")) == (BASE | {"phone": "2"}, BASE)
    [question] = [one.proposal for one in stage.store.questions()]
    assert (question.kind, question.link, report.result) == ("hold", "l-p2", "open")
    assert question.evidence == ("link l-p2: p2", "link l-p1")
    stage.store.load = load  # type: ignore[method-assign]
    report = await stage.cycle()
    assert (stage.held("quote", "p2"), report.result, stage.asked()) == (BASE | {"phone": "2"}, "ok", [])


def _with(link: Link, record_id: str) -> tuple[Member, ...]:
    return tuple(replace(one, id=record_id) if one.system == "quote" else one for one in link.members)
