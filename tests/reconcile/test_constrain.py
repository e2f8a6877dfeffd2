# ruff: noqa: E501 - a row of a table is one line
"""Constrain: what of a decision may be written where, now; what may not stays owed and says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model.values import EMPTY, Unparsed, Value
from syncd.reconcile.constrain import REFUSALS_TO_ASK, wait_s
from syncd.reconcile.types import Away, Link, Outcome, Owed
from tests.reconcile.plain import (
    NOW,
    Takes,
    answer,
    asked,
    based,
    confirmed,
    judged,
    link,
    linked,
    member,
    owed,
    reasons,
    seen,
    writes,
)

EE, ES = "rates[2026-01-01].ee", "rates[2026-01-01].es"
START = "details.effective_date"
NAME, PHONE = "details.name", "details.phone"
PLAN: dict[str, Any] = {"kinds": ("plan",)}
OVERWRITE = {"default": {"blanks": "overwrite"}}


def plan(base: dict[str, Value], *systems: str, **more: Any) -> Link:
    return linked(base, *systems, kind="plan", **more)


# -- blanks ----------------------------------------------------------------------------------------------------------

BLANKS = [
    ("a clear erases nothing by itself", {"crm": {}, "quote": {NAME: "Gold"}}, {}, set(), [("conflict", NAME)]),
    ("a clear on both sides is agreed", {"crm": {}, "quote": {}}, {}, set(), []),
    ("a clear travels where a rule says so", {"crm": {}, "quote": {NAME: "Gold"}}, OVERWRITE, {("quote", NAME, EMPTY)}, []),
    ("a clear waits while a holder is away", {"crm": {}, "quote": Away("down")}, {}, set(), [("conflict", NAME)]),
    ("a clear and an edit are a conflict", {"crm": {}, "quote": {NAME: "Silver"}}, OVERWRITE, set(), [("conflict", NAME)]),
    ("a new value fills a blank", {"crm": {NAME: "Gold", PHONE: "2"}, "quote": {NAME: "Gold"}}, {}, {("quote", PHONE, "2")}, []),
]  # fmt: skip


@pytest.mark.parametrize(("why", "sights", "rules", "wanted", "questions"), BLANKS, ids=[row[0] for row in BLANKS])
def test_blanks(why: str, sights: Any, rules: Any, wanted: Any, questions: Any) -> None:
    outcome = judged(plan({NAME: "Gold"}), sights, rules, **PLAN)
    assert (writes(outcome), asked(outcome)) == (wanted, questions), why


def test_a_kept_blank_says_which_rule_keeps_it_and_is_never_refilled() -> None:
    outcome = judged(plan({NAME: "Gold"}), {"crm": {}, "quote": {NAME: "Gold"}}, **PLAN)
    [question] = outcome.proposals
    assert question.why == "built-in blanks: keep: a cleared field erases nothing by itself"
    assert based(outcome, "crm") == {NAME: "Gold"}
    assert not owed(outcome, "crm")
    again = judged(outcome.after, {"crm": {}, "quote": {NAME: "Gold"}}, **PLAN)
    assert again.proposals == outcome.proposals
    assert again.changes == ()


# -- texts that were not understood, renewals ------------------------------------------------------------------------


def test_p25_a_text_that_was_not_understood_is_asked() -> None:
    outcome = judged(plan({NAME: "Gold"}), {"crm": {NAME: Unparsed("Go?d")}, "quote": {NAME: "Gold"}}, **PLAN)
    assert asked(outcome) == [("conflict", NAME)]
    assert "not understood" in outcome.proposals[0].why
    assert not outcome.changes


UNREAD = Unparsed("5OO")
NEVER_WRITTEN = [
    ("chosen by a person", lambda: _chosen(UNREAD)),
    ("agreed when linking and owed", lambda: judged(
        link(member("crm", {NAME: UNREAD}), member("quote", {NAME: "Gold"}, behind={NAME: Owed(1)}), agreed={NAME: UNREAD},
             kind="plan"), {"crm": {NAME: UNREAD}, "quote": {NAME: "Gold"}}, **PLAN)),
]  # fmt: skip


def _chosen(value: Value) -> Outcome:
    one, sights = plan({NAME: "Gold"}), {"crm": {NAME: value}, "quote": {NAME: "Gold"}}
    [question] = judged(one, sights, **PLAN).proposals
    return judged(one, sights, answers=[answer(question, "crm")], **PLAN)


@pytest.mark.parametrize(("why", "decide"), NEVER_WRITTEN, ids=[row[0] for row in NEVER_WRITTEN])
def test_p25_a_text_that_was_not_understood_is_never_written(why: str, decide: Any) -> None:
    """It is handed off: a person may read what the program does not."""
    outcome = decide()
    assert outcome.changes == (), why
    assert asked(outcome) == [("hand-off", f"quote:{NAME}")]
    assert owed(outcome, "quote") == {NAME}


RENEWALS = [(0, False), (1, False), (27, False), (28, True), (-28, True), (-27, False), (365, True)]


@pytest.mark.parametrize(("days", "renewal"), RENEWALS)
def test_a_plan_year_that_moves_by_28_days_is_a_question(days: int, renewal: bool) -> None:
    start = date(2026, 1, 1)
    sights = {"crm": {START: start + timedelta(days=days)}, "quote": {START: start}}
    outcome = judged(plan({START: start}), sights, **PLAN)
    assert asked(outcome) == ([("renewal", START)] if renewal else [])
    assert bool(outcome.changes) is (0 < abs(days) < 28)


@pytest.mark.parametrize("was", [EMPTY, "soon"])
def test_a_first_effective_date_is_no_renewal(was: Value) -> None:
    base = {} if was is EMPTY else {START: was}
    outcome = judged(plan(base), {"crm": {START: date(2026, 1, 1)}, "quote": base}, **PLAN)
    assert writes(outcome) == {("quote", START, date(2026, 1, 1))}


def test_a_date_that_becomes_words_is_no_renewal() -> None:
    outcome = judged(
        plan({START: date(2026, 1, 1)}), {"crm": {START: "soon"}, "quote": {START: date(2026, 1, 1)}}, **PLAN
    )
    assert writes(outcome) == {("quote", START, "soon")}


def test_a_renewal_that_a_person_takes_is_written() -> None:
    one, sights = (
        plan({START: date(2026, 1, 1)}),
        {"crm": {START: date(2027, 1, 1)}, "quote": {START: date(2026, 1, 1)}},
    )
    [question] = judged(one, sights, **PLAN).proposals
    outcome = judged(one, sights, answers=[answer(question, "crm")], **PLAN)
    assert writes(outcome) == {("quote", START, date(2027, 1, 1))}
    assert outcome.used == ("q-1",)


# -- what a member takes ----------------------------------------------------------------------------------------------

READ_ONLY = {"quote": Takes(closed={"details": "read-only here"})}
BLOCKED: list[tuple[str, dict[str, Any], dict[str, Any], Any, str, str]] = [
    ("a system that cannot be written in this field", {"surfaces": READ_ONLY}, {}, {}, "hand-off", "read-only here"),
    ("a system that takes no updates", {"surfaces": {"quote": Takes(update=False)}}, {}, {}, "hand-off", "quote takes no updates"),
    ("a rule that only creates", {}, {"default": {"operations": ["create"]}}, {}, "hand-off", "default: no updates"),
    ("a record that is held", {}, {}, {"locked": {"details": "client review until 1 May"}}, "hold", "client review until 1 May"),
    ("a record that is held whole", {}, {}, {"locked": {"": "confirmed"}}, "hold", "confirmed"),
    ("a hold goes before a missing right", {"surfaces": READ_ONLY}, {}, {"locked": {"": "confirmed"}}, "hold", "confirmed"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("why", "more", "rules", "sight", "kind", "said"), BLOCKED, ids=[row[0] for row in BLOCKED]
)  # fmt: skip
def test_what_a_member_cannot_take_is_owed_and_said(
    why: str, more: Any, rules: Any, sight: Any, kind: str, said: str
) -> None:
    """The edit becomes agreed, the member is behind, its own base stays, and one entry says why."""
    sights = {"crm": {NAME: "New"}, "quote": seen({NAME: "Gold"}, **sight)}
    outcome = judged(plan({NAME: "Gold"}), sights, rules, **PLAN, **more)
    [question] = outcome.proposals
    assert (question.kind, question.name, question.why) == (kind, f"quote:{NAME}", said), why
    assert question.evidence == (f"enter {NAME} = New",)
    assert question.members == {"quote": {"id": "quote-1", "values": {NAME: "Gold"}}}
    assert [offer.choice for offer in question.offers] == ["ignore"]
    assert outcome.changes == ()
    assert outcome.after.agreed == {NAME: "New"}
    assert owed(outcome, "quote") == {NAME}
    assert not outcome.settled


def test_a_hold_covers_what_lies_below_it_and_nothing_beside() -> None:
    sights = {"crm": {NAME: "New", PHONE: "2"}, "quote": seen({NAME: "Gold", PHONE: "1"}, locked={NAME: "held"})}
    outcome = judged(plan({NAME: "Gold", PHONE: "1"}), sights, **PLAN)
    assert writes(outcome) == {("quote", PHONE, "2")}
    assert asked(outcome) == [("hold", f"quote:{NAME}")]


def test_the_own_edits_of_a_held_record_still_flow_out() -> None:
    sights = {"crm": {NAME: "Gold"}, "quote": seen({NAME: "New"}, locked={"": "held"})}
    outcome = judged(plan({NAME: "Gold"}), sights, **PLAN)
    assert writes(outcome) == {("crm", NAME, "New")}
    assert outcome.proposals == ()


def test_a_hand_off_is_about_the_value_to_enter() -> None:
    """What the system holds meanwhile does not ask again, a newer value does, and its appearing closes it."""
    one = plan({NAME: "Gold"})
    more = {**PLAN, "surfaces": READ_ONLY}
    first = judged(one, {"crm": {NAME: "New"}, "quote": {NAME: "Gold"}}, **more)
    again = judged(first.after, {"crm": {NAME: "New"}, "quote": {NAME: "Gold"}}, now=NOW + 9000, **more)
    assert [p.digest for p in again.proposals] == [p.digest for p in first.proposals]
    newer = judged(first.after, {"crm": {NAME: "Newer"}, "quote": {NAME: "Gold"}}, **more)
    assert [p.name for p in newer.proposals] == [p.name for p in first.proposals]
    assert newer.proposals[0].digest != first.proposals[0].digest
    typed = judged(first.after, {"crm": {NAME: "New"}, "quote": {NAME: "New"}}, **more)
    assert (typed.proposals, owed(typed, "quote"), typed.settled) == ((), set(), True)
    other = judged(first.after, {"crm": {NAME: "New"}, "quote": {NAME: "Other"}}, **more)
    assert asked(other) == [("conflict", NAME)]


def test_two_cells_of_one_atom_are_one_hand_off() -> None:
    base = {EE: Decimal(1), ES: Decimal(2)}
    more = {**PLAN, "surfaces": {"quote": Takes(closed={"rates": "quote keeps no rates of its own"})}}
    outcome = judged(plan(base), {"crm": {EE: Decimal(5), ES: Decimal(6)}, "quote": base}, **more)
    [question] = outcome.proposals
    assert question.name == "quote:rates[2026-01-01]"
    assert question.evidence == (f"enter {EE} = 5", f"enter {ES} = 6")


def test_an_atom_is_not_written_in_part() -> None:
    """One blocked cell keeps the whole table out of that member; other members and other fields go on."""
    base = {EE: Decimal(1), ES: Decimal(2), NAME: "Gold"}
    more = {**PLAN, "surfaces": {"quote": Takes(closed={ES: "no spouse tier"})}}
    crm = {EE: Decimal(5), ES: Decimal(6), NAME: "New"}
    outcome = judged(plan(base, "crm", "quote", "web"), {"crm": crm, "quote": base, "web": base}, **more)
    assert writes(outcome) == {
        ("web", EE, Decimal(5)),
        ("web", ES, Decimal(6)),
        ("web", NAME, "New"),
        ("quote", NAME, "New"),
    }
    assert owed(outcome, "quote") == {EE, ES, NAME}
    assert asked(outcome) == [("hand-off", "quote:rates[2026-01-01]")]


def test_a_generic_atom_is_not_written_in_part_either() -> None:
    more: dict[str, Any] = {"atoms": {"a": "table", "b": "table"}, "surfaces": {"quote": Takes(closed={"b": "no"})}}
    outcome = judged(linked({"a": "1", "b": "2"}), {"crm": {"a": "5", "b": "6"}, "quote": {"a": "1", "b": "2"}}, **more)
    assert outcome.changes == ()
    assert asked(outcome) == [("hand-off", "quote:table")]


def test_a_paused_system_is_owed_and_not_asked_about() -> None:
    outcome = judged(
        plan({NAME: "Gold"}), {"crm": {NAME: "New"}, "quote": {NAME: "Gold"}}, paused={"quote": "paused"}, **PLAN
    )
    assert (outcome.changes, outcome.proposals, owed(outcome, "quote"), outcome.settled) == ((), (), {NAME}, False)
    later = judged(outcome.after, {"crm": {NAME: "New"}, "quote": {NAME: "Gold"}}, **PLAN)
    assert writes(later) == {("quote", NAME, "New")}
    assert reasons(later.changes) == {"owed since revision 2"}


def test_an_absent_member_is_owed_what_it_does_not_hold() -> None:
    base = {NAME: "Gold"}
    outcome = judged(
        plan(base, "crm", "quote", "web"), {"crm": {NAME: "New"}, "quote": Away("down"), "web": base}, **PLAN
    )
    assert writes(outcome) == {("web", NAME, "New")}
    assert owed(outcome, "quote") == {NAME}
    assert {each.why for each in outcome.after.members[1].behind.values()} == {"the system was away"}
    assert [each.revision for each in outcome.after.members[1].behind.values()] == [2]
    back = judged(confirmed(outcome), {"crm": base, "quote": Away("down"), "web": {NAME: "New"}}, **PLAN)
    assert not owed(back, "quote"), "what it was confirmed to hold is agreed again"
    narrow = {"quote": Takes(("details.phone",))}
    free = judged(plan(base, "crm", "quote", "web"), {"crm": {NAME: "New"}, "quote": Away("down"), "web": base},
                  surfaces=narrow, **PLAN)  # fmt: skip
    assert not owed(free, "quote"), "what it does not carry it is not owed"


def test_an_absent_newcomer_is_owed_even_what_it_seems_to_hold() -> None:
    one = link(member("crm", {NAME: "Gold"}), member("web", {NAME: "Gold"}), member("quote", {}, unseen=frozenset({""})),
               agreed={NAME: "Gold"}, kind="plan")  # fmt: skip
    outcome = judged(one, {"crm": {}, "web": {}, "quote": Away("down")}, OVERWRITE, **PLAN)
    assert owed(outcome, "quote") == {NAME}


# -- losses -----------------------------------------------------------------------------------------------------------


def dollars(_path: str, value: Value) -> Value:
    return Decimal(round(value)) if isinstance(value, Decimal) else value


ROUNDS = {**PLAN, "surfaces": {"quote": Takes(rounds=dollars)}}


def test_a_loss_is_asked_about_before_it_happens() -> None:
    one, sights = plan({EE: Decimal(1)}), {"crm": {EE: Decimal("512.45")}, "quote": {EE: Decimal(1)}}
    outcome = judged(one, sights, **ROUNDS)
    [question] = outcome.proposals
    assert (question.kind, question.name) == ("loss", f"quote:{EE}")
    assert question.why == "quote cannot hold 512.45; the nearest it can hold is 512"
    assert [offer.choice for offer in question.offers] == ["accept", "ignore"]
    assert outcome.changes == ()
    assert owed(outcome, "quote") == {EE}


def test_an_accepted_loss_writes_the_nearest_value_now_and_later() -> None:
    """It is accepted for the link, the path and the codec; the answer to another value is not."""
    one, sights = plan({EE: Decimal(1)}), {"crm": {EE: Decimal("512.45")}, "quote": {EE: Decimal(1)}}
    [question] = judged(one, sights, **ROUNDS).proposals
    yes = answer(question, "accept")
    outcome = judged(one, sights, answers=[yes], **ROUNDS)
    assert writes(outcome) == {("quote", EE, Decimal(512))}
    assert (outcome.used, outcome.after.accepted) == (("q-1",), {f"{EE}|quote|plain"})
    later = judged(confirmed(outcome), {"crm": {EE: Decimal("530.10")}, "quote": {EE: Decimal(512)}}, **ROUNDS)
    assert writes(later) == {("quote", EE, Decimal(530))}
    for no in (replace(yes, choice="ignore"), replace(yes, digest="another")):
        refused = judged(one, sights, answers=[no], **ROUNDS)
        assert (refused.changes, refused.used, refused.after.accepted) == ((), (), frozenset())


def test_a_rounded_value_that_is_there_already_is_no_loss() -> None:
    one = plan({EE: Decimal(512)})
    outcome = judged(one, {"crm": {EE: Decimal("512.45")}, "quote": {EE: Decimal(512)}}, **ROUNDS)
    assert (outcome.changes, outcome.proposals, owed(outcome, "quote")) == ((), (), set())


def test_a_loss_and_a_hand_off_of_one_table_are_two_entries() -> None:
    surfaces = {"quote": Takes(rounds=dollars, closed={ES: "no spouse tier"})}
    base = {EE: Decimal(1), ES: Decimal(2)}
    outcome = judged(
        plan(base), {"crm": {EE: Decimal("5.45"), ES: Decimal(6)}, "quote": base}, surfaces=surfaces, **PLAN
    )
    assert asked(outcome) == [("hand-off", "quote:rates[2026-01-01]"), ("loss", f"quote:{EE}")]


# -- refusals ---------------------------------------------------------------------------------------------------------


def refused(times: int, next_at: float = 0.0) -> Link:
    debt = Owed(1, refusals=times, next_at=next_at, why="too long")
    return link(member("crm", {NAME: "New"}), member("quote", {NAME: "Gold"}, behind={NAME: debt}), kind="plan")


OWING = {"crm": {NAME: "New"}, "quote": {NAME: "Gold"}}
REFUSALS = [
    ("owed and never tried", 0, 0.0, True, False),
    ("refused, the wait is over", 1, NOW, True, False),
    ("refused, still waiting", 1, NOW + 1, False, False),
    ("refused twice", 2, NOW, True, False),
    ("refused three times, tried once more", 3, NOW, True, True),
    ("refused three times, still waiting", 3, NOW + 1, False, True),
]


@pytest.mark.parametrize(("why", "times", "next_at", "tried", "told"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_a_refused_value_is_owed_with_growing_waits_and_then_asked(
    why: str, times: int, next_at: float, tried: bool, told: bool
) -> None:
    outcome = judged(refused(times, next_at), OWING, **PLAN)
    assert bool(outcome.changes) is tried, why
    assert [p.why for p in outcome.proposals] == (["refused 3 times or more: too long"] if told else [])
    assert owed(outcome, "quote") == {NAME}


def test_p26_one_refusal_more_is_no_other_question() -> None:
    digests = {judged(refused(times), OWING, **PLAN).proposals[0].digest for times in (3, 4, 9)}
    assert len(digests) == 1


def test_refusals_of_another_value_count_for_nothing() -> None:
    """A new value is tried at once, and its first refusal is the first."""
    outcome = judged(refused(3, NOW + 900), {"crm": {NAME: "Newer"}, "quote": {NAME: "Gold"}}, **PLAN)
    assert (writes(outcome), outcome.proposals) == ({("quote", NAME, "Newer")}, ())
    assert outcome.after.members[1].behind == {NAME: Owed(2)}


def test_what_is_owed_and_already_there_is_paid() -> None:
    """Three members: the one that holds the agreed value owes nothing, whatever the others are owed."""
    one = link(
        member("crm", {NAME: "New"}),
        member("quote", {NAME: "New"}, behind={NAME: Owed(1)}),
        member("web", {NAME: "Gold"}, behind={NAME: Owed(1)}),
        kind="plan",
    )
    outcome = judged(one, {"crm": {NAME: "New"}, "quote": {NAME: "New"}, "web": {NAME: "Gold"}}, **PLAN)
    assert (owed(outcome, "quote"), owed(outcome, "web")) == (set(), {NAME})
    assert writes(outcome) == {("web", NAME, "New")}


@pytest.mark.parametrize(
    ("refusals", "wait"), [(0, 300), (1, 300), (2, 600), (3, 1200), (4, 2400), (5, 3600), (9, 3600)]
)
def test_waits_double_up_to_an_hour(refusals: int, wait: float) -> None:
    assert wait_s(refusals) == wait


@given(st.integers(min_value=0, max_value=60))
def test_a_wait_never_shrinks(refusals: int) -> None:
    assert wait_s(refusals) <= wait_s(refusals + 1) <= 3600


def test_three_refusals_are_asked_about() -> None:
    assert REFUSALS_TO_ASK == 3


# -- what a system made of a value ------------------------------------------------------------------------------------


def echoed(echo: Value, **more: Any) -> Link:
    """The quote system was told Gold PPO and made something of it."""
    other = member("quote", {NAME: echo}, behind={NAME: Owed(2, echo=echo)})
    return link(member("crm", {NAME: "Gold PPO"}), other, agreed={NAME: "Gold PPO"}, kind="plan", revision=2, **more)


def test_p32_what_a_system_made_of_a_value_is_asked_once_and_sent_no_more() -> None:
    """B3: an echo is a loss to be asked about, never an edit of that system, whatever the rule says."""
    for rules in ({}, {"default": {"on_conflict": "source_of_truth", "source_of_truth": "quote"}}):
        outcome = judged(echoed("Gold"), {"crm": {NAME: "Gold PPO"}, "quote": {NAME: "Gold"}}, rules=rules, **PLAN)
        assert (writes(outcome), asked(outcome), outcome.settled) == (set(), [("loss", f"quote:{NAME}")], False)
        assert outcome.after.agreed == {NAME: "Gold PPO"}
        assert outcome.proposals[0].why == "quote made Gold of Gold PPO when it was written there"


def test_p32_an_accepted_echo_rests() -> None:
    """B3: once a person lets it stay, nothing is owed, asked or written."""
    sights: dict[str, Any] = {"crm": {NAME: "Gold PPO"}, "quote": {NAME: "Gold"}}
    question = judged(echoed("Gold"), sights, **PLAN).proposals[0]
    outcome = judged(echoed("Gold"), sights, answers=[answer(question, "accept")], **PLAN)
    assert (writes(outcome), asked(outcome), outcome.settled) == (set(), [], True)
    again = judged(outcome.after, sights, **PLAN)
    assert (writes(again), asked(again), again.settled) == (set(), [], True)


def test_p32_a_value_that_moves_is_written_again() -> None:
    """R10: the silence after an echo ends when somebody wants another value."""
    outcome = judged(echoed("Gold"), {"crm": {NAME: "Silver"}, "quote": {NAME: "Gold"}}, **PLAN)
    assert (writes(outcome), asked(outcome)) == ({("quote", NAME, "Silver")}, [])


def test_p32_a_value_that_a_system_never_keeps_is_a_loss_in_the_end() -> None:
    """R10: a system that says yes and keeps its old value is told three times, not for ever; EMPTY counts as well."""
    for kept in ("Old", EMPTY):
        owes = {NAME: Owed(2, refusals=REFUSALS_TO_ASK, why="accepted, but the old value is still there", echo=kept)}
        held = {} if kept is EMPTY else {NAME: kept}
        ends = link(member("crm", {NAME: "New"}), member("quote", held, behind=owes), agreed={NAME: "New"}, kind="plan")
        outcome = judged(ends, {"crm": {NAME: "New"}, "quote": held}, **PLAN)
        assert (writes(outcome), asked(outcome)) == (set(), [("loss", f"quote:{NAME}")])
        assert outcome.proposals[0].why.startswith("quote was given New 3 times, said yes, and holds ")
