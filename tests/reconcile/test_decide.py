# ruff: noqa: E501 - a row of a table is one line
"""Decide a link: what becomes of agreed values, bases and debts, why, and what a person's answer does."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model.values import EMPTY, Unparsed, Value
from syncd.reconcile.answers import match
from syncd.reconcile.decide import decide
from syncd.reconcile.rules import Rules
from syncd.reconcile.types import UNSEEN, AllSurfaces, Away, Link, LinkView, Lost, Outcome, Owed
from tests.reconcile.plain import (
    NAMES,
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
    stray,
    view,
    writes,
)

EE, ES, FAM = "rates[2026-01-01].ee", "rates[2026-01-01].es", "rates[2026-01-01].fam"
BASE: dict[str, Value] = {"name": "Gold", "phone": "1"}
OWNER = {"default": {"on_conflict": "source_of_truth", "source_of_truth": "crm"}}


# -- what follows from an edit -----------------------------------------------------------------------------------------


def test_an_uncontested_edit_becomes_agreed_and_is_owed_until_it_is_confirmed() -> None:
    """The editor's base moves at once, a target's only when its write is confirmed."""
    outcome = judged(linked(BASE), {"crm": BASE | {"phone": "2"}, "quote": BASE})
    [change] = outcome.changes
    assert (change.system, change.id, change.path, change.old, change.new) == ("quote", "quote-1", "phone", "1", "2")
    assert change.reason == "uncontested edit"
    assert outcome.after.agreed == BASE | {"phone": "2"}
    assert outcome.after.revision == 2
    assert (based(outcome, "crm"), based(outcome, "quote")) == (BASE | {"phone": "2"}, BASE)
    assert outcome.after.members[1].behind == {"phone": Owed(2)}
    assert outcome.settled
    assert outcome.losers == ()


def test_every_link_is_decided_on_one_path() -> None:
    """M3: what a lens can make of values changes nothing about how an edit is decided; no link takes a shorter way."""
    rounding = Takes(rounds=lambda _, value: value)
    for name in ("crm", "quote"):
        for edits in ({"phone": "2"}, {"phone": EMPTY}, {"phone": "2", "name": "Silver"}):
            held = {path: value for path, value in (BASE | edits).items() if value is not EMPTY}
            sights = {"crm": BASE, "quote": BASE} | {name: held}
            plain = judged(linked(BASE), sights)
            assert judged(linked(BASE), sights, surfaces={"crm": rounding, "quote": rounding}) == plain


def test_p07_equal_edits_move_bases_and_write_nothing() -> None:
    new = BASE | {"phone": "2"}
    outcome = judged(linked(BASE), {"crm": new, "quote": new})
    assert (outcome.changes, outcome.proposals, outcome.settled) == ((), (), True)
    assert (outcome.after.agreed, based(outcome, "crm"), based(outcome, "quote")) == (new, new, new)


def test_p07_a_lost_base_with_equal_records_costs_nothing() -> None:
    lost = link(*(member(name, {}, unseen=frozenset({""})) for name in ("crm", "quote")), agreed={})
    outcome = judged(lost, {"crm": BASE, "quote": BASE})
    assert (outcome.changes, outcome.proposals, outcome.settled) == ((), (), True)
    assert [one.unseen for one in outcome.after.members] == [frozenset(), frozenset()]
    assert outcome.after.agreed == BASE


def test_p06_a_contested_field_stays_and_its_neighbours_sync() -> None:
    sights = {"crm": {"name": "A", "phone": "2"}, "quote": {"name": "B", "phone": "1"}}
    outcome = judged(linked(BASE), sights)
    assert asked(outcome) == [("conflict", "name")]
    assert writes(outcome) == {("quote", "phone", "2")}
    assert outcome.after.agreed == {"name": "Gold", "phone": "2"}
    assert based(outcome, "crm") == {"name": "Gold", "phone": "2"}
    assert based(outcome, "quote") == BASE
    assert not outcome.settled


def test_an_edit_taken_back_before_the_answer_closes_the_question() -> None:
    outcome = judged(linked(BASE), {"crm": BASE | {"name": "A"}, "quote": BASE | {"name": "B"}})
    later = judged(outcome.after, {"crm": BASE, "quote": BASE | {"name": "B"}})
    assert (asked(later), writes(later)) == ([], {("crm", "name", "B")})


def test_an_owner_wins_a_conflict_and_the_loser_is_kept() -> None:
    outcome = judged(linked(BASE), {"crm": BASE | {"name": "A"}, "quote": BASE | {"name": "B"}}, OWNER)
    assert writes(outcome) == {("quote", "name", "A")}
    assert reasons(outcome.changes) == {"default"}
    assert outcome.losers == (("quote", "name", "B", "default"),)


def test_the_newest_edit_does_not_win_over_a_value_that_its_editor_never_saw() -> None:
    """What is still owed to an editor has no time of its own, so it cannot lose to one."""
    one = link(member("crm", BASE), member("quote", BASE | {"name": "Old"}, behind={"name": Owed(1)}))
    sights = {"crm": seen(BASE | {"name": "A"}, modified=100.0), "quote": seen(BASE | {"name": "B"}, modified=900.0)}
    newest = {"default": {"on_conflict": "newest"}}
    outcome = judged(one, sights, newest)
    assert (outcome.changes, asked(outcome)) == ((), [("conflict", "name")])
    free = judged(linked(BASE), sights, newest)
    assert writes(free) == {("crm", "name", "B")}


def test_a_mirror_says_that_it_is_one() -> None:
    rules = {"default": {"mode": "mirror", "source_of_truth": "crm", "on_drift": "overwrite"}}
    outcome = judged(linked(BASE), {"crm": BASE, "quote": BASE | {"name": "B"}}, rules)
    assert writes(outcome) == {("quote", "name", "Gold")}
    assert reasons(outcome.changes) == {"default"}
    asking = {"default": {"all": {"mode": "mirror", "source_of_truth": "crm"}}}
    [question] = judged(linked(BASE), {"crm": BASE, "quote": BASE | {"name": "B"}}, asking).proposals
    assert question.rule == "default.all"


DRIFT = {"default": {"mode": "mirror", "source_of_truth": "crm", "on_drift": "overwrite"}}
MIRRORS: list[tuple[str, dict[str, Value], Any, Any]] = [
    ("an owner that is owed the agreed value does not bring back what it held", {"name": "Old"},
     {"crm": BASE | {"name": "Old"}, "quote": BASE | {"name": "B"}}, {("crm", "name", "Gold"), ("quote", "name", "Gold")}),
    ("an owner that is owed a value and typed another one is followed", {"name": "Old"},
     {"crm": BASE | {"name": "Mine"}, "quote": BASE | {"name": "B"}}, {("quote", "name", "Mine")}),
    ("an owner's table that is owed a part is the agreed one", {EE: "0"},
     {"crm": {EE: "0", ES: "2"}, "quote": {EE: "1", ES: "6"}}, {("crm", EE, "1"), ("quote", ES, "2")}),
    ("an owner's table that it edited is its own", {EE: "0"},
     {"crm": {EE: "0", ES: "3"}, "quote": {EE: "1", ES: "6"}}, {("quote", EE, "0"), ("quote", ES, "3")}),
]  # fmt: skip


@pytest.mark.parametrize(("why", "owed_", "sights", "wanted"), MIRRORS, ids=[row[0] for row in MIRRORS])
def test_drift_is_overwritten_with_what_the_owner_wants(why: str, owed_: Any, sights: Any, wanted: Any) -> None:
    base: dict[str, Value] = {EE: "1", ES: "2"} if EE in owed_ else BASE
    behind = dict.fromkeys(owed_, Owed(1))
    one = link(member("crm", base | owed_, behind=behind), member("quote", base), agreed=base)
    outcome = judged(one, sights, DRIFT)
    assert (writes(outcome), outcome.proposals) == (wanted, ()), why


RULED = [
    ("a rule for these two editors", {"pairs": {"crm+quote": OWNER["default"]}}, {("quote", "name", "A"), ("web", "name", "A")}),
    ("a rule for two others", {"pairs": {"crm+web": OWNER["default"]}}, set()),
    ("a rule for this link by label", {"links": {"Gold": OWNER["default"]}}, {("quote", "name", "A"), ("web", "name", "A")}),
    ("a rule for this group", {"groups": {"acme": OWNER["default"]}}, {("quote", "name", "A"), ("web", "name", "A")}),
    ("a rule that holds while another field says so", {"default": OWNER["default"] | {"when": {"phone": "1"}}},
     {("quote", "name", "A"), ("web", "name", "A")}),
    ("a rule whose condition is gone", {"default": OWNER["default"] | {"when": {"phone": "2"}}}, set()),
]  # fmt: skip


@pytest.mark.parametrize(("why", "rules", "wanted"), RULED, ids=[row[0] for row in RULED])
def test_the_rule_of_the_place_decides(why: str, rules: Any, wanted: Any) -> None:
    sights = {"crm": BASE | {"name": "A"}, "quote": BASE | {"name": "B"}, "web": BASE}
    assert writes(judged(linked(BASE, "crm", "quote", "web"), sights, rules)) == wanted, why


def test_a_source_named_when_linking_decides_its_section() -> None:
    one = linked({"details.name": "Gold", "benefits.x": "1"}, sources={"details": "crm"})
    sights = {"crm": {"details.name": "A", "benefits.x": "2"}, "quote": {"details.name": "B", "benefits.x": "3"}}
    outcome = judged(one, sights)
    assert writes(outcome) == {("quote", "details.name", "A")}
    assert reasons(outcome.changes) == {"link decision: details from crm"}
    assert asked(outcome) == [("conflict", "benefits.x")]


def test_an_owed_value_is_written_again_and_the_revision_stays() -> None:
    one = link(member("crm", BASE), member("quote", BASE | {"phone": "0"}, behind={"phone": Owed(1)}))
    outcome = judged(one, {"crm": BASE, "quote": BASE | {"phone": "0"}})
    assert writes(outcome) == {("quote", "phone", "1")}
    assert reasons(outcome.changes) == {"owed since revision 1"}
    assert (outcome.after.revision, outcome.after.agreed) == (1, BASE)


# -- members that are not there ----------------------------------------------------------------------------------------


def test_an_edit_flows_while_another_member_is_away_and_the_link_is_not_in_step() -> None:
    sights = {"crm": BASE | {"phone": "2"}, "quote": BASE, "web": Away("down")}
    outcome = judged(linked(BASE, "crm", "quote", "web"), sights)
    assert writes(outcome) == {("quote", "phone", "2")}
    assert (owed(outcome, "web"), outcome.settled) == ({"phone"}, False)


@pytest.mark.parametrize("sights", [{"web": Away("down")}, {"web": Lost("404")}, {}])
def test_a_link_is_in_step_only_when_every_member_was_read(sights: dict[str, Any]) -> None:
    one = linked(BASE, "crm", "quote", "web")
    assert judged(one, {"crm": BASE, "quote": BASE, "web": BASE}).settled
    assert not judged(one, {"crm": BASE, "quote": BASE, **sights}).settled


def test_a_newcomer_that_is_away_stays_one() -> None:
    one = link(member("crm", BASE), member("quote", {}, unseen=frozenset({""})))
    outcome = judged(one, {"crm": BASE, "quote": Away("down")})
    assert outcome.after.members[1].unseen == {""}
    assert not outcome.settled


def test_a_newcomer_alone_waits_for_the_other() -> None:
    """Nothing is agreed yet, so nothing is agreed by default because only one was read."""
    one = link(*(member(name, {}, unseen=frozenset({""})) for name in ("crm", "quote")), agreed={})
    outcome = judged(one, {"crm": BASE, "quote": Away("down")})
    assert outcome.after.members[0].unseen == {"name", "phone"}
    assert (outcome.after.agreed, outcome.changes, outcome.proposals) == ({}, (), ())


def test_a_newcomer_that_differs_asks_in_that_field_and_adopts_the_rest() -> None:
    one = link(member("crm", BASE), member("quote", {}, unseen=frozenset({""})))
    outcome = judged(one, {"crm": BASE, "quote": BASE | {"name": "B"}})
    assert asked(outcome) == [("conflict", "name")]
    assert outcome.after.members[1].unseen == {"name"}
    assert based(outcome, "quote") == {"phone": "1"}
    [told] = [question.members for question in outcome.proposals]
    assert told["quote"] == {"id": "quote-1", "value": "B", "base": "(never agreed)"}


def test_a_member_of_a_system_that_is_not_configured_is_away_for_good() -> None:
    """Its link goes on without it: it may hold anything and takes nothing."""
    whole = view(LinkView(linked(BASE, "crm", "quote", "old"), {
        "crm": seen(BASE | {"phone": "2"}), "quote": seen(BASE), "old": Away("the system is not configured")}))  # fmt: skip
    whole = replace(whole, surfaces=AllSurfaces(whole.surfaces))
    [outcome] = decide(whole, {}, Rules(), NOW).outcomes
    assert writes(outcome) == {("quote", "phone", "2")}
    assert owed(outcome, "old") == {"phone"}
    nowhere = whole.surfaces["old", "generic"]
    assert (nowhere.create, nowhere.update, nowhere.carries("x"), nowhere.exact) == (False, False, True, True)
    assert (nowhere.unwritable("x"), nowhere.nearest("x", "1"), nowhere.codec_of("x")) == (
        "the system is not configured",
        "1",
        "",
    )


# -- answers -----------------------------------------------------------------------------------------------------------

TWO = {"crm": BASE | {"name": "A"}, "quote": BASE | {"name": "B"}}
ANSWERS: list[tuple[str, str, Value | None, Any, Value]] = [
    ("one side", "crm", None, {("quote", "name", "A")}, "A"),
    ("the other side", "quote", None, {("crm", "name", "B")}, "B"),
    ("a typed value", "value", "C", {("crm", "name", "C"), ("quote", "name", "C")}, "C"),
    ("a typed blank", "value", None, {("crm", "name", EMPTY), ("quote", "name", EMPTY)}, EMPTY),
    ("what was agreed", "agreed", None, {("crm", "name", "Gold"), ("quote", "name", "Gold")}, "Gold"),
]


@pytest.mark.parametrize(("why", "choice", "value", "wanted", "agreed"), ANSWERS, ids=[row[0] for row in ANSWERS])
def test_an_answer_decides_its_field(why: str, choice: str, value: Any, wanted: Any, agreed: Value) -> None:
    [question] = judged(linked(BASE), TWO).proposals
    outcome = judged(linked(BASE), TWO, answers=[answer(question, choice, value)])
    assert writes(outcome) == wanted, why
    assert outcome.after.agreed.get("name", EMPTY) == agreed
    assert (outcome.used, outcome.proposals) == (("q-1",), ())
    assert reasons(outcome.changes) == {"decision q-1 of ann"}
    losers = {(system, path, held) for system, path, held, _ in outcome.losers}
    assert losers == {(name, "name", TWO[name]["name"]) for name in TWO if TWO[name]["name"] != agreed}


UNUSED = [
    ("ignore leaves everything", "ignore", {}),
    ("a system that is no party to it", "web", {}),
    ("an answer to something else", "crm", {"digest": "another"}),
]


@pytest.mark.parametrize(("why", "choice", "more"), UNUSED, ids=[row[0] for row in UNUSED])
def test_p26_an_answer_that_does_not_fit_leaves_the_question(why: str, choice: str, more: Any) -> None:
    [question] = judged(linked(BASE), TWO).proposals
    outcome = judged(linked(BASE), TWO, answers=[answer(question, choice, **more)])
    assert outcome.proposals == (question,), why
    assert (outcome.used, outcome.changes) == ((), ())
    assert outcome.after.agreed == BASE


def test_an_answer_without_a_name_is_a_persons_all_the_same() -> None:
    [question] = judged(linked(BASE), TWO).proposals
    outcome = judged(linked(BASE), TWO, answers=[answer(question, "crm", by="")])
    assert reasons(outcome.changes) == {"decision q-1 of a person"}


def test_an_answer_about_a_system_that_is_away_waits() -> None:
    """The value that it names is not known now; the others are not written with a guess."""
    one = linked(BASE, "crm", "quote", "web")
    sights = TWO | {"web": BASE | {"name": "C"}}
    [question] = judged(one, sights).proposals
    outcome = judged(
        one, {"crm": Away("down"), "quote": TWO["quote"], "web": sights["web"]}, answers=[answer(question, "crm")]
    )
    assert asked(outcome) == [("conflict", "name")]
    assert outcome.changes == ()


def test_an_answer_counts_only_for_the_values_it_was_given_on() -> None:
    [question] = judged(linked(BASE), TWO).proposals
    moved = {"crm": BASE | {"name": "A2"}, "quote": TWO["quote"]}
    assert judged(linked(BASE), moved, answers=[answer(question, "crm")]).changes == ()


def test_an_answer_to_a_table_takes_it_whole() -> None:
    base: dict[str, Value] = {EE: "1", ES: "2"}
    one = linked(base)
    sights = {"crm": {EE: "5", ES: "2"}, "quote": {EE: "1", ES: "6"}}
    [question] = judged(one, sights).proposals
    assert question.name == "rates[2026-01-01]"
    assert [offer.choice for offer in question.offers] == ["crm", "quote", "ignore"]
    outcome = judged(one, sights, answers=[answer(question, "crm")])
    assert writes(outcome) == {("quote", EE, "5"), ("quote", ES, "2")}


def test_p03_a_rounded_cell_of_the_chosen_table_is_written_nowhere() -> None:
    """crm keeps one decimal and made 601.8 of the agreed 601.75: nobody typed that, so to choose its table for another
    cell sends it to no one; the offer says what each cell counts as."""
    tenths = Takes(rounds=lambda _, value: "601.8" if value == "601.75" else value)
    base: dict[str, Value] = {EE: "601.75", ES: "2"}
    one = link(member("crm", {EE: "601.8", ES: "2"}), member("quote", base), member("web", base), agreed=base)
    sights = {"crm": {EE: "601.8", ES: "5"}, "quote": {EE: "601.75", ES: "6"}, "web": base}
    [question] = judged(one, sights, surfaces={"crm": tenths}).proposals
    assert question.offers[0].effect == f"take what crm holds ({EE} as 601.75); write it to quote, web"
    outcome = judged(one, sights, answers=[answer(question, "crm")], surfaces={"crm": tenths})
    assert writes(outcome) == {("quote", ES, "5"), ("web", ES, "5")}
    assert outcome.after.agreed == {EE: "601.75", ES: "5"}


def test_p02_a_typed_value_is_not_taken_back_by_the_one_it_was_rounded_from() -> None:
    """A person typed the very 601.8 that crm made of 601.75; web could not be written yet and still holds 601.75."""
    tenths = Takes(rounds=lambda _, value: "601.8" if value == "601.75" else value)
    debt = {"name": Owed(2)}
    one = link(
        member("crm", {"name": "601.8"}), member("web", {"name": "601.75"}, behind=debt), agreed={"name": "601.8"}
    )
    outcome = judged(one, {"crm": {"name": "601.8"}, "web": {"name": "601.75"}}, surfaces={"crm": tenths})
    assert writes(outcome) == {("web", "name", "601.8")}
    assert outcome.after.agreed == {"name": "601.8"}


def test_cells_that_the_chosen_system_does_not_carry_stay_as_they_are() -> None:
    """Newcomers stay newcomers there: what nobody answered is asked, never won by who is left."""
    newcomer = frozenset({""})
    one = link(*(member(name, {}, unseen=newcomer) for name in ("crm", "quote", "web")), agreed={})
    crm = {"crm": Takes((EE,))}
    sights = {"crm": {EE: "1"}, "quote": {EE: "2", ES: "5"}, "web": {EE: "2"}}
    [question] = judged(one, sights, surfaces=crm).proposals
    outcome = judged(one, sights, answers=[answer(question, "crm")], surfaces=crm)
    assert writes(outcome) == {("quote", EE, "1"), ("web", EE, "1")}
    assert [one.unseen for one in outcome.after.members] == [frozenset(), {ES}, {ES}]
    paid = {"crm": {EE: "1"}, "quote": {EE: "1", ES: "5"}, "web": {EE: "1"}}
    later = judged(confirmed(outcome), paid, surfaces=crm)
    assert (later.changes, asked(later)) == ((), [("conflict", "rates[2026-01-01]")])


def test_an_accepted_answer_may_be_handed_off() -> None:
    surfaces = {"quote": Takes(closed={"name": "read-only"})}
    [question] = judged(linked(BASE), TWO, surfaces=surfaces).proposals
    outcome = judged(linked(BASE), TWO, answers=[answer(question, "crm")], surfaces=surfaces)
    assert asked(outcome) == [("hand-off", "quote:name")]
    assert outcome.used == ("q-1",)


# -- a whole group -----------------------------------------------------------------------------------------------------


def test_a_group_is_judged_as_a_whole_or_only_in_some_links() -> None:
    """A look at some links leaves the questions of the group alone."""
    one = LinkView(linked(BASE), {"crm": seen(BASE), "quote": seen(BASE)})
    strays = [stray("web", "w1")]
    whole = decide(view(one, strays=strays), {}, Rules(), NOW)
    assert (whole.judged, asked(whole)) == ({"l1", ""}, [("link-plans", "web:w1")])
    assert whole.changes == ()
    part = decide(view(one, whole=False), {}, Rules(), NOW)
    assert (part.judged, asked(part)) == ({"l1"}, [])


def test_p23_one_link_changes_nothing_for_another() -> None:
    views = [
        LinkView(linked(BASE, id=f"l{n}"), {"crm": seen(BASE | {"name": name}), "quote": seen(BASE | {"name": other})})
        for n, (name, other) in enumerate((("A", "Gold"), ("A", "B"), ("Gold", "B")))
    ]
    together = decide(view(*views), {}, Rules(), NOW).outcomes
    alone = [decide(view(each), {}, Rules(), NOW).outcomes[0] for each in views]
    assert list(together) == alone


# -- laws --------------------------------------------------------------------------------------------------------------

PATHS = ("name", "phone", EE, ES)
values = st.sampled_from(["a", "b", "c", EMPTY])
flats = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(["a", "b", "c"]))
ruled = st.sampled_from(
    [
        {},
        OWNER,
        {"default": {"blanks": "overwrite"}},
        {"default": {"on_conflict": "newest", "blanks": "overwrite"}},
        {"default": {"mode": "mirror", "source_of_truth": "crm", "on_drift": "overwrite", "blanks": "overwrite"}},
    ]
)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Link, dict[str, Any]]:
    """A base world, edited per system; some members behind, some newcomers, some away."""
    base = draw(flats)
    members, sights = [], {}
    for name in draw(st.sampled_from([NAMES[:2], NAMES[:3]])):
        edits = draw(st.dictionaries(st.sampled_from(PATHS), values, max_size=2))
        holds = {path: value for path, value in {**base, **edits}.items() if value is not EMPTY}
        behind = dict.fromkeys(draw(st.sets(st.sampled_from(PATHS), max_size=1)), Owed(1))
        unseen = draw(st.sampled_from([frozenset(), frozenset(), frozenset({""}), frozenset({"name"})]))
        members.append(member(name, {} if "" in unseen else base, unseen=unseen, behind=behind))
        stamp = draw(st.sampled_from([None, 10.0, 100.0]))
        sights[name] = draw(st.sampled_from([seen(holds, modified=stamp)] * 4 + [Away("down")]))
    return link(*members, agreed=base), sights


@given(world=worlds(), rules=ruled)
def test_p03_p04_only_what_moved_is_written_and_nothing_is_invented(world: Any, rules: Any) -> None:
    """Every written value is one that some system holds or that was agreed, and only where somebody moved or is owed."""
    one, sights = world
    outcome = judged(one, sights, rules)
    for change in outcome.changes:
        held = {sight.flat.get(change.path, EMPTY) for sight in sights.values() if not isinstance(sight, Away)}
        assert change.new in held | {one.agreed.get(change.path, EMPTY)}
        moved = {
            each.system
            for each in one.members
            if not isinstance(sights[each.system], Away)
            and (
                each.unseen
                or change.path in each.behind
                or sights[each.system].flat.get(change.path, EMPTY) != each.base.get(change.path, EMPTY)
                or change.path in (EE, ES)
            )
        }
        assert moved
        assert change.old == sights[change.system].flat.get(change.path, EMPTY) != change.new


@given(world=worlds(), rules=ruled, lacks=st.frozensets(st.sampled_from(PATHS), min_size=1, max_size=2))
def test_what_a_record_lacks_is_as_if_its_system_did_not_carry_it(world: Any, rules: Any, lacks: Any) -> None:
    """Not to be carried is not to be empty: such a member is asked for nothing, told nothing and asked about nothing."""
    one, sights = world
    first, *others = one.members
    if isinstance(sights[first.system], Away):
        return
    bare = replace(first, base=without(first.base, lacks), behind=without(first.behind, lacks))
    held = seen(without(sights[first.system].flat, lacks), modified=sights[first.system].modified)
    one = replace(one, members=(bare, *others))
    by_record = judged(one, sights | {first.system: replace(held, lacks=lacks)}, rules)
    by_system = judged(one, sights | {first.system: held}, rules, surfaces={first.system: Takes(carries_not=lacks)})
    assert without_unseen(by_record, lacks) == without_unseen(by_system, lacks)
    newcomer = lacks & by_record.after.agreed.keys()
    assert newcomer <= by_record.after.members[0].unseen, "it is one, should it ever have a place for what is agreed"
    assert not any(change.path in lacks for change in by_record.changes if change.system == first.system)


def without_unseen(outcome: Outcome, paths: Any) -> Outcome:
    links = [
        replace(one, members=tuple(replace(m, unseen=m.unseen - paths) for m in one.members))
        for one in (outcome.before, outcome.after)
    ]
    return replace(outcome, before=links[0], after=links[1])


def without(flat: Any, paths: Any) -> Any:
    return {path: value for path, value in flat.items() if path not in paths}


def test_a_record_that_has_no_place_for_a_field_any_more_is_owed_nothing() -> None:
    """A plan of another type lost the field: nobody cleared it, so nothing is cleared elsewhere."""
    one = link(member("crm", BASE), member("quote", BASE, behind={"phone": Owed(1, 3)}))
    lost = seen({"name": "Gold"}, lacks=frozenset({"phone"}))
    outcome = judged(one, {"crm": BASE, "quote": lost})
    assert (outcome.changes, outcome.proposals, owed(outcome, "quote")) == ((), (), set())
    assert (based(outcome, "quote"), outcome.after.agreed, outcome.settled) == (BASE, BASE, True)
    edited = judged(one, {"crm": BASE | {"phone": "2"}, "quote": lost})
    assert (edited.changes, edited.proposals, edited.after.agreed["phone"]) == ((), (), "2")


@given(world=worlds(), rules=ruled)
def test_p14_a_base_is_what_a_member_was_seen_to_hold(world: Any, rules: Any) -> None:
    """Deciding moves no base of a member that is to be written, and every target is behind until it is confirmed."""
    one, sights = world
    outcome = judged(one, sights, rules)
    for before, after in zip(one.members, outcome.after.members, strict=True):
        sight = sights[before.system]
        for path in {*before.base, *after.base}:
            value = after.base.get(path, EMPTY)
            held = value if isinstance(sight, Away) else sight.flat.get(path, EMPTY)
            assert value in (before.base.get(path, EMPTY), held)
    for change in outcome.changes:
        assert change.path in owed(outcome, change.system)


@given(world=worlds(), rules=ruled)
def test_p01_when_everything_is_confirmed_nothing_is_left_but_questions(world: Any, rules: Any) -> None:
    """The run after a run writes nothing and asks the same."""
    one, sights = world
    outcome = judged(one, sights, rules)
    after = {
        name: sight
        if isinstance(sight, Away)
        else seen({**sight.flat, **{c.path: c.new for c in outcome.changes if c.system == name}}, modified=None)
        for name, sight in sights.items()
    }
    again = judged(confirmed(outcome), after, rules)
    assert again.changes == ()
    if "newest" not in str(rules):  # a stamp that is gone may turn a decision into a question
        assert asked(again) == asked(outcome)
        assert match((), again.proposals, (), ("l1",), {}) == match((), outcome.proposals, (), ("l1",), {})
        if outcome.settled:
            assert again.settled


@given(world=worlds(), rules=ruled)
def test_p09_the_order_of_members_does_not_matter(world: Any, rules: Any) -> None:
    one, sights = world
    turned = replace(one, members=one.members[::-1])
    forth, back = judged(one, sights, rules), judged(turned, dict(reversed(sights.items())), rules)
    assert writes(forth) == writes(back)
    assert asked(forth) == asked(back)
    assert forth.after.agreed == back.after.agreed
    assert {each.digest for each in forth.proposals} == {each.digest for each in back.proposals}


@given(world=worlds(), rules=ruled)
def test_p02_what_is_overruled_is_kept(world: Any, rules: Any) -> None:
    """An edit that another value replaces is among the losers, unless it is still asked about."""
    one, sights = world
    outcome = judged(one, sights, rules)
    for change in outcome.changes:
        before = next(each for each in one.members if each.system == change.system)
        edited = "" not in before.unseen and change.old != before.base.get(change.path, EMPTY)
        if edited and change.path not in before.unseen:
            assert (change.system, change.path, change.old) in {each[:3] for each in outcome.losers}


def test_a_base_that_was_never_agreed_says_so() -> None:
    assert repr(UNSEEN) == "UNSEEN"


def test_p03_a_table_with_a_row_that_nobody_understood_is_asked_about_as_a_whole() -> None:
    """A tier whose name is unknown travels nowhere, so the other tiers must not travel without it."""
    base = {"rates[2026-01-01].ee": Decimal("500.00"), "rates[2026-01-01].es": Decimal("900.00")}
    edited = {
        "rates[2026-01-01].ee": Decimal("510.00"),
        "rates[2026-01-01].unknown_ee_pet": Unparsed("EE + Pet: 520.00"),
    }
    outcome = judged(linked(base, kind="plan"), {"crm": {**base, **edited}, "quote": base}, kinds=("plan",))
    assert outcome.changes == ()
    [asked] = outcome.proposals
    assert (asked.kind, asked.name) == ("conflict", "rates[2026-01-01]")
    assert "not understood" in asked.why


def test_a_value_that_a_rule_chose_raises_the_revision() -> None:
    """Two editors go field by field, and what is decided there is a new revision as well: debts are told apart by it."""
    base = {"name": "Gold", "phone": "1"}
    sides = {"crm": {**base, "phone": "2"}, "quote": {**base, "phone": "3"}}
    rule = {"default": {"on_conflict": "source_of_truth", "source_of_truth": "crm"}}
    outcome = judged(linked(base, revision=4), sides, rule)
    assert (outcome.after.revision, outcome.after.agreed["phone"]) == (5, "2")
    [debt] = [member.behind["phone"] for member in outcome.after.members if member.system == "quote"]
    assert debt.revision == 5
