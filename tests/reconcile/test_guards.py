# ruff: noqa: E501 - a row of a table is one line
"""Guards: what trips each of them, what an approval lets through, and that the same input gives the same verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.config import DEFAULT_LIMITS
from syncd.model.values import EMPTY, Value
from syncd.reconcile.guards import (
    CHANGESET_GUARDS,
    LISTING_GUARDS,
    NAMES,
    Evidence,
    Limits,
    Sighting,
    Twin,
    guard,
    identity_epoch,
    judge,
)
from syncd.reconcile.guards.base import Limit, key_of
from syncd.reconcile.types import Change, Changeset, Decided, Link, Operation, Outcome, Owed
from tests.reconcile.plain import link, linked, member

DEFAULTS = Limits(
    {"identity-epoch": Limit(count=3), "shrunken-side": Limit(0.25, 3), "too-many-changes": Limit(0.5, 3, hourly=4)}
)
OFF = frozenset(NAMES)


def test_every_guard_has_one_name() -> None:
    assert NAMES == (
        "scope",
        "permission",
        "identity-epoch",
        "empty-side",
        "shrunken-side",
        "delete",
        "too-many-changes",
    )


LIMITS = [
    # share, count, affected, known, reached
    (0.5, 1, 0, 0, False),
    (0.5, 1, 1, 0, True),
    (0.5, 1, 5, 10, True),
    (0.5, 1, 4, 10, False),
    (0.5, 6, 5, 10, False),
    (0.5, 5, 5, 10, True),
    (0.0, 1, 1, 1000, True),
    (0.0, 0, 0, 1000, False),
    (1.0, 1, 9, 10, False),
]


@pytest.mark.parametrize(("share", "count", "affected", "known", "reached"), LIMITS)
def test_a_limit_is_reached_by_share_and_count(
    share: float, count: int, affected: int, known: int, reached: bool
) -> None:
    assert Limit(share, count).reached(affected, known) is reached


# -- listings ----------------------------------------------------------------------------------------------------------


def sighting(
    listed: int = 10, known: int = 10, missing: int = 0, was: str = "here", now: str = "here", **more: Any
) -> Sighting:
    ids = tuple(f"p{n:02}" for n in range(missing))
    return Sighting("crm", "plan", listed, known, ids, now, was, **more)


HIDDEN: dict[str, Any] = {
    "unreadable": {"rates": "no right", "details.x": "no right"},
    "last_unreadable": {"details.x": "no right"},
}
SHOWN: dict[str, Any] = {"unreadable": {}, "last_unreadable": {"rates": "no right"}}
LISTINGS: list[tuple[str, Sighting, str | None, str]] = [
    ("all as it was", sighting(), None, ""),
    ("a first listing of nothing", sighting(0, 0, was=""), None, ""),
    ("a first listing", sighting(5, 0, was="", **HIDDEN), None, ""),
    ("nothing is listed though records are known", sighting(0, 2, 2), "empty-side", "crm lists no plan at all; 2 are known"),
    ("one of two is listed", sighting(1, 2, 1), None, ""),
    ("share and count are reached", sighting(9, 12, 3), "shrunken-side", "crm lacks 3 of 12 known plan records"),
    ("the count is not reached", sighting(3, 4, 1), None, ""),
    ("the share is not reached", sighting(10, 13, 3), None, ""),
    ("another address, tenant or filter", sighting(was="there"), "scope", "crm is reached under another address"),
    ("a part is not shown any more", sighting(**HIDDEN), "permission", "crm no longer shows rates to this account"),
    ("a part is shown again", sighting(**SHOWN), None, ""),
    ("none of the known is listed but others are", sighting(5, 4, 4), "identity-epoch", "crm lists none of 4 plan records any more, but others"),
    ("new ids were seen before the old ones were gone", sighting(8, 8, 4, twins=(Twin("p00", "n00", "Gold", "c"),)), "identity-epoch", "1 of them are there with the same content"),
    ("too few for an epoch of ids", sighting(5, 2, 2), "shrunken-side", "crm lacks 2 of 2 known plan records"),
    ("nothing at all is an empty side", sighting(0, 4, 4), "empty-side", ""),
    ("another world goes before an empty one", sighting(0, 2, 2, was="there"), "scope", ""),
]  # fmt: skip


@pytest.mark.parametrize(("why", "seen", "name", "said"), LISTINGS, ids=[row[0] for row in LISTINGS])
def test_p15_a_listing_is_believed_or_asked_about(why: str, seen: Sighting, name: str | None, said: str) -> None:
    trip = judge(seen, DEFAULTS)
    assert (trip.name if trip else None) == name, why
    if trip is not None and name is not None:
        assert said in trip.why
        question = trip.proposal()
        assert (question.kind, question.name, question.label, question.rule) == ("guard", name, "crm", f"guard {name}")
        assert [offer.choice for offer in question.offers] == ["approve", "reject"]
        assert (question.digest, question.evidence) == (trip.digest, trip.evidence)
        assert judge(seen, DEFAULTS) == trip, "the same input gives the same verdict"
        off = replace(DEFAULTS, off=frozenset({name}))
        forced, switched_off = judge(seen, DEFAULTS, {name}), judge(seen, off)
        assert forced == switched_off
        assert forced is None or forced.name != name
        assert judge(seen, DEFAULTS, NAMES) is None
        assert judge(seen, replace(DEFAULTS, off=OFF)) is None


def test_evidence_is_told_and_only_this_evidence_was_approved() -> None:
    scope, hidden = judge(sighting(was="there"), DEFAULTS), judge(sighting(**HIDDEN), DEFAULTS)
    assert scope
    assert hidden
    assert scope.evidence == ("was there", "is here")
    assert hidden.evidence == ("rates: no right",)
    few, more = judge(sighting(0, 30, 30), DEFAULTS), judge(sighting(0, 31, 31), DEFAULTS)
    assert few
    assert more
    assert few.evidence == tuple(f"p{n:02}" for n in range(20))
    assert few.digest != more.digest
    three, other = sighting(9, 12, 3), replace(sighting(9, 12, 3), missing=("p00", "p01", "p09"))
    digests = {each.digest for each in (judge(three, DEFAULTS), judge(other, DEFAULTS)) if each}
    assert len(digests) == 2, "other records are missing"


TWINS = (Twin("p00", "n0", "Gold", "c0"), Twin("p01", "n1", "Silver", "c1"))


def test_p20_ids_given_anew_are_shown_as_a_table_and_only_this_table_is_approved() -> None:
    """Old id -> new id by content, then what has no counterpart; what is merely new makes no other question."""
    seen = replace(sighting(4, 3, 3), twins=TWINS, strange=("n8", "n9"))
    asked = judge(seen, DEFAULTS)
    assert asked is not None
    assert asked.evidence == (
        "p00 -> n0 (Gold)",
        "p01 -> n1 (Silver)",
        "p02 -> nothing: no listed record, or not just one, holds the same",
        "nothing -> n8: no known record, or not just one, holds the same",
        "nothing -> n9: no known record, or not just one, holds the same",
    )
    assert "take over the 2 new ids" in asked.proposal().offers[0].effect
    same = replace(seen, listed=5, strange=("n7", "n8", "n9"))
    others = [
        replace(seen, twins=TWINS[:1]),
        replace(seen, twins=(TWINS[0], replace(TWINS[1], content="c2"))),
        replace(seen, twins=(TWINS[0], replace(TWINS[1], new="n8"))),
        replace(seen, missing=("p00", "p01", "p03")),
    ]
    trips = [judge(one, DEFAULTS) for one in (seen, same, *others)]
    digests = [one.digest for one in trips if one is not None]
    assert (digests[0] == digests[1], len(set(digests)), len(digests)) == (True, 5, 6)
    many = judge(replace(seen, strange=tuple(f"n{n:02}" for n in range(60))), DEFAULTS)
    assert many is not None
    assert (len(many.evidence), many.evidence[-1]) == (54, "… and 10 more new records")


HELD = [
    ("the same content", {"a": ("g", "1"), "b": ("g", "2")}, {"x": ("g", "2"), "y": ("g", "1")}, {"a": "y", "b": "x"}),
    ("another content", {"a": ("g", "1")}, {"x": ("g", "2")}, {}),
    ("another group", {"a": ("g", "1")}, {"x": ("h", "1")}, {}),
    ("two known ones hold the same", {"a": ("g", "1"), "b": ("g", "1")}, {"x": ("g", "1")}, {}),
    ("two listed ones hold the same", {"a": ("g", "1")}, {"x": ("g", "1"), "y": ("g", "1")}, {}),
]


@pytest.mark.parametrize(("why", "known", "listed", "twins"), HELD, ids=[row[0] for row in HELD])
def test_p20_a_twin_is_the_only_one_that_holds_the_same(why: str, known: Any, listed: Any, twins: Any) -> None:
    assert identity_epoch.twins_of(known, listed) == twins, why


SEEMS = [
    ("all known ones are gone", sighting(4, 4, 4), ["p00"], [], True),
    ("all linked ones are gone", sighting(9, 8, 4), ["p00", "p01", "p02"], ["n0"], True),
    ("a linked one is there", sighting(9, 8, 4), ["p00", "p01", "n0"], ["n0"], False),
    ("few are linked, and others are there", sighting(9, 8, 4), ["p00"], ["n0"], False),
    ("nothing is listed", sighting(0, 4, 4), [], [], False),
    ("few are gone", sighting(9, 2, 2), [], [], False),
]


@pytest.mark.parametrize(("why", "seen", "linked", "listed", "does"), SEEMS, ids=[row[0] for row in SEEMS])
def test_a_table_is_made_only_where_it_may_be_asked_about(
    why: str, seen: Sighting, linked: list[str], listed: list[str], does: bool
) -> None:
    assert identity_epoch.seems(seen, linked, listed, DEFAULTS) is does, why
    assert not identity_epoch.seems(seen, linked, listed, Limits())


def test_without_a_limit_a_guard_that_needs_one_is_off() -> None:
    assert judge(sighting(5, 10, 5), Limits()) is None
    assert judge(sighting(0, 10, 10), Limits()) is not None, "but this one needs none"


# -- what was decided --------------------------------------------------------------------------------------------------


def change(
    n: int = 1, system: str = "quote", path: str = "details.a", new: Value = "2", reason: str = "uncontested edit"
) -> Change:
    return Change(f"l{n}", system, f"{system}-{n}", path, "1", new, reason)


def outcome(
    n: int, *changes: Change, ends: Any = (), before: Link | None = None, after: Link | None = None, used: Any = ()
) -> Outcome:
    stands = linked({"details.a": "1", "rates.b": "1"}, id=f"l{n}", kind="plan")
    return Outcome(before or stands, after or before or stands, changes, tuple(ends), used=used)


def group(*outcomes: Outcome) -> Changeset:
    return Changeset("acme", outcomes)


def narrowed(
    whole: Changeset,
    limits: Limits = DEFAULTS,
    evidence: Evidence | None = None,
    approvals: Any = None,
    force: Any = (),
) -> Changeset:
    return guard(whole, evidence or Evidence(known=100), limits, approvals or {}, force)


def sent(whole: Changeset) -> list[str]:
    return [f"{each.link}:{each.system}" for one in whole.outcomes for each in (*one.changes, *one.operations)]


def approval(held: Changeset, name: str, choice: str = "approve") -> dict[str, Decided]:
    [question] = [each for each in held.proposals if each.name == name]
    return {name: Decided("q-1", "guard", "", name, question.digest, choice, ceiling=frozenset(question.ceiling))}


END = Operation("end", "l1", "quote", "quote-1", {}, "decision q-7")
CREATE = Operation("create", "l1", "web", "", {"details.a": "1"}, "decided when linked")
DELETES: list[tuple[str, Changeset, bool]] = [
    ("an end that nobody decided", group(outcome(1, ends=[END])), True),
    ("an end that an answer of this run decided", group(outcome(1, ends=[END], used=("q-7",))), False),
    ("an end that another answer is used for", group(outcome(1, ends=[END], used=("q-8",))), True),
    ("an end by rule", group(outcome(1, ends=[replace(END, reason="default")], used=("q-7",))), True),
    ("a create", group(outcome(1, ends=[CREATE])), False),
    ("a field that is cleared", group(outcome(1, change(new=EMPTY))), False),
]


@pytest.mark.parametrize(("why", "whole", "trips"), DELETES, ids=[row[0] for row in DELETES])
def test_p19_delete_holds_back_what_no_decision_names(why: str, whole: Changeset, trips: bool) -> None:
    after = narrowed(whole)
    assert (after.tripped == ("delete",)) is trips, why
    assert sent(after) == ([] if trips else sent(whole))
    if trips:
        assert after.proposals[-1].evidence == ("end quote-1 in quote",)


def cleared(before: dict[str, Value], after: dict[str, Value], owed: tuple[str, ...] = ()) -> tuple[Link, Link]:
    """Give a link before and after: what is agreed, and what one member is still owed."""
    was = linked(before, kind="plan")
    behind = dict.fromkeys(owed, Owed(1))
    return was, link(member("crm", after), member("quote", before, behind=behind), agreed=after, kind="plan")


A, B, R = "details.a", "details.b", "rates.r"
ALL = {A: "1", B: "1", R: "1"}
CLEARED: list[tuple[str, tuple[Link, Link], Any, bool]] = [
    ("a whole section is cleared", cleared(ALL, {R: "1"}), {}, True),
    ("one field of it is left", cleared(ALL, {A: "1", R: "1"}), {}, False),
    ("it had a single field", cleared(ALL, {A: "1", B: "1"}), {"path": R}, False),
    ("it was cleared in an earlier run and is still owed", cleared({R: "1"}, {R: "1"}, owed=(A, B)), {}, True),
    ("only one field is still owed", cleared({R: "1"}, {R: "1"}, owed=(A,)), {}, False),
    ("a person decided it", cleared(ALL, {R: "1"}), {"reason": "decision q-1 of ann"}, False),
    ("something is written, not cleared", cleared(ALL, {R: "1"}), {"new": "2"}, False),
    ("another section is cleared in one field", cleared(ALL, {R: "1"}), {"path": R}, False),
    ("generic records have no sections", cleared({"a": "1", "b": "1"}, {}), {"path": "a"}, False),
]


@pytest.mark.parametrize(("why", "links", "more", "trips"), CLEARED, ids=[row[0] for row in CLEARED])
def test_empty_side_holds_back_a_section_that_was_cleared(
    why: str, links: tuple[Link, Link], more: Any, trips: bool
) -> None:
    write = change(**({"new": EMPTY} | more))
    whole = group(outcome(1, write, before=links[0], after=links[1]), outcome(2, change(2)))
    after = narrowed(whole)
    assert after.tripped == (("empty-side",) if trips else ()), why
    assert sent(after) == (["l2:quote"] if trips else ["l1:quote", "l2:quote"]), "work elsewhere goes on"


def many(plans: int, systems: tuple[str, ...] = ("quote",)) -> Changeset:
    return group(*(outcome(n, *(change(n, system) for system in systems)) for n in range(1, plans + 1)))


MANY: list[tuple[str, Changeset, Evidence, str, int]] = [
    ("share and count are reached", many(5), Evidence(10), "5 of 10 plans of the group would be written in one run", 0),
    ("the share is not reached", many(4), Evidence(9), "", 4),
    ("the count is not reached", many(2), Evidence(2), "", 2),
    ("nothing is known", many(3), Evidence(0), "3 of 0 plans", 0),
    ("two systems of one plan are one plan", many(2, ("quote", "web")), Evidence(2), "", 4),
    (
        "too many within the hour",
        many(3),
        Evidence(100, {"quote": 2}),
        "quote would take 5 writes within an hour; the limit is 4",
        0,
    ),
    ("as many as the hour allows", many(3), Evidence(100, {"quote": 1}), "", 3),
    ("many of another system", many(3), Evidence(100, {"web": 99}), "", 3),
    ("only the busy system is held", many(3, ("quote", "web")), Evidence(100, {"quote": 2}), "quote would take 5", 3),
    (
        "two fields of a record are one write",
        group(outcome(1, *(change(path=f"details.{p}") for p in "abcdef"))),
        Evidence(100),
        "",
        6,
    ),
    (
        "a create is a write",
        group(*(outcome(n, ends=[replace(CREATE, link=f"l{n}")]) for n in range(5))),
        Evidence(100),
        "web would take 5",
        0,
    ),
    ("nothing to do", group(), Evidence(0), "", 0),
]


@pytest.mark.parametrize(("why", "whole", "evidence", "said", "left"), MANY, ids=[row[0] for row in MANY])
def test_too_many_changes(why: str, whole: Changeset, evidence: Evidence, said: str, left: int) -> None:
    after = narrowed(whole, evidence=evidence)
    assert after.tripped == (("too-many-changes",) if said else ()), why
    assert len(sent(after)) == left
    if said:
        assert said in after.proposals[-1].why
        assert len(after.proposals[-1].evidence) == len(sent(whole)) - left


def test_without_an_hourly_limit_the_hour_does_not_count() -> None:
    limits = Limits({"too-many-changes": Limit(0.5, 3)})
    assert narrowed(many(3), limits, Evidence(100, {"quote": 999})).tripped == ()


# -- what all guards of a changeset share -----------------------------------------------------------------------------------

TRIPPING: dict[str, tuple[Changeset, Evidence]] = {
    "delete": (group(outcome(1, ends=[END])), Evidence(100)),
    "empty-side": (
        group(outcome(1, change(new=EMPTY), before=cleared(ALL, {})[0], after=cleared(ALL, {})[1])),
        Evidence(100),
    ),
    "too-many-changes": (many(5), Evidence(10)),
}


def test_every_guard_is_tried_below() -> None:
    assert set(TRIPPING) == set(CHANGESET_GUARDS)
    assert set(LISTING_GUARDS) == {row[2] for row in LISTINGS if row[2]}


@pytest.mark.parametrize("name", TRIPPING)
def test_p16_the_same_input_gives_the_same_verdict(name: str) -> None:
    whole, evidence = TRIPPING[name]
    first, second = (narrowed(whole, evidence=evidence) for _ in range(2))
    assert first == second
    assert first.tripped == (name,)
    assert [outcome.after for outcome in first.outcomes] == [outcome.after for outcome in whole.outcomes], (
        "what is held back stays owed"
    )
    turned = narrowed(replace(whole, outcomes=whole.outcomes[::-1]), evidence=evidence)
    assert turned.proposals[-1].digest == first.proposals[-1].digest


@pytest.mark.parametrize("name", [each for each in TRIPPING if each != "delete"])
def test_a_guard_can_be_off(name: str) -> None:
    whole, evidence = TRIPPING[name]
    assert narrowed(whole, replace(DEFAULTS, off=frozenset({name})), evidence) == whole


@pytest.mark.parametrize("name", TRIPPING)
def test_force_overrides_one_guard_for_one_run(name: str) -> None:
    whole, evidence = TRIPPING[name]
    assert narrowed(whole, evidence=evidence, force={name}) == whole
    assert narrowed(whole, evidence=evidence, force=set(NAMES) - {name}).tripped == (name,)


@pytest.mark.parametrize("name", TRIPPING)
def test_p17_an_approval_is_a_ceiling_and_is_used_up(name: str) -> None:
    whole, evidence = TRIPPING[name]
    held = narrowed(whole, evidence=evidence)
    yes = approval(held, name)
    let = narrowed(whole, evidence=evidence, approvals=yes)
    assert (sent(let), let.tripped, let.used, let.proposals) == (sent(whole), (), ("q-1",), ())
    more = replace(
        whole,
        outcomes=(
            *whole.outcomes,
            *(
                replace(
                    one,
                    changes=tuple(replace(c, new=EMPTY if c.new is EMPTY else "3") for c in one.changes),
                    operations=tuple(replace(o, system="web") for o in one.operations),
                )
                for one in whole.outcomes
            ),
        ),
    )
    if name == "empty-side":
        more = replace(
            whole,
            outcomes=tuple(
                replace(one, changes=(*one.changes, *(replace(c, path=B) for c in one.changes)))
                for one in whole.outcomes
            ),
        )
    over = narrowed(more, evidence=evidence, approvals=yes)
    assert sent(over) == sent(whole), "at most what was shown"
    assert (over.tripped, over.used) == ((name,), ("q-1",))
    assert not set(over.proposals[-1].ceiling) & set(yes[name].ceiling), "more is asked again"


@pytest.mark.parametrize("name", TRIPPING)
def test_a_refusal_lets_nothing_through_and_asks_the_same(name: str) -> None:
    whole, evidence = TRIPPING[name]
    held = narrowed(whole, evidence=evidence)
    again = narrowed(whole, evidence=evidence, approvals=approval(held, name, "reject"))
    assert again == held


@pytest.mark.parametrize("name", ["delete", "empty-side"])
def test_an_approval_is_used_up_even_when_nothing_needs_it_any_more(name: str) -> None:
    whole, evidence = TRIPPING[name]
    yes = approval(narrowed(whole, evidence=evidence), name)
    after = narrowed(group(outcome(9, change(9))), evidence=evidence, approvals=yes)
    assert (after.used, sent(after), after.proposals) == (("q-1",), ["l9:quote"], ())


def test_guards_stand_one_behind_the_other() -> None:
    """What one holds back, the next does not count."""
    both = group(*TRIPPING["empty-side"][0].outcomes, *(outcome(n, change(n)) for n in range(2, 4)))
    limits = Limits({"too-many-changes": Limit(0.0, 3)})
    assert narrowed(both, limits).tripped == ("empty-side",)
    assert narrowed(both, limits, force={"empty-side"}).tripped == ("too-many-changes",)


def test_a_long_list_is_cut_but_the_ceiling_is_whole() -> None:
    held = narrowed(many(60), evidence=Evidence(60)).proposals[-1]
    assert len(held.evidence) == 51
    assert held.evidence[0] == "quote quote-1 details.a: 1 -> 2"
    assert held.evidence[-1] == "… and 10 more"
    assert len(held.ceiling) == 60
    assert held.offers[0].effect == "let these 60 writes through, once; more than these is asked again"
    assert narrowed(many(50), evidence=Evidence(50)).proposals[-1].evidence[-1].startswith("quote quote-50")
    create = narrowed(group(outcome(1, ends=[CREATE])), Limits({"too-many-changes": Limit(0.0, 1)})).proposals[-1]
    assert create.evidence == ("create in web",)


def test_a_key_is_of_where_what_and_the_value() -> None:
    keys = [
        change(),
        change(2),
        change(system="web"),
        change(path=B),
        change(new="3"),
        END,
        replace(END, system="web"),
        replace(END, op="create"),
    ]
    assert len({key_of(each) for each in keys}) == len(keys)
    assert key_of(change()) == key_of(replace(change(), old="0", reason="another"))


counts = st.integers(min_value=0, max_value=30)


@given(
    plans=counts,
    known=counts,
    hour=counts,
    share=st.sampled_from([0.0, 0.3, 1.0]),
    count=st.integers(0, 10),
    hourly=st.sampled_from([None, 0, 5]),
)
def test_p16_a_guard_only_takes_away(
    plans: int, known: int, hour: int, share: float, count: int, hourly: int | None
) -> None:
    """What is let through was decided, in its order; what is not let through is asked about; approving it all lets it all through."""
    whole, limits = many(plans), Limits({"too-many-changes": Limit(share, count, hourly)})
    evidence = Evidence(known, {"quote": hour})
    after = narrowed(whole, limits, evidence)
    assert sent(after) in (sent(whole), [])
    assert (after.proposals == ()) is (sent(after) == sent(whole))
    if after.proposals:
        assert sent(narrowed(whole, limits, evidence, approval(after, "too-many-changes"))) == sent(whole)


# -- small clients -----------------------------------------------------------------------------------------------------

SMALL = [
    # known, affected: does a listing that lacks them trip, and a run that would write them?
    (2, 1, False, False),
    (2, 2, True, False),
    (3, 1, False, False),
    (3, 2, True, False),
    (4, 1, False, False),
    (4, 2, True, False),
    (5, 4, True, True),
    (6, 2, False, False),
    (6, 3, True, False),
    (7, 4, True, True),
    (8, 3, False, False),
    (8, 4, True, True),
    (9, 4, True, False),
    (10, 4, False, False),
    (10, 5, True, True),
    (40, 5, False, False),
    (40, 12, True, False),
    (40, 20, True, True),
    (100, 49, True, False),
    (100, 50, True, True),
]


@pytest.mark.parametrize(("known", "affected", "shrunken", "changed"), SMALL)
def test_b1_counts_scale_down_with_small_clients(known: int, affected: int, shrunken: bool, changed: bool) -> None:
    """B1: by the shipped limits half of 8 plans trips, whether they are missing or would be written; 1 of 2 never."""
    limits = Limits({name: Limit(**one) for name, one in DEFAULT_LIMITS.items()})  # type: ignore[arg-type]
    seen = sighting(known - affected, known, affected)
    assert (judge(seen, limits, {"empty-side", "identity-epoch"}) is not None) is shrunken
    assert bool(narrowed(many(affected), limits, Evidence(known)).tripped) is changed
