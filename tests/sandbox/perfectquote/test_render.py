"""The seeded firm: the whole world in PerfectQuote's words, and single figures one by one."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from syncd.sandbox.clock import Clock
from syncd.sandbox.faults import Faults
from syncd.sandbox.perfectquote import build
from syncd.sandbox.perfectquote.render_benefits import benefits
from syncd.sandbox.perfectquote.render_prices import contributions, rates
from syncd.sandbox.perfectquote.rules import Known, broken
from syncd.sandbox.perfectquote.schema import PlanBody, check
from syncd.sandbox.seed.load import load
from syncd.sandbox.seed.model import World
from tests.sandbox.office import NOON, SIDE

SYSTEM = {
    *("id", "group_id", "rev", "created_at", "updated_at", "deleted_at", "updated_by", "stage", "favorite", "source"),
    *("_n", "_left_out"),
}


@pytest.fixture(scope="module")
def world() -> World:
    return load(1)


@pytest.fixture(scope="module")
def store(world: World) -> dict[str, Any]:
    return build(world, Clock(NOON, frozen=True), Faults(), 1).snapshot()["store"]


def test_every_group_and_plan_of_the_side_is_there_under_its_id(world: World, store: dict[str, Any]) -> None:
    groups = world.groups_on(SIDE)
    assert store["records"]["group"].keys() == {group.ids[SIDE] for group in groups}
    assert store["records"]["plan"].keys() == {plan.ids[SIDE] for group in groups for plan in group.plans_on(SIDE)}
    assert len(groups) >= 25


def test_every_seeded_plan_passes_the_checks_of_a_request(store: dict[str, Any]) -> None:
    plans = store["records"]["plan"].values()
    for plan in plans:
        fields = {name: value for name, value in plan.items() if name not in SYSTEM}
        assert check(PlanBody, fields) == fields
        others = {
            one["id"]: one["plan_type"] for one in plans if one["group_id"] == plan["group_id"] and one is not plan
        }
        assert broken(fields, Known(frozenset(store["carriers"]), others)) == []


def test_the_firm_has_every_stage_most_plan_types_and_every_kind_of_price(store: dict[str, Any]) -> None:
    plans = store["records"]["plan"].values()
    assert {plan["stage"] for plan in plans} == {"explorer", "presentation", "confirmed"}
    assert {plan["plan_type"] for plan in plans} >= {
        "medical",
        "dental",
        "vision",
        "basic_life",
        "voluntary_life",
        "std",
        "ltd",
    }
    assert {one["rate_type"] for plan in plans for one in plan["rates"]["sets"]} == {"composite", "age_rated", "unit"}
    assert [plan for plan in plans if not plan["rates"]["sets"]], "one with details only"
    assert [plan for plan in plans if plan["prior_plan_id"]], "one that renews another"


@pytest.mark.parametrize("block", ["rates", "contributions"])
def test_what_the_contract_cannot_say_is_left_out_and_named(world: World, store: dict[str, Any], block: str) -> None:
    """Sets of the seed = sets rendered + sets left out with a reason."""
    seeded = sum(
        len({path.partition("]")[0] for path in plan.texts(SIDE) if path.startswith(f"{block}[")})
        for group in world.groups_on(SIDE)
        for plan in group.plans_on(SIDE)
    )
    plans = store["records"]["plan"].values()
    rendered = sum(len(plan[block]["sets"]) for plan in plans)
    left_out = Counter(text.partition(" ")[0] for plan in plans for text in plan["_left_out"])
    assert rendered > 0
    assert rendered + left_out[block] == seeded


def test_total_prices_are_rendered_as_printed(world: World, store: dict[str, Any]) -> None:
    """Where the document prints totals, every price stands in the seed under the same text."""
    compared = 0
    for plan in (plan for group in world.groups_on(SIDE) for plan in group.plans_on(SIDE)):
        texts = {path: text for path, text in plan.texts(SIDE).items() if path.startswith("rates[")}
        if {text for path, text in texts.items() if path.endswith(".share")} == {"total"}:
            printed = {text.removeprefix("$").replace(",", "") for text in texts.values()}
            sets = store["records"]["plan"][plan.ids[SIDE]]["rates"]["sets"]
            rendered = {tier["rate"] for one in sets for tier in one["tiers"] or one["ages"] or []}
            assert rendered <= printed, plan.key
            compared += len(rendered)
    assert compared > 500


VALUES = [
    ("$1,500", "deductible.individual", {"kind": "money", "amount": "1500"}),
    ("6000", "deductible.family", {"kind": "money", "amount": "6000"}),
    ("6000", "primary_care", {"kind": "text", "text": "6000"}),
    ("$20 Copayment", "primary_care", {"kind": "copay", "amount": "20"}),
    ("$30 copay after deductible", "primary_care", {"kind": "copay", "amount": "30", "after_deductible": True}),
    ("20%", "imaging", {"kind": "percent", "amount": "20"}),
    ("20% Coinsurance", "imaging", {"kind": "percent", "amount": "20"}),
    ("10% Coinsurance after deductible", "imaging", {"kind": "percent", "amount": "10", "after_deductible": True}),
    (
        "5% Coinsurance, not subject to deductible",
        "imaging",
        {"kind": "percent", "amount": "5", "after_deductible": False},
    ),
    ("Not applicable", "imaging", {"kind": "none", "text": "Not applicable"}),
    ("None", "imaging", {"kind": "none", "text": "None"}),
    ("UNLIMITED", "annual_max.individual", {"kind": "unlimited"}),
    ("Not Covered", "imaging", {"kind": "not_covered"}),
    ("Member Pays Nothing", "imaging", {"kind": "text", "text": "Member Pays Nothing"}),
    (
        "40% Coinsurance + Amt. Over Plan Allowance",
        "imaging",
        {"kind": "text", "text": "40% Coinsurance + Amt. Over Plan Allowance"},
    ),
    ("$20 Copay for the first 4 visits", "imaging", {"kind": "text", "text": "$20 Copay for the first 4 visits"}),
]


@pytest.mark.parametrize(("text", "name", "value"), VALUES)
def test_a_printed_cost_share_becomes_a_value_or_stays_text(text: str, name: str, value: dict[str, Any]) -> None:
    block = benefits({"details.line": "medical", f"benefits.{name}.in_network": text}, lambda prefix: f"{prefix}_1")
    found = block["variants"][0]["fields"][0]["in_network"]
    assert {key: one for key, one in found.items() if one is not None} == value


def test_benefits_find_their_code_or_one_of_their_own() -> None:
    texts = {
        "details.line": "dental",
        "benefits.dental_basic.in_network": "80%",
        "benefits.dental_basic.out_of_network": "60%",
        "benefits.dental_basic.limit": "2 per year",
        "benefits.deductible.individual.combined": "$50",
        "benefits.implants.out_of_network": "50%",
    }
    fields = {one["code"]: one for one in benefits(texts, lambda _: "bv_1")["variants"][0]["fields"]}
    assert fields.keys() == {"basic", "x_deductible_individual_combined", "x_implants"}
    assert (fields["basic"]["out_of_network"]["amount"], fields["basic"]["note"]) == ("60", "2 per year")
    assert fields["x_implants"]["in_network"] == {"kind": "none"}


def cells(block: str, **held: str) -> dict[str, str]:
    return {f"{block}[2026-01-01].{cell}": text for cell, text in held.items()}


def test_one_dependant_of_three_tiers_stands_as_spouse() -> None:
    found = rates(cells("rates", share="total", frequency="biweekly_26", ee="1", e1="2", ef="3"), [])["sets"][0]
    assert [tier["tier"] for tier in found["tiers"]] == ["employee_only", "employee_spouse", "employee_family"]
    assert found["frequency"] == "per_pay_cycle"


def test_an_employees_share_becomes_a_price_only_with_the_employers() -> None:
    """The price is the sum of the two shares; without the other share nothing is made up."""
    share = cells("rates", share="employee", frequency="monthly", ee="65.00", ef="200.10")
    left_out: list[str] = []
    assert (rates(share, left_out)["sets"], len(left_out)) == ([], 1)
    paid = cells("contributions", share="employer", frequency="monthly", ee="1068.82", ef="1068.82")
    found = rates(share | paid, [])["sets"][0]
    assert [tier["rate"] for tier in found["tiers"]] == ["1133.82", "1268.92"]
    fortnightly = paid | cells("contributions", frequency="biweekly_26")
    assert rates(share | fortnightly, left_out)["sets"] == [], "shares of different periods do not add up"


def test_ages_and_units() -> None:
    banded = cells(
        "rates", share="total", basis="age", unit_basis="per_1000_volume", age_0_34="0.043", age_35_plus="0.1"
    )
    unit = rates(banded, [])["sets"][0]["unit"]
    assert (unit["per"], unit["volume_basis"], unit["rate"]) == (1000, "benefit", None)
    assert [(band["age_from"], band["age_to"]) for band in unit["age_bands"]] == [(0, 34), (35, 120)]


def test_a_set_of_tiers_that_have_no_name_here_is_left_out_whole() -> None:
    left_out: list[str] = []
    six = {"ee": "1", "es": "2", "e1c": "3", "e2c": "4", "es1c": "5", "es2c": "6"}
    assert rates(cells("rates", share="total", **six), left_out) == {"sets": []}
    assert left_out == ["rates *;2026-01-01: the contract has no such tiers, unit, period or share"]
    assert contributions(cells("contributions", share="employer", **six), left_out) == {"sets": []}
    assert left_out[1].startswith("contributions *;2026-01-01")


def test_contributions_by_tier_by_part_and_by_percent() -> None:
    texts = cells("contributions", share="employer", frequency="biweekly_26", ee="10", ef_percent="75", pretax="true")
    found = contributions(texts, [])["sets"][0]
    assert found["entries"] == [{"tier": "employee_only", "amount": "10"}, {"tier": "employee_family", "percent": "75"}]
    assert (found["frequency"], found["pre_tax"], found["perspective"]) == ("biweekly_26", True, "employer")
    by_part = contributions(
        cells("contributions", share="employee", employee_percent="20", dependent_percent="50"), []
    )["sets"][0]
    assert by_part["basis"] == "employee_dependent"
