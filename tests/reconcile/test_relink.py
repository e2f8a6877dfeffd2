"""Relink: a link that starts anew, a record that joins one, and what linking would overwrite."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from syncd.model.values import EMPTY, Value
from syncd.reconcile.relink import Difference, differences, forgotten, joined, restarted
from syncd.reconcile.types import Away, Link, Owed
from tests.reconcile.plain import NAMES, Takes, asked, judged, link, linked, member, owed, seen, stray, writes

BASE: dict[str, Value] = {"name": "Gold", "phone": "1"}
KNOWN: Any = {(name, "generic"): Takes() for name in NAMES}
NEW = frozenset({""})
TWO = link(
    member("crm", BASE, own_stamp=7.0, settled=b"x"),
    member("quote", BASE, behind={"phone": Owed(1)}),
    member("web", BASE, status="missing"),
    settled=b"epoch",
)


def test_a_link_that_forgets_keeps_what_was_agreed_and_nothing_else() -> None:
    fresh = forgotten(TWO)
    assert (fresh.agreed, fresh.settled) == (BASE, b"")
    assert fresh.members[:2] == (member("crm", {}, unseen=NEW), member("quote", {}, unseen=NEW))
    assert fresh.members[2] == TWO.members[2], "one that is missing has nothing to be compared with"


def test_after_forgetting_equal_adopts_and_differing_asks() -> None:
    outcome = judged(forgotten(linked(BASE)), {"crm": BASE, "quote": BASE | {"name": "B"}})
    assert (asked(outcome), outcome.changes) == ([("conflict", "name")], ())
    assert outcome.after.members[0].unseen == {"name"}
    assert outcome.after.members[0].base == {"phone": "1"}


def start(one: Link, sights: dict[str, Any], winner: str, known: Any = KNOWN, **more: Any) -> Link:
    fresh = restarted(one, sights, known, winner, **more)
    assert fresh is not None
    return fresh


def test_a_winner_counts_everywhere_and_raises_the_revision() -> None:
    sights = {"crm": seen({"name": "A", "phone": "1"}), "quote": seen({"name": "B", "phone": "1"})}
    fresh = start(linked(BASE, "crm", "quote", settled=b"x"), sights, "crm")
    assert (fresh.agreed, fresh.revision, fresh.settled) == ({"name": "A", "phone": "1"}, 2, b"")
    assert fresh.members[1].behind == {"name": Owed(2, why="resync: crm wins")}
    outcome = judged(fresh, {"crm": {"name": "A", "phone": "1"}, "quote": {"name": "B", "phone": "1"}})
    assert (writes(outcome), outcome.proposals) == ({("quote", "name", "A")}, ())


def test_a_blank_of_the_winner_erases_only_when_told() -> None:
    sights = {"crm": seen({}), "quote": seen({"name": "B"})}
    kept = start(linked({"name": "Gold"}), sights, "crm")
    assert (kept.agreed, [one.unseen for one in kept.members]) == ({}, [{"name"}, {"name"}])
    overwritten = start(linked({"name": "Gold"}), sights, "crm", blanks="overwrite")
    assert (overwritten.agreed, owed(judged(overwritten, {"crm": {}, "quote": {"name": "B"}}), "quote")) == (
        {},
        {"name"},
    )


def test_what_the_winner_does_not_carry_stays_as_it_was_agreed_and_is_compared_anew() -> None:
    known = KNOWN | {("crm", "generic"): Takes(("name",))}
    sights = {"crm": seen({"name": "A"}), "quote": seen(BASE), "web": seen({"name": "Gold", "phone": "2"})}
    fresh = start(linked(BASE, "crm", "quote", "web"), sights, "crm", known)
    assert fresh.agreed == {"name": "A", "phone": "1"}
    assert [one.unseen for one in fresh.members] == [frozenset(), {"phone"}, {"phone"}]


def test_members_that_were_not_read_start_as_newcomers_and_missing_ones_stay() -> None:
    sights = {"crm": seen(BASE), "quote": Away("down")}
    fresh = start(TWO, sights, "crm")
    assert fresh.members[1:] == (member("quote", {}, unseen=NEW), TWO.members[2])


@pytest.mark.parametrize("winner", ["quote", "web", "pay"])
def test_who_was_not_read_or_is_not_there_cannot_win(winner: str) -> None:
    assert restarted(TWO, {"crm": seen(BASE), "quote": Away("down"), "web": seen(BASE)}, KNOWN, winner) is None


def test_a_record_that_joins_may_agree_or_ask_and_never_wins() -> None:
    one = joined(linked(BASE, status="orphaned", settled=b"x"), stray("web", "w1", BASE | {"name": "B"}), KNOWN)
    assert (one.status, one.settled, one.members[2]) == ("live", b"", member("web", {}, unseen=NEW, id="w1"))
    outcome = judged(one, {"crm": BASE, "quote": BASE, "web": BASE | {"name": "B"}})
    assert (asked(outcome), outcome.changes) == ([("conflict", "name")], ())


def test_a_record_that_joins_counts_where_its_decision_says_so() -> None:
    """`from: NEW`: it overwrites what the others were last confirmed to hold."""
    one = joined(linked(BASE, "crm", "old"), stray("web", "w1", BASE | {"name": "B"}), KNOWN, wins=True)
    assert one.agreed == BASE | {"name": "B"}
    assert one.members[1].unseen == NEW, "a system that is not configured is no party to it"
    outcome = judged(joined(linked(BASE), stray("web", "w1", BASE | {"name": "B"}), KNOWN, wins=True),
                     {"crm": BASE, "quote": BASE, "web": BASE | {"name": "B"}})  # fmt: skip
    assert writes(outcome) == {("crm", "name", "B"), ("quote", "name", "B")}
    late = judged(joined(linked(BASE), stray("web", "w1", BASE | {"name": "B"}), KNOWN, wins=True),
                  {"crm": BASE | {"name": "C"}, "quote": BASE, "web": BASE | {"name": "B"}})  # fmt: skip
    assert asked(late) == [("conflict", "name")], "an edit that the decision did not see is not overwritten"


def whole(_path: str, value: Value) -> Value:
    return Decimal(round(value)) if isinstance(value, Decimal) else value


def test_differences_are_what_linking_would_overwrite() -> None:
    crm = stray("crm", "c1", {"details.a": "1", "details.b": "2", "rates.x": Decimal("1.5"), "benefits.c": "3"})
    quote = stray("quote", "q1", {"details.a": "1", "details.b": "9", "rates.x": Decimal(2), "eligibility.d": "4"})
    surfaces = {
        ("crm", "generic"): Takes(closed={"details": "read-only"}),
        ("quote", "generic"): Takes(("details", "rates", "eligibility"), rounds=whole),
    }
    assert differences(crm, quote, surfaces) == {
        "details": [Difference("details.b", {"crm": "2", "quote": "9"}, {"crm": "read-only"})],
        "eligibility": [Difference("eligibility.d", {"crm": EMPTY, "quote": "4"}, {})],
    }
    bare = replace(quote, seen=replace(quote.seen, lacks=frozenset({"details.b"})))
    assert list(differences(crm, bare, surfaces)) == ["eligibility"], "no place is no difference"
    turned = differences(quote, crm, surfaces)
    assert [each.path for found in turned.values() for each in found] == ["details.b", "eligibility.d"]
