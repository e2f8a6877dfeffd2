"""The merge table: one row for every situation that a field can be in. The README prints the same rows."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model.values import EMPTY, Value
from syncd.reconcile.merge import (
    Agree,
    Conflict,
    Converge,
    Decision,
    Redeliver,
    Take,
    merge_atom,
    merge_field,
    newest,
)
from syncd.reconcile.rules import MergeRule
from syncd.reconcile.types import UNSEEN, Held

BASE, NEW, OTHER, THIRD = "base", "new", "other", "third"
FREE = MergeRule()
OWNER = MergeRule(on_conflict="source_of_truth", source_of_truth="crm")
NEWEST = MergeRule(on_conflict="newest")
MIRROR_ASK = MergeRule(mode="mirror", source_of_truth="crm")
MIRROR = MergeRule(mode="mirror", source_of_truth="crm", on_drift="overwrite")


def held(value: Value, base: object = BASE, *, behind: bool = False, stamp: float | None = None) -> Held:
    """Stand for what one system holds."""
    return Held(value, base, behind, stamp)  # type: ignore[arg-type]


def outcome(decision: Decision) -> tuple[object, ...]:
    """Compare decisions without the words that explain them."""
    return type(decision), getattr(decision, "value", None)


SAME = held(BASE)
NEWCOMER = held(BASE, UNSEEN)
AWAY = None

MERGE_TABLE = [
    # why                                            crm                    quote                 rule        decision
    ("nobody edited", SAME, SAME, FREE, Agree()),
    ("one edit, nobody owns it", SAME, held(NEW), FREE, Take(NEW)),
    ("one edit by a system that is not the source", SAME, held(NEW), OWNER, Take(NEW)),
    ("the same edit on both sides", held(NEW), held(NEW), FREE, Converge(NEW)),
    ("two edits, no rule", held(NEW), held(OTHER), FREE, Conflict("")),
    ("two edits, the source is among the editors", held(NEW), held(OTHER), OWNER, Take(NEW)),
    (
        "our write landed and we died before recording it",
        held(NEW, NEW),
        held(NEW, BASE, behind=True),
        FREE,
        Converge(NEW),
    ),
    ("a member is still owed the agreed value", held(NEW, NEW), held(BASE, behind=True), FREE, Redeliver(NEW)),
    (
        "a member edited without having seen the agreed value",
        held(NEW, NEW),
        held(OTHER, behind=True),
        FREE,
        Conflict(""),
    ),
    ("... and is the source of truth", held(OTHER, behind=True), held(NEW, NEW), OWNER, Take(OTHER)),
    ("... and typed just the agreed value", held(NEW, NEW), held(NEW, BASE, behind=True), FREE, Converge(NEW)),
    ("two edits, one clearly newer", held(NEW, stamp=100), held(OTHER, stamp=200), NEWEST, Take(OTHER)),
    ("two edits within five seconds", held(NEW, stamp=100), held(OTHER, stamp=104), NEWEST, Conflict("")),
    ("two edits, one without a time", held(NEW, stamp=100), held(OTHER), NEWEST, Conflict("")),
    ("a newcomer that agrees", SAME, NEWCOMER, FREE, Converge(BASE)),
    ("a newcomer that differs", SAME, held(OTHER, UNSEEN), FREE, Conflict("")),
    ("a newcomer that differs never wins by rule", held(OTHER, UNSEEN), SAME, OWNER, Conflict("")),
    ("two newcomers that agree", NEWCOMER, NEWCOMER, FREE, Converge(BASE)),
    ("two newcomers that differ", NEWCOMER, held(OTHER, UNSEEN), FREE, Conflict("")),
    ("one edit while the other system is away", held(NEW), AWAY, FREE, Take(NEW)),
    ("no edit while the other system is away", SAME, AWAY, FREE, Agree()),
    ("a newcomer alone, the other away", NEWCOMER, AWAY, FREE, Agree()),
    ("a clear is an edit", SAME, held(EMPTY), FREE, Take(EMPTY)),
    ("mirror: the owner's edit flows", held(NEW), SAME, MIRROR_ASK, Take(NEW)),
    ("mirror: drift is asked", SAME, held(NEW), MIRROR_ASK, Conflict("")),
    ("mirror: drift is overwritten", SAME, held(NEW), MIRROR, Take(BASE)),
    ("mirror: the owner edited too", held(NEW), held(OTHER), MIRROR, Take(NEW)),
    ("mirror: drift while the owner is away", AWAY, held(NEW), MIRROR, Conflict("")),
]


@pytest.mark.parametrize(("why", "crm", "quote", "rule", "decision"), MERGE_TABLE, ids=[row[0] for row in MERGE_TABLE])
def test_merge_table(why: str, crm: Held | None, quote: Held | None, rule: MergeRule, decision: Decision) -> None:
    """Each situation of two systems has one decision."""
    seen = {name: one for name, one in (("crm", crm), ("quote", quote)) if one is not None}
    agreed = NEW if any(one.base == NEW for one in seen.values()) else BASE
    assert outcome(merge_field(seen, agreed, rule, absent=len(seen) < 2)) == outcome(decision), why


THREE = [
    ("two members edited alike, the third follows", held(NEW), held(NEW), SAME, FREE, Take(NEW)),
    ("two edits and a bystander", held(NEW), held(OTHER), SAME, FREE, Conflict("")),
    ("a newcomer that already holds the edit", held(NEW), SAME, held(NEW, UNSEEN), FREE, Take(NEW)),
    ("a newcomer that holds what was agreed before", held(NEW), SAME, held(BASE, UNSEEN), FREE, Conflict("")),
    ("newest by value: two old clocks of one value do not tie", held(NEW, stamp=9), held(NEW, stamp=8),
     held(OTHER, stamp=100), NEWEST, Take(OTHER)),
    ("a rule and a newcomer", held(NEW), held(OTHER), held(BASE, UNSEEN), OWNER, Conflict("")),
]  # fmt: skip


@pytest.mark.parametrize(("why", "crm", "quote", "pay", "rule", "decision"), THREE, ids=[row[0] for row in THREE])
def test_merge_of_three(why: str, crm: Held, quote: Held, pay: Held, rule: MergeRule, decision: Decision) -> None:
    """Each situation that needs a third system has one decision."""
    assert outcome(merge_field({"crm": crm, "quote": quote, "pay": pay}, BASE, rule, absent=False)) == outcome(
        decision
    ), why


SAID = [
    # why                       crm   quote  pay    rule  what is said
    ("no rule", NEW, OTHER, BASE, FREE, "on_conflict is ask"),
    ("the source edited nothing", BASE, NEW, OTHER, OWNER, "crm is the source of truth and is not among the editors"),
    ("no source is named", NEW, OTHER, BASE, MergeRule("source_of_truth"), "no system is the source of truth"),
    ("no times", NEW, OTHER, BASE, NEWEST, "newest: the times of the edits are missing or too close to tell"),
]


@pytest.mark.parametrize(("why", "crm", "quote", "pay", "rule", "said"), SAID, ids=[row[0] for row in SAID])
def test_a_conflict_says_why_no_rule_decided_it(
    why: str, crm: str, quote: str, pay: str, rule: MergeRule, said: str
) -> None:
    """It is what the person who is asked reads first."""
    decision = merge_field({"crm": held(crm), "quote": held(quote), "pay": held(pay)}, BASE, rule, absent=False)
    assert isinstance(decision, Conflict)
    assert decision.why.startswith(said), why


def atom(**systems: tuple[str, str]) -> dict[str, dict[str, Held]]:
    """Make a table of two cells; each system holds one value in each, and started from `base` in both."""
    return {cell: {name: held(values[at]) for name, values in systems.items()} for at, cell in enumerate(("ee", "es"))}


ATOMS = [
    ("one editor: its cells flow", atom(crm=(NEW, BASE), quote=(BASE, BASE)), FREE, (Take(NEW), Agree())),
    ("two editors of different cells", atom(crm=(NEW, BASE), quote=(BASE, NEW)), FREE, None),
    ("both edited the same cell alike", atom(crm=(NEW, BASE), quote=(NEW, BASE)), FREE, (Converge(NEW), Agree())),
    ("one table holds both edits", atom(crm=(NEW, OTHER), quote=(NEW, BASE)), FREE, (Converge(NEW), Take(OTHER))),
    (
        "two tables, the source's is taken whole",
        atom(crm=(NEW, BASE), quote=(BASE, NEW)),
        OWNER,
        (Take(NEW), Take(BASE)),
    ),
    (
        "mirror: the owner's table is taken whole",
        atom(crm=(NEW, BASE), quote=(BASE, NEW)),
        MIRROR,
        (Take(NEW), Take(BASE)),
    ),
    ("mirror: drift in a table is asked", atom(crm=(BASE, BASE), quote=(BASE, NEW)), MIRROR_ASK, None),
    ("newest without times", atom(crm=(NEW, BASE), quote=(BASE, NEW)), NEWEST, None),
]


@pytest.mark.parametrize(("why", "cells", "rule", "decisions"), ATOMS, ids=[row[0] for row in ATOMS])
def test_p03_an_atom_is_a_table_somebody_held(
    why: str, cells: dict[str, dict[str, Held]], rule: MergeRule, decisions: tuple[Decision, ...] | None
) -> None:
    """A rate table is taken whole from one system, or asked about whole."""
    decided = merge_atom(cells, dict.fromkeys(cells, BASE), rule, absent=False)
    if decisions is None:
        assert isinstance(decided, Conflict), why
    else:
        assert not isinstance(decided, Conflict)
        assert [outcome(one) for one in decided.values()] == [outcome(one) for one in decisions], why


def test_an_editor_that_is_owed_another_cell_makes_the_atom_a_question() -> None:
    """The combination of an agreed cell it never saw and its own edit is a table that no system holds."""
    cells = {
        "ee": {"crm": held(NEW, NEW), "quote": held(BASE, behind=True)},
        "es": {"crm": held(BASE), "quote": held(OTHER)},
    }
    assert isinstance(merge_atom(cells, {"ee": NEW, "es": BASE}, FREE, absent=False), Conflict)
    whole = merge_atom(cells, {"ee": NEW, "es": BASE}, MergeRule("source_of_truth", "quote"), absent=False)
    assert not isinstance(whole, Conflict)
    assert {path: outcome(one) for path, one in whole.items()} == {"ee": (Take, BASE), "es": (Take, OTHER)}


def test_newest_needs_every_time() -> None:
    """One missing time makes the newest unknown; equal values do not compete."""
    assert newest({"a": held(NEW, stamp=10), "b": held(OTHER, stamp=4)}) == "a"
    assert newest({"a": held(NEW, stamp=10), "b": held(OTHER)}) is None
    assert newest({"a": held(NEW, stamp=10), "b": held(NEW, stamp=9)}) == "a"
    assert newest({"a": held(NEW, stamp=30), "b": held(OTHER, stamp=10)}, skew_s=60) is None


values = st.sampled_from([BASE, NEW, OTHER, EMPTY])
bases = st.sampled_from([BASE, NEW, UNSEEN])
members = st.builds(Held, values, bases, st.booleans(), st.sampled_from([None, 1.0, 100.0, 1000.0]))
rules = st.builds(
    MergeRule,
    st.sampled_from(["ask", "source_of_truth", "newest"]),
    st.sampled_from([None, "a", "b"]),
    st.sampled_from(["two_way"]),
)


@given(
    seen=st.dictionaries(st.sampled_from("abcd"), members, min_size=2), agreed=values, rule=rules, absent=st.booleans()
)
def test_p03_nothing_invented(seen: dict[str, Held], agreed: Value, rule: MergeRule, absent: bool) -> None:
    """A decided value is one that some system holds, or the one agreed before."""
    decision = merge_field(seen, agreed, rule, absent=absent)
    if not isinstance(decision, Agree | Conflict):
        assert decision.value in {agreed, *(one.value for one in seen.values())}


@given(
    seen=st.dictionaries(st.sampled_from("abcd"), members, min_size=2), agreed=values, rule=rules, absent=st.booleans()
)
def test_p09_the_order_of_systems_does_not_matter(
    seen: dict[str, Held], agreed: Value, rule: MergeRule, absent: bool
) -> None:
    """Every order of the same systems gives the same decision."""
    decisions = {
        outcome(merge_field(dict(order), agreed, rule, absent=absent)) for order in itertools.permutations(seen.items())
    }
    assert len(decisions) == 1


@given(seen=st.dictionaries(st.sampled_from("abcd"), members, min_size=2), agreed=values, rule=rules)
def test_p02_an_edit_is_only_overruled_by_a_rule(seen: dict[str, Held], agreed: Value, rule: MergeRule) -> None:
    """Without a rule, a value is taken only when nobody wants another."""
    decision = merge_field(seen, agreed, MergeRule(), absent=False)
    if isinstance(decision, Take):
        wanted = {one.value for one in seen.values() if one.value != one.base}
        assert wanted <= {decision.value}


@given(seen=st.dictionaries(st.sampled_from("abcd"), members, min_size=2), agreed=values, rule=rules)
def test_p01_applying_a_decision_settles_the_field(seen: dict[str, Held], agreed: Value, rule: MergeRule) -> None:
    """Once a value is written everywhere, the next run finds nothing to do."""
    decision = merge_field(seen, agreed, rule, absent=False)
    if isinstance(decision, Take | Converge | Redeliver):
        after = {system: Held(decision.value, decision.value) for system in seen}
        assert merge_field(after, decision.value, rule, absent=False) == Agree()
