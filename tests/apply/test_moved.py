"""P34: a record that changes its client, or becomes another plan, holds its link and is asked about; nobody else is."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.connectors.memory import Behaviour
from syncd.reconcile.types import Link, Member
from syncd.review import queue
from syncd.review.words import question_of
from tests.apply.worlds import GROUP, Stage

GOLD = {
    "details.name": "Gold",
    "details.line": "medical",
    "details.carrier": "Aetna",
    "details.plan_type": "ppo",
    "details.carrier_plan_code": "A1",
}
DENTAL = {
    "details.line": "dental",
    "details.carrier": "Delta Dental",
    "details.plan_type": "dhmo",
    "details.carrier_plan_code": "D9",
}
OTHER = "lg2"


async def stage_of(by_group: bool = False, other: bool = True, **more: Any) -> Stage:
    """Two linked clients, one of which has two linked plans in step."""
    behaviour = {"crm": Behaviour(by_group=by_group)}
    stage = Stage(kind="plan", behaviour=behaviour, **more)
    for system in stage.systems.values():
        system.put_record("group", "g2", {"details.name": "Beta"})
    if other:
        flat = stage.flat({"details.name": "Beta"})
        members = tuple(Member(name, "g2", flat) for name in stage.systems)
        stage.store.add_link(Link(OTHER, "group", OTHER, "Beta", flat, members))
    stage.link(GOLD)
    stage.link(GOLD, id="p2")
    await stage.start()
    return stage


def move(stage: Stage, name: str, group: str, **changes: Any) -> None:
    """Move p1 to another client in one system, as a person there does."""
    held = stage.held(name)
    assert held is not None
    stated = {path.replace("__", "."): value for path, value in changes.items()}
    stage.systems[name].put_record("plan", "p1", held | stated, group=group)


@pytest.mark.parametrize("by_group", [True, False])
@pytest.mark.parametrize("other", [True, False], ids=["linked", "not linked"])
async def test_b6_a_plan_that_moved_to_another_client_is_held_and_asked_about(by_group: bool, other: bool) -> None:
    """B6, R7: nothing is written to or taken from it, its neighbours go on, and the listing stays complete."""
    stage = await stage_of(by_group, other)
    move(stage, "crm", "g2", details__name="Of client B")
    stage.edit("quote", "p1", details__carrier_plan_code="A2")
    stage.edit("crm", "p2", details__name="Gold 2")
    for _ in range(3):
        report = await stage.cycle()
        assert (report.result, report.away, report.failed) == ("open", {}, ())
        assert stage.asked() == [("hold", "crm:")]
    listing = stage.store.listing("crm", "plan")
    assert listing is not None
    assert (listing.complete, listing.tripped) == (True, "")
    assert stage.held("quote") == GOLD | {"details.carrier_plan_code": "A2"}
    assert stage.held("crm") == GOLD | {"details.name": "Of client B"}
    assert stage.held("quote", "p2") == GOLD | {"details.name": "Gold 2"}
    [question] = stage.store.questions()
    offers = [offer.choice for offer in question.proposal.offers]
    assert offers == (["follow", "unlink", "ignore"] if other else ["unlink", "ignore"])
    assert ("Beta" in question.proposal.why) is other


async def test_b6_a_plan_that_only_moved_is_noticed() -> None:
    """B6: not a field changed, only the client: it is held all the same, and closes when it is moved back."""
    stage = await stage_of()
    move(stage, "crm", "g2")
    await stage.cycle()
    assert stage.asked() == [("hold", "crm:")]
    move(stage, "crm", "g1")
    report = await stage.cycle()
    assert (report.result, stage.asked()) == ("ok", [])
    stage.edit("crm", "p1", details__name="Gold 3")
    await stage.cycle()
    assert stage.held("quote") == GOLD | {"details.name": "Gold 3"}


async def test_b6_follow_takes_the_link_over_to_the_other_client() -> None:
    """B6: a person follows the move: the plan is a plan of the other client from now on."""
    stage = await stage_of()
    move(stage, "crm", "g2", details__name="Of client B")
    await stage.cycle()
    [question] = stage.store.questions()
    assert question_of(question.proposal) == (
        "p1 is held: its record in crm is under Beta now. Do these records still belong together?"
    )
    queue.decide(stage.store, question.id, "follow", stage.clock.at, by="ann")
    report = await stage.cycle()
    assert (stage.stored().scope, report.result, stage.asked()) == (OTHER, "ok", [])
    stage.scope = OTHER
    report = await stage.cycle()
    assert (stage.held("quote"), report.result) == (GOLD | {"details.name": "Of client B"}, "ok")
    before = stage.writes()
    assert ((await stage.cycle()).result, stage.writes()) == ("ok", before)


async def test_b6_a_plan_that_was_moved_everywhere_goes_over_by_itself() -> None:
    """B6: all its records are under the other client, so there is nothing to decide."""
    stage = await stage_of()
    move(stage, "crm", "g2")
    move(stage, "quote", "g2")
    report = await stage.cycle()
    assert (stage.stored().scope, report.result, stage.asked()) == (OTHER, "ok", [])


async def test_b6_unlink_parts_and_keeps_both() -> None:
    """B6: both records stay as they are, and neither is asked about."""
    stage = await stage_of()
    move(stage, "crm", "g2", details__name="Of client B")
    await stage.cycle()
    stage.answer("unlink")
    report = await stage.cycle()
    assert (stage.stored().status, report.result, stage.asked()) == ("unlinked", "ok", [])
    assert (stage.held("crm"), stage.held("quote")) == (GOLD | {"details.name": "Of client B"}, GOLD)


async def test_b6_unlink_of_three_leaves_the_two_that_stayed() -> None:
    """B6: only the record that moved parts; the others sync on at once."""
    stage = Stage("crm", "quote", "web", kind="plan")
    stage.systems["crm"].put_record("group", "g2", {"details.name": "Beta"})
    stage.link(GOLD)
    await stage.start()
    move(stage, "crm", "g2")
    stage.edit("quote", "p1", details__name="Gold 2")
    await stage.cycle()
    stage.answer("unlink")
    report = await stage.cycle()
    assert [one.system for one in stage.stored().members] == ["quote", "web"]
    assert (stage.held("web"), report.result) == (GOLD | {"details.name": "Gold 2"}, "ok")


async def test_b6_a_move_between_read_and_write_writes_nothing() -> None:
    """B6: the record is read again before it is written, and its client with it."""
    stage = await stage_of()
    stage.edit("crm", "p1", details__name="Gold 2")
    stage.world.effect = lambda moment: move(stage, "quote", "g2") if moment == "after_journal" else None
    await stage.cycle()
    stage.world.effect = lambda _: None
    assert (stage.held("quote"), stage.asked()) == (GOLD, [("hold", "quote:")])
    for _ in range(2):
        await stage.cycle()
    assert (stage.held("quote"), stage.asked()) == (GOLD, [("hold", "quote:")])


async def test_a_client_that_is_missing_in_a_system_has_not_moved_its_plans() -> None:
    """B6: while the client's own record is gone there, nothing says whose plans they are."""
    stage = await stage_of()
    group = stage.stored(GROUP)
    stage.systems["crm"].remove("group", "g1")
    stage.edit("crm", "p1", details__name="Gold 2")
    for _ in range(2):
        await stage.cycle()
    assert ("hold", "crm:") not in stage.asked()
    assert group.id == GROUP


# -- another plan ------------------------------------------------------------------------------------------------------

CHANGES = [
    ("line, carrier, type and code", DENTAL, True),
    ("line, carrier and type", DENTAL | {"details.carrier_plan_code": "A1"}, True),
    ("line, carrier and code", DENTAL | {"details.plan_type": "ppo"}, True),
    ("only the line", {"details.line": "dental"}, False),
    ("carrier and code: a renewal with another carrier",
     {"details.carrier": "Cigna", "details.carrier_plan_code": "C1"}, False),
    ("the carrier is only spelt otherwise", DENTAL | {"details.carrier": "AETNA."}, False),
    ("code and type", {"details.plan_type": "hmo", "details.carrier_plan_code": "A2"}, False),
    ("the carrier is cleared", DENTAL | {"details.carrier": None}, False),
]  # fmt: skip


@pytest.mark.parametrize(("why", "changes", "held"), CHANGES, ids=[row[0] for row in CHANGES])
async def test_r8_an_id_that_is_another_plan_now_is_held_and_asked_about(
    why: str, changes: dict[str, Any], held: bool
) -> None:
    """R8: identifying fields that change together are another plan, not edits of this one."""
    stage = await stage_of()
    stage.edit("crm", "p1", **{path.replace(".", "__"): value for path, value in changes.items()})
    stage.edit("crm", "p2", details__name="Gold 2")
    await stage.cycle()
    assert (("hold", "crm:") in stage.asked()) is held, why
    assert (stage.held("quote") == GOLD) is held
    assert stage.held("quote", "p2") == GOLD | {"details.name": "Gold 2"}


async def test_r8_a_person_may_say_that_it_is_the_same_plan() -> None:
    """R8: then its new values are edits as any other, and it is not asked about again."""
    stage = await stage_of()
    stage.edit("crm", "p1", **{path.replace(".", "__"): value for path, value in DENTAL.items()})
    await stage.cycle()
    stage.answer("follow")
    report = await stage.cycle()
    assert (stage.held("quote"), report.result, stage.asked()) == (GOLD | DENTAL, "ok", [])
    assert (await stage.cycle()).result == "ok"


async def test_r8_a_plan_that_became_another_everywhere_is_one_plan_still() -> None:
    """R8: people changed both records alike; they agree, and there is nothing to ask."""
    stage = await stage_of()
    for name in ("crm", "quote"):
        stage.edit(name, "p1", **{path.replace(".", "__"): value for path, value in DENTAL.items()})
    report = await stage.cycle()
    assert (report.result, stage.asked(), stage.stored().agreed) == ("ok", [], stage.flat(GOLD | DENTAL))


@pytest.mark.parametrize(("changes", "held"), [
    ({"details.name": "Beta"}, False),
    ({"details.tax_id_last4": "9999"}, False),
    ({"details.name": "Beta", "details.tax_id_last4": "9999"}, True),
])  # fmt: skip
async def test_r8_a_client_that_is_another_one_now_is_held_and_asked_about(changes: dict[str, str], held: bool) -> None:
    """R8: name and number of a client that change together are another client; its plans go on."""
    stage = await stage_of()
    group = {"details.name": "Acme", "details.tax_id_last4": "1234"}
    for system in stage.systems.values():
        system.put_record("group", "g1", group)
    await stage.cycle()
    stage.systems["crm"].put_record("group", "g1", group | changes)
    stage.edit("crm", "p1", details__name="Gold 2")
    await stage.cycle()
    assert (stage.asked() == [("hold", "crm:")]) is held
    quote = stage.systems["quote"].content()["group"]["g1"]
    assert quote == (group if held else group | changes)
    assert stage.held("quote") == GOLD | {"details.name": "Gold 2"}
