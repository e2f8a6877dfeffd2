# ruff: noqa: E501 - a row of a table is one line
"""Adopt, strays, suggest: records that belong to no link, what is asked about them, and the links made of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.mapping.load import load_mapping
from syncd.model.values import EMPTY, Flat, Value
from syncd.reconcile.adopt import adopt, copy_of, link_id, new_link
from syncd.reconcile.decide import decide
from syncd.reconcile.rules import Rules
from syncd.reconcile.strays import judge
from syncd.reconcile.suggest import ENOUGH, FACTS, suggest
from syncd.reconcile.types import Decided, LinkView, Member, Owed, Stray, View
from tests.reconcile.plain import NAMES, NOW, Takes, asked, judged, seen, stray, view, writes

CRM, QUOTE, WEB = (
    stray("crm", "c1", {"name": "Gold", "phone": "1"}, label="Gold"),
    stray("quote", "q1", {"name": "Gold PPO", "phone": "1"}),
    stray("web", "w1", {"name": "Gold"}),
)
THREE = {"surfaces": {"pay": Takes()}, "strays": (CRM, QUOTE, WEB)}


def said(choice: str, about: Stray = CRM, **options: str) -> dict[tuple[str, str, str], Decided]:
    """Answer the question about a stray; `member_quote` stands for `member.quote`."""
    name = f"{about.system}:{about.id}"
    told = {key.replace("_", ".", 1): value for key, value in options.items()}
    return {("link-plans", "", name): Decided("q-1", "link-plans", "", name, "d", choice, options=told)}


def adopted(
    answers: Any, rules: Any = None, strays: tuple[Stray, ...] = (CRM, QUOTE, WEB), **more: Any
) -> tuple[View, tuple[str, ...]]:
    whole = view(strays=strays, **more)
    return adopt(whole, answers, Rules(rules, NAMES))


def left(whole: View) -> list[str]:
    return [one.system for one in whole.strays]


# -- answers about strays ----------------------------------------------------------------------------------------------


def test_a_link_answer_makes_a_link_of_the_records_it_names() -> None:
    whole, used = adopted(said("link", member_quote="q1"))
    [made] = whole.links
    assert ([(one.system, one.id) for one in made.link.members], used) == ([("crm", "c1"), ("quote", "q1")], ("q-1",))
    assert (made.link.scope, made.link.kind, made.link.label, made.link.status) == ("acme", "generic", "Gold", "live")
    assert made.sights == {"crm": CRM.seen, "quote": QUOTE.seen}
    assert left(whole) == ["web"]


def test_a_file_may_name_the_record_itself_among_the_others() -> None:
    whole, _ = adopted(said("link", record_crm="c1", record_quote="q1", member_web="w1"))
    assert [one.system for one in whole.links[0].link.members] == ["crm", "quote", "web"]


NOT_MADE = [
    ("the record it names is gone", said("link", member_quote="q9"), {}),
    ("it names no record", said("link"), {}),
    ("it ignores", said("ignore"), {}),
    ("it is about another record", said("link", stray("crm", "c9"), member_quote="q1"), {}),
    ("nobody said anything", {}, {}),
    ("a copy to itself", said("copy", to="crm"), {}),
    ("nobody said anything, and copies are off", {}, {"default": {"unlinked": "ignore"}}),
]


@pytest.mark.parametrize(("why", "answers", "rules"), NOT_MADE, ids=[row[0] for row in NOT_MADE])
def test_no_link_is_made_when(why: str, answers: Any, rules: Any) -> None:
    whole, used = adopted(answers, rules)
    assert (whole.links, used, left(whole)) == ((), (), ["crm", "quote", "web"]), why


def test_p20_a_record_is_linked_once() -> None:
    """Two answers that name the same record: the second joins the link of the first, where there is room."""
    twice = said("link", member_quote="q1") | said("link", WEB, member_quote="q1")
    whole, used = adopted(twice)
    assert ([one.system for one in whole.links[0].link.members], used, left(whole)) == (
        ["crm", "quote", "web"],
        ("q-1", "q-1"),
        [],
    )
    both_ends = said("link", member_quote="q1") | said("link", QUOTE, member_crm="c1")
    whole, _ = adopted(both_ends)
    assert len(whole.links) == 1


def test_a_link_that_stands_is_not_written_over() -> None:
    """A member that left its link and came back is a stray, but the link's id is the one made of it."""
    whole = view(strays=(CRM, QUOTE))
    made = link_id("generic", "crm", "c1")
    after, used = adopt(whole, said("link", member_quote="q1"), Rules(), lambda id_: id_ == made)
    assert (after.links, after.strays, used) == ((), whole.strays, ())
    assert after.returned == {("crm", "c1"): f"link {made}, which was made from the same record, still stands"}


COPIES = [
    ("to the system it names", said("copy", to="quote"), ["quote"]),
    ("to the system in its words", said("copy: quote"), ["quote"]),
    ("to several", said("copy", to="quote,web"), ["quote", "web"]),
    ("to all others when it names none", said("copy"), ["pay", "quote", "web"]),
]


@pytest.mark.parametrize(("why", "answers", "targets"), COPIES, ids=[row[0] for row in COPIES])
def test_a_copy_answer_awaits_counterparts(why: str, answers: Any, targets: list[str]) -> None:
    whole, used = adopted(answers)
    [made] = whole.links
    first, *others = made.link.members
    assert first == Member("crm", "c1", CRM.seen.flat), why
    assert [(one.system, one.status, one.unseen) for one in others] == [(name, "awaited", {""}) for name in targets]
    assert (made.link.agreed, made.link.follow, used) == (CRM.seen.flat, True, ("q-1",))
    assert made.sights == {"crm": CRM.seen}


def test_a_copy_may_be_made_once_and_may_name_sources() -> None:
    whole, _ = adopted(said("copy", to="quote", follow="false", source_details="crm", source_rates="ask"))
    [made] = whole.links
    assert (made.link.follow, made.link.sources) == (False, {"details": "crm"})


def test_a_copy_goes_to_systems_that_hold_such_records() -> None:
    plan = stray("crm", "c1", kind="plan")
    whole = view(strays=(plan,), kinds=("plan",))
    surfaces = {key: one for key, one in whole.surfaces.items() if key != ("web", "plan")} | {("old", "group"): Takes()}
    made, _ = adopt(View("acme", (), (plan,), surfaces), said("copy", plan), Rules())
    assert [one.system for one in made.links[0].link.members] == ["crm", "pay", "quote"]


RULED = [
    ("a standing rule copies to the system it names", {"default": {"unlinked": "copy", "to": "quote"}}, ["quote"]),
    ("a rule without a name copies to all others", {"default": {"unlinked": "copy"}}, ["pay", "quote", "web"]),
    ("a rule of another group says nothing", {"groups": {"other": {"unlinked": "copy"}}}, None),
]


@pytest.mark.parametrize(("why", "rules", "targets"), RULED, ids=[row[0] for row in RULED])
def test_a_standing_rule(why: str, rules: Any, targets: list[str] | None) -> None:
    whole, used = adopted({}, rules, strays=(CRM,))
    assert used == ()
    made = [[one.system for one in each.link.members if one.status == "awaited"] for each in whole.links]
    assert made == ([] if targets is None else [targets]), why


def test_an_answer_goes_before_a_standing_rule() -> None:
    whole, _ = adopted(
        said("link", member_quote="q1"), {"default": {"unlinked": "copy", "to": "pay"}}, strays=(CRM, QUOTE)
    )
    assert [one.system for one in whole.links[0].link.members] == ["crm", "quote"]


def test_a_link_is_made_once_however_often_it_is_decided() -> None:
    """Its id comes of the record that goes first by system and id, whichever of them was answered about."""
    forth = adopted(said("link", member_quote="q1"))[0].links[0].link
    back = adopted(said("link", QUOTE, member_crm="c1"))[0].links[0].link
    assert forth.id == back.id == link_id("generic", "crm", "c1")
    assert link_id("plan", "crm", "c1") != forth.id


# -- the first values of a link ----------------------------------------------------------------------------------------


def first(left_: Flat, right: Flat, sources: dict[str, str], blanks: str = "keep", **surfaces: Takes) -> Any:
    """Link two plans and give what is agreed, who is owed what and which fields have no base."""
    known = {(name, "plan"): surfaces.get(name, Takes()) for name in ("crm", "quote")}
    records = [stray("quote", "q1", right, "plan"), stray("crm", "c1", left_, "plan")]
    made = new_link("acme", records, sources, known, blanks=blanks)  # type: ignore[arg-type]
    owed = {one.system: set(one.behind) for one in made.members if one.behind}
    new = {one.system: set(one.unseen) for one in made.members if one.unseen}
    return made.agreed, owed, new


NAME = "details.name"
FIRST: list[tuple[str, Flat, Flat, dict[str, str], str, Any]] = [
    ("the source overwrites once", {NAME: "A"}, {NAME: "B"}, {"details": "crm"}, "keep", ({NAME: "A"}, {"quote": {NAME}}, {})),
    ("equal values cost nothing", {NAME: "A"}, {NAME: "A"}, {"details": "crm"}, "keep", ({NAME: "A"}, {}, {})),
    ("the source fills a blank", {NAME: "A"}, {}, {"details": "crm"}, "keep", ({NAME: "A"}, {"quote": {NAME}}, {})),
    ("a blank in it erases nothing and is not filled", {}, {NAME: "B"}, {"details": "crm"}, "keep",
     ({}, {}, {"crm": {NAME}, "quote": {NAME}})),
    ("... unless it is told to", {}, {NAME: "B"}, {"details": "crm"}, "overwrite", ({}, {"quote": {NAME}}, {})),
    ("one source for everything", {NAME: "A"}, {NAME: "B"}, {"all": "quote"}, "keep", ({NAME: "B"}, {"crm": {NAME}}, {})),
    ("a section goes before everything", {NAME: "A"}, {NAME: "B"}, {"all": "quote", "details": "crm"}, "keep",
     ({NAME: "A"}, {"quote": {NAME}}, {})),
    ("a section left to ask has no base", {NAME: "A"}, {NAME: "B"}, {"details": "ask"}, "keep",
     ({}, {}, {"crm": {NAME}, "quote": {NAME}})),
    ("a section that nobody named has no base", {NAME: "A"}, {NAME: "A"}, {"rates": "crm"}, "keep",
     ({}, {}, {"crm": {NAME}, "quote": {NAME}})),
    ("a source that is no party has no say", {NAME: "A"}, {NAME: "B"}, {"details": "web"}, "keep",
     ({}, {}, {"crm": {NAME}, "quote": {NAME}})),
]  # fmt: skip


@pytest.mark.parametrize(("why", "crm", "quote", "sources", "blanks", "wanted"), FIRST, ids=[row[0] for row in FIRST])
def test_first_values(why: str, crm: Flat, quote: Flat, sources: Any, blanks: str, wanted: Any) -> None:
    assert first(crm, quote, sources, blanks) == wanted, why


def test_a_field_that_the_source_does_not_carry_is_left_to_the_others() -> None:
    only_there = first({}, {NAME: "B"}, {"details": "crm"}, crm=Takes(("rates",)))
    assert only_there == ({NAME: "B"}, {}, {}), "nobody else holds it"
    hidden = first({}, {NAME: "B"}, {"details": "crm"}, quote=Takes(("rates",)))
    assert hidden == ({}, {}, {}), "what an account may not read is not held"


def test_a_record_that_lacks_a_field_is_no_party_to_it() -> None:
    """Its blank is nobody's decision: as source it has no say there, as target it is owed nothing."""
    known = {(name, "plan"): Takes() for name in ("crm", "quote")}
    crm, quote = stray("crm", "c1", {}, "plan"), stray("quote", "q1", {NAME: "B"}, "plan")
    bare = replace(crm, seen=replace(crm.seen, lacks=frozenset({NAME})))
    for source in ("crm", "quote", "ask"):
        made = new_link("acme", [bare, quote], {"details": source}, known)  # type: ignore[arg-type]
        assert [dict(one.behind) for one in made.members] == [{}, {}]
        outcome = judged(made, {"crm": bare.seen, "quote": quote.seen}, kinds=("plan",))
        assert (outcome.changes, outcome.proposals, outcome.settled) == ((), (), True)
        assert outcome.after.agreed == {NAME: "B"}
        assert outcome.after.members[0].unseen == {NAME}, "a newcomer, should it ever have a place for it"


def test_a_copied_record_brings_nothing_that_it_has_no_place_for() -> None:
    whole = view(strays=(CRM,), kinds=("generic",))
    bare = replace(CRM, seen=replace(CRM.seen, lacks=frozenset({"note"})))
    brings: Flat = {"note": "renewal", "zip": "1"}
    made = copy_of(whole, bare, ("quote",), brings=brings).link
    assert set(made.members[0].behind) == {"zip"}
    assert made.agreed == {**CRM.seen.flat, **brings}, "the copy is told"


def test_a_field_that_the_source_does_not_carry_is_asked_about_where_others_differ() -> None:
    known = {(name, "generic"): Takes(("y",) if name == "crm" else ("",)) for name in NAMES}
    records = [stray("crm", "c1"), stray("quote", "q1", {"x": "1"}), stray("web", "w1", {"x": "2"})]
    made = new_link("acme", records, {"x": "crm"}, known)  # type: ignore[arg-type]
    assert (made.agreed, [one.unseen for one in made.members]) == ({}, [frozenset(), {"x"}, {"x"}])


def test_a_cell_that_only_the_other_system_has_leaves_no_table_open() -> None:
    """Its table is written, or handed off, as the source holds it; an open one would be asked about for that cell."""
    shared, own = "rates[2026-01-01].ee", "rates[2026-01-01].includes_employee"
    made = first({shared: "1"}, {shared: "2", own: "x"}, {"rates": "crm"}, crm=Takes((shared,)))
    assert made == ({shared: "1", own: "x"}, {"quote": {shared}}, {})


def test_a_blank_source_decides_nothing_between_the_others() -> None:
    known = {(name, "generic"): Takes() for name in NAMES}
    records = [stray("crm", "c1"), stray("quote", "q1", {"x": "1"}), stray("web", "w1", {"x": "2"})]
    made = new_link("acme", records, {"x": "crm"}, known)  # type: ignore[arg-type]
    assert [one.unseen for one in made.members] == [{"x"}] * 3
    agree = [stray("crm", "c1"), stray("quote", "q1", {"x": "1"}), stray("web", "w1", {"x": "1"})]
    asked_too = new_link("acme", agree, {"x": "crm"}, known)  # type: ignore[arg-type]
    assert (asked_too.agreed, [one.unseen for one in asked_too.members]) == ({}, [{"x"}] * 3)


def test_a_table_with_a_blank_in_its_source_is_asked_as_a_whole() -> None:
    """Its other cells together with what another system holds there would be a table that nobody ever held."""
    table = {"rates[2026-01-01].ee": "1", "rates[2026-01-01].es": "2"}
    agreed, owed_to, new = first({"rates[2026-01-01].ee": "3"}, table, {"rates": "crm"})
    assert (agreed, owed_to, new) == ({}, {}, {"crm": set(table), "quote": set(table)})
    narrow = first({"rates[2026-01-01].ee": "3"}, table | {"rates[2026-01-01].fam": "9"}, {"rates": "crm"},
                   crm=Takes(tuple(table)))  # fmt: skip
    assert narrow[2] == {"crm": set(table), "quote": {*table, "rates[2026-01-01].fam"}}


def test_a_debt_says_whose_value_it_is_and_is_paid_by_the_next_run() -> None:
    whole, _ = adopted(said("link", member_quote="q1", source_name="crm", source_phone="crm"))
    [made] = whole.links
    assert made.link.members[1].behind == {"name": Owed(1, why="crm is the source of this section")}
    assert made.link.sources == {"name": "crm", "phone": "crm"}
    [outcome] = decide(View("acme", (made,), (), whole.surfaces), {}, Rules(), NOW).outcomes
    assert writes(outcome) == {("quote", "name", "Gold")}


def test_a_section_left_to_ask_adopts_what_is_equal_and_asks_the_rest() -> None:
    whole, _ = adopted(said("link", member_quote="q1"))
    [outcome] = decide(View("acme", whole.links, (), whole.surfaces), {}, Rules(), NOW).outcomes
    assert (asked(outcome), outcome.changes) == ([("conflict", "name")], ())
    assert outcome.after.agreed == {"phone": "1"}


flats = st.dictionaries(st.sampled_from(["details.a", "details.b", "rates.c"]), st.sampled_from(["1", "2", EMPTY]))


@given(
    crm=flats,
    quote=flats,
    source=st.sampled_from(["crm", "quote", "ask"]),
    blanks=st.sampled_from(["keep", "overwrite"]),
)
def test_p05_linking_brings_in_step_what_its_source_holds(crm: Flat, quote: Flat, source: str, blanks: str) -> None:
    """What the source holds is agreed; a blank erases nothing by itself; without a source nothing is written."""
    records = [stray("crm", "c1", crm, "plan"), stray("quote", "q1", quote, "plan")]
    known = {(name, "plan"): Takes() for name in ("crm", "quote")}
    made = new_link("acme", records, {"all": source}, known, blanks=blanks)  # type: ignore[arg-type]
    outcome = judged(made, {one.system: one.seen for one in records}, kinds=("plan",))
    flat = {one.system: one.seen.flat for one in records}
    if source == "ask":
        assert outcome.changes == ()
        return
    assert all(change.system != source for change in outcome.changes)
    for path in {*flat["crm"], *flat["quote"]}:
        mine = flat[source].get(path, EMPTY)
        if mine is not EMPTY:
            assert outcome.after.agreed[path] == mine
        elif blanks == "keep" and flat["quote" if source == "crm" else "crm"].get(path, EMPTY) is not EMPTY:
            assert (("conflict", path) in asked(outcome), path in outcome.after.agreed) == (True, False)
        else:
            assert path not in outcome.after.agreed


# -- what is asked -----------------------------------------------------------------------------------------------------


def test_every_stray_is_asked_about_once() -> None:
    """A record that moves is no other question; what it is called is told, never compared."""
    [asked_once] = judge(view(strays=[CRM]), Rules())
    assert (asked_once.kind, asked_once.name, asked_once.link) == ("link-plans", "crm:c1", "")
    assert asked_once.members == {"crm": {"id": "c1", "value": "Gold"}}
    assert [offer.choice for offer in asked_once.offers] == ["link", "copy: pay", "copy: quote", "copy: web", "ignore"]
    [moved] = judge(view(strays=[stray("crm", "c1", {"name": "New"})]), Rules())
    assert moved.digest == asked_once.digest
    assert asked_once.rule == "built-in unlinked: ask"


@pytest.mark.parametrize(("unlinked", "asks"), [("ask", True), ("ignore", False), ("copy", True)])
def test_a_rule_may_ignore_strays(unlinked: str, asks: bool) -> None:
    """One that a rule would copy is only still here because it could not be."""
    assert bool(judge(view(strays=[CRM]), Rules({"default": {"unlinked": unlinked}}))) is asks


def test_a_suggestion_is_offered_with_its_reasons() -> None:
    crm = stray("crm", "c1", {"details.tax_id_hash": "1"}, "group")
    quote = stray("quote", "q1", {"details.tax_id_hash": "1"}, "group")
    [first_asked] = judge(view(strays=[crm, quote], kinds=("group",)), Rules())
    assert first_asked.offers[0].choice == "link"
    assert first_asked.offers[0].effect == "link it to quote q1 (60%: same tax id)"
    assert first_asked.evidence == ("quote q1: 60%, same tax id",)


# -- suggestions -------------------------------------------------------------------------------------------------------

SAME: dict[str, Value] = {
    "details.carrier": "Aetna",
    "details.line": "medical",
    "details.carrier_plan_code": "GA-1234-X",
    "details.effective_date": date(2026, 1, 1),
}
EVIDENCE: list[tuple[str, Flat, Flat, float | None]] = [
    ("everything agrees", SAME, SAME, 0.75),
    ("a code but for case, blanks and a slip", SAME, SAME | {"details.carrier_plan_code": "ga 1234-X"}, 0.75),
    ("a typing slip in a long code", SAME | {"details.carrier_plan_code": "GA-123456-X"},
     SAME | {"details.carrier_plan_code": "GA-123457-X"}, 0.75),
    ("a short code that differs by a letter", SAME | {"details.carrier_plan_code": "PPO1"},
     SAME | {"details.carrier_plan_code": "PPO2"}, None),
    ("another line of coverage", SAME, SAME | {"details.line": "dental"}, None),
    ("another plan year", SAME, SAME | {"details.effective_date": date(2027, 1, 1)}, None),
    ("another day of the same month", SAME, SAME | {"details.effective_date": date(2026, 1, 15)}, 0.75),
    ("the HIOS id stands in for the code", {"details.hios_id": "12345GA001"} | {k: v for k, v in SAME.items() if "code" not in k},
     SAME | {"details.carrier_plan_code": "12345GA001"}, 0.75),
    ("the same tax id", {"details.tax_id_hash": "1"}, {"details.tax_id_hash": "1"}, 0.60),
    ("another tax id", SAME | {"details.tax_id_hash": "1"}, SAME | {"details.tax_id_hash": "2"}, None),
    ("the last four of the tax id alone", {"details.tax_id_last4": "6789"}, {"details.tax_id_last4": "6789"}, 0.50),
    ("another end of the tax id", {"details.account_number": "7", "details.tax_id_last4": "6789"},
     {"details.account_number": "7", "details.tax_id_last4": "6780"}, None),
    ("the whole tax id says all that its end says", {"details.tax_id_hash": "a", "details.tax_id_last4": "6789"},
     {"details.tax_id_hash": "a", "details.tax_id_last4": "6789"}, 0.60),
    ("account numbers one digit apart", {"details.account_number": "HM-700001"},
     {"details.account_number": "HM-700002"}, None),
    ("policy numbers one digit apart", SAME | {"details.policy_number": "HM-700001"},
     SAME | {"details.policy_number": "HM-700002"}, 0.60),
    ("policy numbers but for case and blanks", SAME | {"details.policy_number": "HM-700001"},
     SAME | {"details.policy_number": "hm- 700001"}, 1.0),
    ("carrier and line alone", {k: SAME[k] for k in ("details.carrier", "details.line")},
     {k: SAME[k] for k in ("details.carrier", "details.line")}, None),
    ("the same employee rate", {k: v for k, v in SAME.items() if "code" not in k} | {"rates[2026-01-01].ee": Decimal("512.40")},
     {k: v for k, v in SAME.items() if "code" not in k} | {"rates[2026-01-01].ee": Decimal("512.4")}, 0.65),
    ("another employee rate", SAME | {"rates[2026-01-01].ee": Decimal(1)}, SAME | {"rates[2026-01-01].ee": Decimal(2)}, 0.65),
    ("rates of other years say nothing", SAME | {"rates[2026-01-01].ee": Decimal(1)}, SAME | {"rates[2027-01-01].ee": Decimal(2)}, 0.75),
]  # fmt: skip


@pytest.mark.parametrize(("why", "crm", "quote", "score"), EVIDENCE, ids=[row[0] for row in EVIDENCE])
def test_suggestions_follow_the_evidence(why: str, crm: Flat, quote: Flat, score: float | None) -> None:
    found = suggest([stray("crm", "c1", crm, "plan"), stray("quote", "q1", quote, "plan")])
    if score is None:
        assert found == {}, why
        return
    assert {key: [one.id for one in each] for key, each in found.items()} == {
        ("crm", "c1"): ["q1"],
        ("quote", "q1"): ["c1"],
    }
    assert found["crm", "c1"][0].score == pytest.approx(score), why


def test_a_number_one_digit_apart_is_another_number() -> None:
    """V3: equal is equal for policy and account numbers; a slip is forgiven in carrier plan codes alone."""
    mine, other = ({**SAME, "details.policy_number": f"HM-70000{n}"} for n in (1, 2))
    found = suggest([stray("crm", "c1", mine), stray("quote", "q1", other)])
    assert "not the same policy number (HM-700001, HM-700002)" in found["crm", "c1"][0].reasons


def test_the_end_of_a_tax_id_says_that_it_is_weak_and_its_hash_is_never_told() -> None:
    """V2: the last four digits alone are weak evidence and say so; a hash is compared, never shown."""
    end = {"details.tax_id_last4": "6789"}
    found = suggest([stray("crm", "c1", end, "group"), stray("quote", "q1", end, "group")])
    assert found["crm", "c1"][0].reasons == "same last four of the tax id (weak)"
    mine, other = ({"details.account_number": "7", "details.tax_id_hash": hash_} for hash_ in ("aaaa", "bbbb"))
    assert suggest([stray("crm", "c1", mine, "group"), stray("quote", "q1", other, "group")]) == {}
    assert all(fact.secret for fact in FACTS if "details.tax_id_hash" in fact.paths)


@pytest.mark.parametrize("fact", FACTS, ids=[fact.name for fact in FACTS])
def test_every_fact_is_filled_by_two_mappings(fact: Any) -> None:
    """V2: evidence that no two systems ever fill is none."""
    filled = {
        name
        for name in ("benefitpoint", "perfectquote", "crm", "quote")
        for kind in ("group", "plan")
        if any(load_mapping(name).lens(kind).carries(path) for path in fact.paths)
    }
    assert len(filled) >= 2


def test_a_contradiction_is_told() -> None:
    other = SAME | {"details.policy_number": "P-2", "details.tax_id_hash": "1"}
    mine = SAME | {"details.policy_number": "P-1", "details.tax_id_hash": "1"}
    found = suggest([stray("crm", "c1", mine), stray("quote", "q1", other)])
    assert "not the same policy number (P-1, P-2)" in found["crm", "c1"][0].reasons


def test_the_best_come_first_and_only_three_of_other_systems_and_of_the_same_kind() -> None:
    better = SAME | {"details.policy_number": "P-1"}
    others = [stray("quote", f"q{n}", SAME, "plan") for n in range(4)] + [stray("web", "w1", better, "plan")]
    strange = [stray("crm", "c2", better, "plan"), stray("quote", "g1", better, "group")]
    found = suggest([stray("crm", "c1", better, "plan"), *others, *strange])
    assert [one.id for one in found["crm", "c1"]] == ["w1", "q0", "q1"]


words = st.text(max_size=8)


@given(names=st.tuples(words, words), labels=st.tuples(words, words), same=st.booleans())
def test_names_are_never_evidence(names: tuple[str, str], labels: tuple[str, str], same: bool) -> None:
    """Whatever two records are called, alike or not, the score is the one of their other facts."""
    flats_ = [(SAME if same else {}) | {"details.name": name} for name in names]
    records = [
        Stray(system, "plan", "1", label, seen(flat))
        for system, flat, label in zip(("crm", "quote"), flats_, labels, strict=True)
    ]
    found = suggest(records)
    assert (("crm", "1") in found) is same
    if same:
        assert found["crm", "1"][0].score == pytest.approx(0.75)
        assert "name" not in found["crm", "1"][0].reasons


facts = st.dictionaries(
    st.sampled_from(
        [*sorted(SAME), "details.tax_id_hash", "details.policy_number", "details.account_number", "rates[1].ee"]
    ),
    st.sampled_from(["1", "22222222", date(2026, 1, 1)]),
)


@given(one=facts, other=facts)
def test_a_suggestion_is_mutual_and_within_bounds(one: Flat, other: Flat) -> None:
    found = suggest([stray("crm", "c1", one), stray("quote", "q1", other)])
    assert (("crm", "c1") in found) == (("quote", "q1") in found)
    for each in found.values():
        assert all(ENOUGH <= suggestion.score <= 1 for suggestion in each)


def test_what_linking_made_is_a_link_view() -> None:
    whole, _ = adopted(said("link", member_quote="q1"))
    assert isinstance(whole.links[0], LinkView)
    assert whole.links[0].made
