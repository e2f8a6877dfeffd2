"""Missing: who of a link is still there, and what is decided about a record that vanished."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from syncd.model.values import Value
from syncd.reconcile.awaited import awaited
from syncd.reconcile.types import Away, Link, Lost, Member, Outcome, Owed, Proposal
from tests.reconcile.plain import NOW, Takes, answer, asked, judged, link, linked, member, owed, seen, writes

BASE: dict[str, Value] = {"name": "Gold"}
GONE = Lost("404 after a complete listing")
TWO = linked(BASE)
THREE = linked(BASE, "crm", "quote", "web")


def statuses(outcome: Outcome) -> dict[str, str]:
    return {one.system: one.status for one in outcome.after.members}


def ops(outcome: Outcome) -> list[tuple[str, str, str]]:
    return [(each.op, each.system, each.id) for each in outcome.operations]


def question(one: Link, sights: Any, **more: Any) -> Proposal:
    [found] = [each for each in judged(one, sights, **more).proposals if each.kind == "missing-record"]
    return found


# -- who is missing ----------------------------------------------------------------------------------------------------

SEEN = [
    ("proved gone", {"crm": BASE, "quote": GONE}, {"crm": "live", "quote": "missing"}, "orphaned", True),
    ("only away", {"crm": BASE, "quote": Away("down")}, {"crm": "live", "quote": "live"}, "live", False),
    ("there", {"crm": BASE, "quote": BASE}, {"crm": "live", "quote": "live"}, "live", False),
    ("M1: both gone", {"crm": GONE, "quote": GONE}, {"crm": "missing", "quote": "missing"}, "unlinked", False),
    (
        "the last one is away",
        {"crm": Away("down"), "quote": GONE},
        {"crm": "live", "quote": "missing"},
        "orphaned",
        True,
    ),
]


@pytest.mark.parametrize(("why", "sights", "status", "link_status", "asks"), SEEN, ids=[row[0] for row in SEEN])
def test_p15_only_a_proof_makes_a_member_missing(
    why: str, sights: Any, status: dict[str, str], link_status: str, asks: bool
) -> None:
    outcome = judged(TWO, sights)
    assert (statuses(outcome), outcome.after.status) == (status, link_status), why
    assert asked(outcome) == ([("missing-record", "Gold")] if asks else [])
    assert (outcome.changes, outcome.operations) == ((), ())


def test_the_other_members_go_on() -> None:
    outcome = judged(THREE, {"crm": {"name": "New"}, "quote": GONE, "web": BASE})
    assert writes(outcome) == {("web", "name", "New")}
    assert outcome.after.status == "live"
    assert owed(outcome, "quote") == {"name"}, "it may reappear, and then it wants to hear of it"
    assert not outcome.settled


def test_who_is_away_beside_a_missing_one_is_not_missing() -> None:
    outcome = judged(THREE, {"crm": {"name": "New"}, "quote": GONE, "web": Away("down")})
    assert statuses(outcome) == {"crm": "live", "quote": "missing", "web": "live"}
    assert (owed(outcome, "web"), outcome.after.status) == ({"name"}, "live")


def test_an_orphaned_link_rests() -> None:
    """An edit of the last member is not merged with nobody; it is there when the link lives again."""
    outcome = judged(TWO, {"crm": {"name": "New"}, "quote": GONE})
    assert (outcome.after.agreed, outcome.after.members[0].base) == (BASE, BASE)
    assert outcome.changes == ()


def test_p19_a_vanished_record_makes_one_question_once() -> None:
    first = question(THREE, {"crm": BASE, "quote": GONE, "web": BASE})
    after = judged(THREE, {"crm": BASE, "quote": GONE, "web": BASE}).after
    again = question(after, {"crm": {"name": "New"}, "web": BASE})
    assert (again.name, again.digest) == (first.name, first.digest)
    assert first.why == "the record no longer exists in quote"
    assert first.evidence == ("quote: 404 after a complete listing",)
    assert [offer.choice for offer in first.offers] == ["recreate", "record", "unlink", "end", "ignore"]
    assert first.members["quote"] == {"id": "quote-1", "value": "missing"}
    assert again.evidence == ()
    more = question(after, {"crm": BASE, "web": GONE})
    assert more.digest != first.digest


def test_m1_a_link_ends_when_its_last_record_goes_too() -> None:
    """M1: gone from every system, at once or one after the other, a link ends by itself and asks nothing."""
    first = judged(THREE, {"crm": BASE, "quote": GONE, "web": GONE})
    assert (first.after.status, asked(first)) == ("orphaned", [("missing-record", "Gold")])
    over = judged(first.after, {"crm": GONE})
    assert (over.after.status, over.proposals, over.operations) == ("unlinked", (), ())
    back = judged(first.after, {"crm": GONE, "quote": BASE, "web": GONE})
    assert (statuses(back)["quote"], asked(back)) == ("live", [("missing-record", "Gold")])


def test_m1_a_link_that_may_have_a_record_nobody_has_seen_does_not_end() -> None:
    """M1: while the outcome of a create is not known, something may be left."""
    outcome = judged(waiting(), {"crm": GONE}, **OPEN)
    assert (outcome.after.status, asked(outcome)) == ("orphaned", [("missing-record", "Gold")])


@pytest.mark.parametrize(("plans", "status"), [(0, "unlinked"), (1, "orphaned")])
def test_m1_a_group_ends_when_no_plan_of_its_is_linked(plans: int, status: str) -> None:
    """M1: a linked plan keeps its group, which is asked about."""
    outcome = judged(replace(TWO, kind="group"), {"crm": GONE, "quote": GONE}, kinds=["group"], plans=plans)
    assert (outcome.after.status, bool(outcome.proposals)) == (status, plans > 0)


def test_a_record_that_reappears_closes_the_question() -> None:
    outcome = judged(TWO, {"crm": {"name": "New"}, "quote": GONE})
    back = judged(outcome.after, {"crm": {"name": "New"}, "quote": BASE})
    assert (statuses(back), back.after.status, back.proposals) == ({"crm": "live", "quote": "live"}, "live", ())
    assert writes(back) == {("quote", "name", "New")}
    away = judged(outcome.after, {"crm": {"name": "New"}, "quote": Away("down")})
    assert statuses(away) == {"crm": "live", "quote": "missing"}, "not seen is not there again"


def test_an_unlinked_link_is_not_looked_at() -> None:
    parted = replace(TWO, status="unlinked")
    outcome = judged(parted, {"crm": {"name": "New"}, "quote": BASE})
    assert (outcome.after, outcome.changes, outcome.proposals) == (parted, (), ())
    gone = judged(parted, {"crm": BASE, "quote": GONE})
    assert gone.after.status == "unlinked"


# -- decisions ---------------------------------------------------------------------------------------------------------


def test_recreate_awaits_the_record_and_creates_it_from_what_is_agreed() -> None:
    sights = {"crm": BASE, "quote": GONE}
    outcome = judged(TWO, sights, answers=[answer(question(TWO, sights), "recreate")])
    assert (statuses(outcome), outcome.after.status) == ({"crm": "live", "quote": "awaited"}, "live")
    [create] = outcome.operations
    assert (create.op, create.system, create.values, create.reason) == ("create", "quote", BASE, "decision q-1")
    assert outcome.used == ("q-1",)
    assert outcome.after.members[1] == awaited("quote", "l1", "quote-1 q-1")
    assert not outcome.settled


def test_what_is_created_is_agreed_only_just_now() -> None:
    """An edit of this very run is part of the new record."""
    sights = {"crm": {"name": "New"}, "quote": GONE, "web": BASE}
    outcome = judged(THREE, sights, answers=[answer(question(THREE, sights), "recreate")])
    assert [dict(each.values) for each in outcome.operations] == [{"name": "New"}]
    assert writes(outcome) == {("web", "name", "New")}


def test_unlink_takes_the_missing_member_out_or_dissolves_the_link() -> None:
    sights = {"crm": BASE, "quote": GONE, "web": BASE}
    three = judged(THREE, sights, answers=[answer(question(THREE, sights), "unlink")])
    assert (statuses(three), three.after.status, three.proposals) == ({"crm": "live", "web": "live"}, "live", ())
    sights = {"crm": BASE, "quote": GONE}
    two = judged(TWO, sights, answers=[answer(question(TWO, sights), "unlink")])
    assert (statuses(two), two.after.status) == ({"crm": "live", "quote": "missing"}, "unlinked")
    assert (two.used, two.proposals) == (("q-1",), ())


def test_p19_end_ends_the_others_and_nothing_is_merged_meanwhile() -> None:
    sights = {"crm": {"name": "New"}, "quote": GONE, "web": BASE}
    outcome = judged(THREE, sights, answers=[answer(question(THREE, sights), "end")])
    assert ops(outcome) == [("end", "crm", "crm-1"), ("end", "web", "web-1")]
    assert {each.reason for each in outcome.operations} == {"decision q-1"}
    assert outcome.changes == ()


UNUSED = [("ignore", {}), ("recreate", {"digest": "another"}), ("crm", {})]


@pytest.mark.parametrize(("choice", "more"), UNUSED)
def test_p26_an_answer_that_does_not_fit_leaves_the_question(choice: str, more: Any) -> None:
    sights = {"crm": BASE, "quote": GONE}
    outcome = judged(TWO, sights, answers=[answer(question(TWO, sights), choice, **more)])
    assert (asked(outcome), outcome.used, outcome.operations) == ([("missing-record", "Gold")], (), ())


@pytest.mark.parametrize("choice", ["recreate", "end"])
def test_what_nobody_is_left_for_is_asked_again(choice: str) -> None:
    sights = {"crm": GONE, "quote": GONE}
    group = replace(TWO, kind="group")
    more: dict[str, Any] = {"kinds": ["group"], "plans": 1}
    found = question(group, sights, **more)
    assert [offer.choice for offer in found.offers] == ["unlink", "ignore"]
    outcome = judged(group, sights, answers=[answer(found, choice)], **more)
    assert (asked(outcome), outcome.operations) == ([("missing-record", "Gold")], ())


ON_MISSING = [
    ("ask", "orphaned", [], True),
    ("recreate", "live", [("create", "quote", "")], False),
    ("unlink", "unlinked", [], False),
]


@pytest.mark.parametrize(("setting", "status", "operations", "asks"), ON_MISSING, ids=[row[0] for row in ON_MISSING])
def test_a_rule_may_decide_but_never_end(setting: str, status: str, operations: Any, asks: bool) -> None:
    """B1: by rule only what was seen missing twice, a period apart; a first look is asked about."""
    rules = {"default": {"on_missing": setting}}
    twice = replace(GONE, since=1.0, again=True)
    outcome = judged(TWO, {"crm": BASE, "quote": twice}, rules)
    assert (outcome.after.status, ops(outcome), bool(outcome.proposals)) == (status, operations, asks)
    if operations:
        assert outcome.operations[0].reason == "default"
    first = judged(TWO, {"crm": BASE, "quote": replace(GONE, since=1.0)}, rules)
    assert (statuses(first)["quote"], first.after.status, ops(first)) == ("missing", "orphaned", [])
    [asked_first] = first.proposals
    assert asked_first.evidence == ("quote: 404 after a complete listing; first seen missing 1970-01-01 00:00 UTC",)
    assert setting == "ask" or setting in asked_first.why
    assert judged(first.after, {"crm": BASE, "quote": Away("down")}, rules).after.status == "orphaned"
    at_once = judged(TWO, {"crm": BASE, "quote": GONE}, rules, answers=[answer(asked_first, "recreate")])
    assert ops(at_once) == [("create", "quote", "")], "a person may decide at once"


def test_an_answer_goes_before_the_rule() -> None:
    sights, rules = {"crm": BASE, "quote": GONE}, {"links": {"Gold": {"on_missing": "recreate"}}}
    found = question(TWO, sights)
    outcome = judged(TWO, sights, rules, answers=[answer(replace(found, rule="links.Gold"), "unlink")])
    assert outcome.after.status == "unlinked"


def test_a_decision_waits_while_its_system_takes_no_write() -> None:
    sights = {"crm": BASE, "quote": GONE}
    end = [answer(question(TWO, sights), "end")]
    outcome = judged(TWO, sights, answers=end, paused={"crm": "paused: audit"})
    assert (outcome.waits, outcome.used, outcome.proposals, outcome.operations) == (("q-1",), (), (), ())
    other = judged(TWO, sights, answers=end, paused={"web": "paused: audit"})
    assert ops(other) == [("end", "crm", "crm-1")]


# -- creates that are awaited ------------------------------------------------------------------------------------------


def waiting(**debt: Any) -> Link:
    behind = {"": Owed(1, **debt)} if debt else {}
    new = Member("quote", "(new l1)", {}, unseen=frozenset({""}), behind=behind, status="awaited")
    return link(member("crm", BASE), new)


AWAITED: list[tuple[str, Link, dict[str, Any], Any, bool, str]] = [
    ("a first attempt", waiting(), {}, {}, True, ""),
    ("a system that takes no new records", waiting(), {"surfaces": {"quote": Takes(create=False)}}, {}, False,
     "quote takes no new records"),
    ("a rule that only updates", waiting(), {}, {"default": {"operations": ["update"]}}, False, "default: no creates"),
    ("a paused system", waiting(), {"paused": {"quote": "x"}}, {}, False, ""),
    ("refused, still waiting", waiting(refusals=1, next_at=NOW + 1), {}, {}, False, ""),
    ("refused, the wait is over", waiting(refusals=2, next_at=NOW), {}, {}, True, ""),
    ("refused three times", waiting(refusals=3, next_at=NOW, why="no such carrier"), {}, {}, True,
     "refused 3 times or more: no such carrier"),
    ("refused three times, waiting", waiting(refusals=4, next_at=NOW + 1, why="no such carrier"), {}, {}, False,
     "refused 3 times or more: no such carrier"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("why", "one", "more", "rules", "tried", "handed"), AWAITED, ids=[row[0] for row in AWAITED]
)  # fmt: skip
def test_an_awaited_record_is_created_when_it_may(
    why: str, one: Link, more: Any, rules: Any, tried: bool, handed: str
) -> None:
    outcome = judged(one, {"crm": BASE}, rules, **more)
    assert ops(outcome) == ([("create", "quote", "")] if tried else []), why
    assert [each.why for each in outcome.proposals] == ([handed] if handed else [])
    if handed:
        assert (outcome.proposals[0].kind, outcome.proposals[0].name) == ("hand-off", "quote:")
        assert outcome.proposals[0].evidence == ("enter name = Gold",)
    assert outcome.after.status == "live"


def test_an_awaited_member_keeps_the_link_alive_and_has_no_say() -> None:
    outcome = judged(waiting(), {"crm": {"name": "New"}})
    assert [dict(each.values) for each in outcome.operations] == [{"name": "New"}]
    assert outcome.after.members[0].base == {"name": "New"}
    assert outcome.changes == ()


def test_a_link_whose_only_real_record_is_gone_awaits_nothing() -> None:
    outcome = judged(waiting(), {"crm": GONE})
    assert (outcome.after.status, outcome.operations, outcome.proposals) == ("unlinked", (), ())


# -- creates of which nobody knows whether they happened ---------------------------------------------------------------

OPEN = {"open_creates": frozenset({("l1", "quote")})}


def test_p12_an_open_create_is_asked_about_and_never_repeated_by_itself() -> None:
    outcome = judged(waiting(), {"crm": BASE}, **OPEN)
    [found] = outcome.proposals
    assert (found.kind, found.name, outcome.operations) == ("missing-record", "Gold", ())
    assert [offer.choice for offer in found.offers] == ["recreate", "record", "unlink", "ignore"]
    assert found.rule == "an unmarked create is never repeated by itself"
    other = judged(waiting(), {"crm": BASE}, open_creates=frozenset({("l2", "quote"), ("l1", "web")}))
    assert ops(other) == [("create", "quote", "")]


OPEN_ANSWERS = [
    ("recreate", {}, [("create", "quote", "")], "live", ("q-1",)),
    ("unlink", {}, [], "unlinked", ("q-1",)),
    ("ignore", {}, [], "live", ()),
    ("recreate", {"digest": "another"}, [], "live", ()),
]


@pytest.mark.parametrize(("choice", "more", "operations", "status", "used"), OPEN_ANSWERS)
def test_an_open_create_goes_on_as_a_person_says(
    choice: str, more: Any, operations: Any, status: str, used: Any
) -> None:
    [found] = judged(waiting(), {"crm": BASE}, **OPEN).proposals
    outcome = judged(waiting(), {"crm": BASE}, answers=[answer(found, choice, **more)], **OPEN)
    assert (ops(outcome), outcome.after.status, outcome.used) == (operations, status, used)
    assert bool(outcome.proposals) is not bool(used)


def test_the_answer_to_an_open_create_waits_while_its_system_takes_no_write() -> None:
    [found] = judged(waiting(), {"crm": BASE}, **OPEN).proposals
    paused: dict[str, Any] = {"paused": {"quote": "x"}, **OPEN}
    outcome = judged(waiting(), {"crm": BASE}, answers=[answer(found, "recreate")], **paused)
    assert (outcome.waits, outcome.used, outcome.proposals, outcome.operations) == (("q-1",), (), (), ())
    given_up = judged(waiting(), {"crm": BASE}, answers=[answer(found, "unlink")], **paused)
    assert given_up.after.status == "unlinked"


def test_two_awaited_records_are_created_each_for_itself() -> None:
    new = Member("web", "(new l1)", {}, unseen=frozenset({""}), status="awaited")
    one = replace(waiting(), members=(*waiting().members, new))
    outcome = judged(one, {"crm": seen(BASE)}, **OPEN)
    assert ops(outcome) == [("create", "web", "")]
    assert asked(outcome) == [("missing-record", "Gold")]
    [found] = outcome.proposals
    given_up = judged(one, {"crm": seen(BASE)}, answers=[answer(found, "unlink")], **OPEN)
    assert (statuses(given_up), ops(given_up)) == ({"crm": "live", "web": "awaited"}, [("create", "web", "")])
