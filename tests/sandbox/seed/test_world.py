"""The world of the sandboxes is what it says: large, real, sourced, over years, and full of what trips a sync."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal

import pytest

from syncd.model.fields import is_known, type_of, value_from_text
from syncd.model.values import Unparsed
from syncd.sandbox.seed.files import folders
from syncd.sandbox.seed.load import AS_OF, load
from syncd.sandbox.seed.model import DERIVED_TAGS, SIDES, TAGS, WRITTEN_TAGS, SeedPlan

WORLD = load(1)
PLANS = tuple(WORLD.plans())
BY_KEY = {plan.key: plan for plan in PLANS}
NO_MONEY = {"not applicable"}


def test_there_are_thirty_employers_and_two_hundred_plans_over_two_plan_years() -> None:
    """A book of business large enough that pages, indexes and limits are real."""
    assert len(WORLD.groups) >= 30
    assert len(PLANS) >= 200
    years = Counter(plan.year for plan in PLANS)
    assert sum(count >= 20 for count in years.values()) >= 2
    assert all(group.plans for group in WORLD.groups)


@pytest.mark.parametrize("tag", sorted(TAGS))
def test_every_kind_of_trouble_occurs(tag: str) -> None:
    """Each tag is on some plan, and no plan has a tag that nobody knows."""
    assert any(tag in plan.tags for plan in PLANS)
    assert {tag for plan in PLANS for tag in plan.tags} <= TAGS
    assert not WRITTEN_TAGS & DERIVED_TAGS


def test_lines_bases_tiers_and_frequencies_are_mixed() -> None:
    """Every line that the public data give, and every way in which they price."""
    disability = {"std", "ltd", "voluntary_std", "voluntary_ltd"}
    core = {"medical", "dental", "vision", "basic_life", "voluntary_life", "ad_d", "hospital_indemnity"}
    assert core | disability | {"hsa", "hra", "section125", "other"} <= {plan.line for plan in PLANS}
    assert {"composite", "age", "unit"} == texts(".basis")
    assert {"monthly", "biweekly_26", "annual"} <= texts(".frequency")
    assert {"total", "employee", "employer"} <= texts(".share")


def texts(suffix: str) -> set[str]:
    return {text for plan in PLANS for path, text in plan.fields.items() if path.endswith(suffix)}


def test_each_workflow_status_of_perfectquote_has_an_employer() -> None:
    """Not started, quoting, presenting and confirmed, as the furthest plan says."""
    statuses = Counter(group.workflow for group in WORLD.groups_on("perfectquote"))
    assert set(statuses) == {"not_started", "quoting", "presenting", "confirmed"}


def test_some_employers_stand_on_one_side_and_one_has_no_leads() -> None:
    """Someone is a prospect in PerfectQuote only, someone an account in BenefitPoint only."""
    assert {tuple(group.sides) for group in WORLD.groups if len(group.sides) == 1} == {(side,) for side in SIDES}
    missing = [group for group in WORLD.groups if group.facts.get("benefitpoint", {}).get("leads") == "missing"]
    assert [group.key for group in missing] == ["fed-oh"]
    assert "benefitpoint" in missing[0].sides


def test_one_plan_has_two_summaries_and_three_rates() -> None:
    """A plan that goes on over years holds both at once, so that nothing may assume one of either."""
    both = [plan for plan in PLANS if {"two_summaries", "three_rates"} <= plan.tags]
    assert both
    for plan in both:
        assert plan.summaries == ("", "plan year 2017")
        assert len(plan.sets("rates")) >= 5
        assert len(plan.sources) == 2


def test_strangers_share_a_name_across_the_sides_and_nothing_else() -> None:
    """Matching by name would join two plans of two carriers."""
    pairs = 0
    for group in WORLD.groups:
        for name, count in Counter(plan.name for plan in group.strangers).items():
            left, right = (plan for plan in group.strangers if plan.name == name)
            assert count == 2
            assert left.sides | right.sides == set(SIDES)
            assert not left.sides & right.sides
            assert left.fields["details.carrier"] != right.fields["details.carrier"]
            assert left.section("rates") != right.section("rates")
            pairs += 1
    assert pairs == 3


def test_lineage_runs_over_years_within_one_employer() -> None:
    """A renewal says which plan it follows; that plan began earlier and is not followed by itself."""
    renewed = [plan for plan in PLANS if plan.prior]
    assert len(renewed) >= 30
    for plan in renewed:
        before = BY_KEY[plan.prior or ""]
        assert before.fields["details.effective_date"] < plan.fields["details.effective_date"], plan.key
        assert before.line == plan.line, plan.key
        assert plan.fields["details.origination"] in ("renewal", "replacement"), plan.key
    assert any(BY_KEY[plan.prior or ""].prior for plan in renewed), "a chain of three years"
    assert {"renewal", "replacement", "new", "prospective"} <= texts("details.origination")


def test_renewals_wait_on_either_side_to_be_taken_over() -> None:
    """Next year's plan is on one side only, this year's on both: what origination is for."""
    waiting = {tuple(plan.sides) for plan in PLANS if plan.prior and plan.sides < BY_KEY[plan.prior].sides}
    assert waiting == {(side,) for side in SIDES}


def test_multi_class_plans_have_sets_for_each_class() -> None:
    """Full-time and part-time staff pay differently on one plan."""
    for plan in (plan for plan in PLANS if "multi_class" in plan.tags):
        assert len(plan.classes) == 2
        assert "; ".join(plan.classes) == plan.fields["eligibility.classes"]
        ((full, day), (part, same_day)) = plan.sets("rates")
        assert day == same_day
        assert plan.fields[f"rates[{full};{day}].ee"] != plan.fields[f"rates[{part};{day}].ee"]


def test_responses_to_marketing_name_the_plan_they_were_quoted_against() -> None:
    """A quote that was not taken stands in BenefitPoint only, beside a plan of the same line."""
    for plan in (plan for plan in PLANS if "marketing_response" in plan.tags):
        assert plan.sides == {"benefitpoint"}
        quoted_against = BY_KEY[plan.facts["benefitpoint"]["response_to"]]
        assert quoted_against.line == plan.line
        assert plan.sets("rates")


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.key)
def test_every_plan_is_sourced_and_readable(plan: SeedPlan) -> None:
    """Publisher, document, year, address and row are named; every text is what its field takes; money is exact."""
    for source in plan.sources:
        assert all((source.publisher, source.document, source.year))
        assert re.match(r"https?://", source.url)
    assert plan.row
    held = [*plan.fields.items(), *((path, text) for side in SIDES for path, text in plan.texts(side).items())]
    for path, text in held:
        assert is_known(path), path
        assert not isinstance(value_from_text(path, text), Unparsed), (path, text)
        if type_of(path) == "money" and text.lower() not in NO_MONEY:
            assert re.fullmatch(r"\d+(\.\d+)?", text), path
            assert Decimal(text) >= 0


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.key)
def test_the_status_of_a_plan_follows_from_its_dates(plan: SeedPlan) -> None:
    """A plan that ended is expired, one that did not is not: no story contradicts a date."""
    status, ends = plan.fields["details.status"], plan.fields.get("details.expiration_date")
    if ends:
        assert (status == "expired") == (ends < AS_OF)
    assert (status == "prospective") == ("prospective" in plan.tags)
    starts = [day for section in ("rates", "contributions") for _, day in plan.sets(section)]  # type: ignore[arg-type]
    assert all(
        day >= plan.fields.get("details.original_effective_date", plan.fields["details.effective_date"])
        for day in starts
    )


def test_additional_products_hold_no_figures() -> None:
    """A service without benefits and without a printed price: nothing was made up for it."""
    for plan in (plan for plan in PLANS if "additional_product" in plan.tags):
        assert "details_only" in plan.tags
        assert not any(type_of(path) == "money" for path in plan.fields)


def test_account_numbers_and_keys_are_unique() -> None:
    """One record never swallows another."""
    numbers = [group.number for group in WORLD.groups]
    assert len(set(numbers)) == len(numbers)
    assert len(BY_KEY) == len(PLANS)
    for side in SIDES:
        ids = [thing.ids[side] for thing in (*WORLD.groups, *PLANS) if side in thing.sides]
        assert len(set(ids)) == len(ids)


def test_seed_files_stay_readable() -> None:
    """No file of the sandboxes' own seed is longer than 400 lines."""
    for file in folders()[1].glob("*.yaml"):
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 400, file.name
