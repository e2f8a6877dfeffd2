"""Links that start anew, records that join a link, and what linking would overwrite."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.model.values import EMPTY
from syncd.reconcile.relink import Difference, differences, forgotten, joined, restarted
from syncd.reconcile.types import Away, Owed
from tests.reconcile.plain import Takes, asked, judged, link, linked, member, owed, seen, stray, writes

BASE = {"details.name": "Gold", "rates[2026-01-01].ee": "500.00"}
SURFACES = {(name, "generic"): Takes() for name in ("crm", "quote", "pay")}


def test_a_link_that_forgets_adopts_what_is_equal_and_asks_about_the_rest():
    one = forgotten(linked(BASE, settled=b"x"))
    assert (one.agreed, one.settled) == (BASE, b"")
    outcome = judged(one, {"crm": BASE, "quote": BASE | {"details.name": "Golden"}})
    assert asked(outcome) == [("conflict", "details.name")]
    assert not outcome.changes
    equal = judged(one, {"crm": BASE, "quote": BASE})
    assert equal.settled
    assert not equal.changes


def test_what_was_owed_is_forgotten_and_an_awaited_member_stays():
    owing = member("crm", BASE, behind={"details.name": Owed(1)}, own_stamp=7.0)
    waiting = member("quote", {}, status="awaited", unseen=frozenset({""}))
    one = forgotten(link(owing, waiting, agreed=BASE))
    assert one.members[0] == replace(owing, base={}, behind={}, unseen=frozenset({""}), own_stamp=None)
    assert one.members[1] is waiting


def test_the_winner_overwrites_the_others():
    one = linked(BASE)
    theirs = BASE | {"details.name": "Golden"}
    fresh = restarted(one, {"crm": seen(BASE), "quote": seen(theirs)}, SURFACES, "crm")
    assert fresh is not None
    assert (fresh.agreed, fresh.revision, fresh.id) == (BASE, 2, one.id)
    outcome = judged(fresh, {"crm": BASE, "quote": theirs})
    assert writes(outcome) == {("quote", "details.name", "Gold")}
    assert outcome.changes[0].reason.endswith("resync: crm wins")


def test_a_blank_of_the_winner_erases_nothing_unless_told_to():
    held = {"crm": seen({"details.name": "Gold"}), "quote": seen(BASE)}
    kept = restarted(linked(BASE), held, SURFACES, "crm")
    assert kept is not None
    assert kept.agreed == BASE
    erased = restarted(linked(BASE), held, SURFACES, "crm", blanks="overwrite")
    assert erased is not None
    assert erased.agreed == {"details.name": "Gold"}
    assert "rates[2026-01-01].ee" in erased.members[1].behind


def test_what_the_winner_does_not_carry_stays_as_agreed_and_is_compared_anew():
    surfaces = SURFACES | {("crm", "generic"): Takes(carries_only=("details",))}
    held = {"crm": seen({"details.name": "Gold"}), "quote": seen(BASE)}
    fresh = restarted(linked(BASE), held, surfaces, "crm")
    assert fresh is not None
    assert fresh.agreed == BASE
    assert fresh.members[1].unseen == {"rates[2026-01-01].ee"}


@pytest.mark.parametrize("held", [{"quote": seen(BASE)}, {"crm": Away("down"), "quote": seen(BASE)}])
def test_a_winner_that_was_not_read_wins_nothing(held):
    assert restarted(linked(BASE), held, SURFACES, "crm") is None


def test_a_member_that_was_not_read_becomes_a_newcomer_and_a_missing_one_stays_missing():
    gone = member("pay", BASE, status="missing")
    one = link(member("crm", BASE), member("quote", BASE), gone, agreed=BASE)
    fresh = restarted(one, {"crm": seen(BASE), "quote": Away("down")}, SURFACES, "crm")
    assert fresh is not None
    assert fresh.members[1].unseen == {""}
    assert fresh.members[2] is gone


def test_a_record_that_joins_may_agree_or_ask():
    one = joined(linked(BASE), stray("pay", "p9", BASE | {"details.name": "Golden"}), SURFACES)
    assert [m.system for m in one.members] == ["crm", "quote", "pay"]
    outcome = judged(one, {"crm": BASE, "quote": BASE, "pay": BASE | {"details.name": "Golden"}})
    assert asked(outcome) == [("conflict", "details.name")]
    assert not outcome.changes


def test_a_record_that_joins_and_wins_overwrites_the_others():
    new = BASE | {"details.name": "Golden"}
    one = joined(linked(BASE), stray("pay", "p9", new), SURFACES, wins=True)
    outcome = judged(one, {"crm": BASE, "quote": BASE, "pay": new})
    assert writes(outcome) == {("crm", "details.name", "Golden"), ("quote", "details.name", "Golden")}


def test_a_winner_that_joins_does_not_overwrite_an_edit_it_never_saw():
    new = BASE | {"details.name": "Golden"}
    one = joined(linked(BASE), stray("pay", "p9", new), SURFACES, wins=True)
    outcome = judged(one, {"crm": BASE | {"details.name": "Silver"}, "quote": BASE, "pay": new})
    assert asked(outcome) == [("conflict", "details.name")]
    assert owed(outcome, "crm")


def test_differences_are_told_by_section_with_who_cannot_be_written():
    surfaces = SURFACES | {
        ("crm", "generic"): Takes(
            carries_only=("details", "rates"),
            closed={"rates": "no call"},
            rounds=lambda _, value: value.upper() if value == "gold" else value,
        )
    }
    mine = stray("crm", "1", {"details.name": "GOLD", "details.carrier": "Kaiser", "rates[2026-01-01].ee": "1"})
    theirs = stray("quote", "2", {"details.name": "gold", "rates[2026-01-01].ee": "2", "benefits.x.in_network": "$1"})
    assert differences(mine, theirs, surfaces) == {
        "details": [Difference("details.carrier", {"crm": "Kaiser", "quote": EMPTY}, {})],
        "rates": [Difference("rates[2026-01-01].ee", {"crm": "1", "quote": "2"}, {"crm": "no call"})],
    }
    assert differences(theirs, mine, surfaces)["rates"][0].refusals == {"crm": "no call"}
    assert differences(mine, stray("quote", "2", mine.seen.flat), surfaces) == {}
