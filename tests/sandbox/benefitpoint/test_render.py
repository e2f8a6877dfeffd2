"""The shipped world in the vendor's words: all of the seed is there, and the server takes its own records back."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from syncd.sandbox.benefitpoint import render, taxonomy
from syncd.sandbox.benefitpoint.attributes import ATTRIBUTES
from syncd.sandbox.benefitpoint.catalogue import Catalogue
from syncd.sandbox.benefitpoint.render.eligibility import terms
from syncd.sandbox.benefitpoint.render.plans import product
from syncd.sandbox.benefitpoint.render.sets import contributions, schedule_for
from syncd.sandbox.benefitpoint.render.summaries import summaries
from syncd.sandbox.clock import Clock
from syncd.sandbox.seed.files import folders
from syncd.sandbox.seed.load import load
from syncd.sandbox.server import assemble
from tests.sandbox.benefitpoint.conftest import NOON, SIDE, WORLD, Desk, rows, seed_group, seed_plan, xml

LINES = 18
TYPES = 24


@pytest.fixture
async def shipped() -> AsyncIterator[Desk]:
    clock = Clock(NOON, frozen=True)
    served = assemble(SIDE, load(1), clock, 1)
    transport = httpx.ASGITransport(served.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", trust_env=False) as client:
        desk = Desk(client, clock, served)
        await desk.login()
        yield desk


def test_every_seeded_plan_has_its_product_under_its_id():
    world = load(1)
    state = render.state(world, render.catalogue(world, 1))
    for group in world.groups_on(SIDE):
        account = state.tables["account"][int(group.ids[SIDE])]
        assert (
            account["groupAccountInfo"]["commonGroupAccountInfo"]["brokerageAccountInfo"]["accountNumber"]
            == group.number
        )
        for plan in group.plans_on(SIDE):
            held = state.tables["product"].get(int(plan.ids[SIDE]))
            if "marketing_response" in plan.tags:
                assert held is None
                assert any(rate.get("responseID") == int(plan.ids[SIDE]) for rate in state.tables["rate"].values())
                continue
            assert held is not None
            texts = plan.texts(SIDE)
            assert (held["name"], held["effectiveAsOf"]) == (texts["details.name"], texts["details.effective_date"])
            assert held["isAdditionalProduct"] == ("additional_product" in plan.tags)


def test_every_seeded_amount_stands_in_a_rate_or_contribution_as_it_was_printed():
    world = load(1)
    state = render.state(world, render.catalogue(world, 1))
    for plan in (plan for group in world.groups_on(SIDE) for plan in group.plans_on(SIDE)):
        if "marketing_response" in plan.tags:
            continue
        number = int(plan.ids[SIDE])
        sold = [rate for rate in state.of_product("rate", number) if "responseID" not in rate]
        rates = [amount for rate in sold for row in rate["cells"].values() for amount in row.values()]
        shares = [
            amount
            for item in state.of_product("contribution", number)
            for values in item["amounts"].values()
            for amount in values.values()
        ]
        for section, held in (("rates", rates), ("contributions", shares)):
            texts = plan.section(section, SIDE)
            # A document that prints what employees pay says nothing that a rate could hold to the letter.
            printed = {path for path in texts if texts.get(f"{path.rpartition('.')[0]}.share") != "employee"}
            cells = [texts[path] for path in printed if _is_cell(path)]
            if section == "rates" and len(printed) < len(texts):
                continue
            assert sorted(cells, key=Decimal) == sorted(held, key=Decimal), (plan.key, section)


def test_an_employees_share_becomes_a_rate_only_with_the_employers():
    """A rate is what the carrier charges; without the employer's share there is none, and none is made up."""
    world = load(1)
    state = render.state(world, render.catalogue(world, 1))

    def rated(key: str) -> list[dict[str, str]]:
        found = state.of_product("rate", int(world.plan(key).ids[SIDE]))
        return [amounts for rate in found for amounts in rate["cells"].values()]

    texts = world.plan("ina-cdhp-1").texts(SIDE)
    both = Decimal(texts["rates[2026-01-01].ee"]) + Decimal(texts["contributions[2026-01-01].ee"])
    assert [Decimal(held["EE Only"]) for held in rated("ina-cdhp-1")] == [both]
    assert rated("wcs-tricare") == []


def _is_cell(path: str) -> bool:
    name = path.rpartition("].")[2]
    return name in taxonomy.TIERS or name.startswith("age_") or name == "unit"


def test_the_number_of_the_world_changes_ids_and_not_figures(tmp_path: Path):
    for name in ("duke", "southlake"):
        shutil.copy(folders()[0] / f"{name}.yaml", tmp_path)

    def rendered(seed: int) -> tuple[list[str], set[int], dict[str, int]]:
        world = load(seed, (tmp_path,))
        catalogue = render.catalogue(world, seed)
        state = render.state(world, catalogue)
        figures = sorted(str(sorted(rate["cells"].items())) for rate in state.tables["rate"].values())
        return figures, set(state.tables["product"]), catalogue.type_ids

    one, two = rendered(1), rendered(2)
    assert one[0] == two[0]
    assert not one[1] & two[1]
    assert one[2].keys() == two[2].keys()
    assert not set(one[2].items()) & set(two[2].items())


def test_the_same_number_gives_the_same_state():
    states = [render.state(load(1), render.catalogue(load(1), 1)).dump() for _ in range(2)]
    assert states[0] == states[1]


def test_the_taxonomy_covers_every_line():
    assert len({row.line for row in taxonomy.TYPES}) == LINES
    assert len(taxonomy.TYPES) >= TYPES
    catalogue = Catalogue(1, ())
    for number, row in catalogue.types.items():
        titles = list(catalogue.all_attributes(number).values())
        assert len(titles) == len(set(titles)), (
            f"two attributes of {row.long} share a name: nobody could map them by name"
        )
        assert catalogue.rate_structure(catalogue.rate_type_ids[row.rates, "Fully_Insured"])
    assert set(ATTRIBUTES) == {row.attributes for row in taxonomy.TYPES}


@pytest.mark.parametrize("tenant", [1, 2, 7])
def test_ids_of_a_tenant_are_unique(tenant: int):
    catalogue = Catalogue(tenant, ("A", "B"))
    attributes = [number for kind in catalogue.types for number in catalogue.all_attributes(kind)]
    columns = [number for kind in catalogue.types for number in catalogue.columns(kind).values()]
    for ids in (attributes, columns, catalogue.tier_ids.values(), catalogue.type_tier_ids.values()):
        assert len(list(ids)) == len(set(ids))


@pytest.mark.parametrize(
    ("tiers", "schedule"),
    [
        ({"ee", "ef"}, "Schedule 2 Tier"),
        ({"ee", "e1", "ef"}, "Schedule 3 Tier"),
        ({"ee", "es", "ec", "ef"}, "Schedule 4 Tier"),
        ({"ee", "es", "e1c", "e2c", "ef"}, "Schedule 5 Tier"),
        ({"ee", "es1c", "es2c"}, "Schedule 6 Tier"),
        ({"ec", "es1c"}, "Schedule 8 Tier"),
        ({"ee"}, "EE Only"),
    ],
)
def test_the_smallest_schedule_that_has_the_tiers(tiers: set[str], schedule: str):
    assert schedule_for(tiers) == schedule


def test_tiers_that_no_schedule_has_are_said():
    with pytest.raises(LookupError, match="no tier schedule has e1, es"):
        schedule_for({"es", "e1"})


@pytest.mark.parametrize(
    ("period", "days", "months", "expected"),
    [
        ("none", None, None, {"standardWaitingPeriod": "None"}),
        ("date_of_hire", None, None, {"standardWaitingPeriod": "Date_of_Hire_DOH"}),
        ("first_of_month_after", "60", None, {"standardWaitingPeriod": "First_of_Month_Following_Sixty_days"}),
        ("first_of_month_after", None, None, {"standardWaitingPeriod": "First_of_Month_Following_DOH"}),
        ("exact_days", "90", None, {"standardWaitingPeriod": "Ninety_Days_from_DOH"}),
        ("other", None, None, {"standardWaitingPeriod": "Unspecified"}),
        (None, None, None, {"standardWaitingPeriod": None}),
        (
            *("exact_days", "45", None),
            {"customWaitingPeriod": {"timeFrame": "Date_employee_completes", "value": 45, "unitOfMeasure": "Days"}},
        ),
        (
            *("first_of_month_after", None, "6"),
            {
                "customWaitingPeriod": {
                    "timeFrame": "First_of_the_month_following",
                    "value": 6,
                    "unitOfMeasure": "Months",
                }
            },
        ),
    ],
)
def test_a_waiting_period_is_a_word_or_spelled_out(period: Any, days: Any, months: Any, expected: dict[str, Any]):
    stated = {"waiting_period": period, "waiting_days": days, "waiting_months": months}
    held = terms({f"eligibility.{name}": text for name, text in stated.items() if text})
    assert {name: value for name, value in held.items() if name.endswith("WaitingPeriod")} == expected


def test_dependents_are_told_by_kind():
    stated = {"dependent_age": "26", "student_age": "24", "domestic_partners": "true", "disabled_dependents": "true"}
    rule = terms({f"eligibility.{name}": text for name, text in stated.items()})["dependentEligibilityRule"]
    assert rule["childCriteria"]["ageLimit"] == 26
    assert rule["spouseCriteria"] == {"spouseTypes": ["Domestic_Partner"]}
    assert rule["fullTimeStudentCriteria"] == {"ageLimit": "Full_time_Student_to_Age_24"}
    assert rule["otherDependentCriteria"] == ["Handicapped_Dependent"]


def test_a_prospective_plan_and_a_renewal_without_prior_plan():
    """The vendor refuses a renewal that renews nothing, so the world has none."""
    catalogue = render.catalogue(WORLD, 1)
    for origin, reason in (("prospective", "Prospective"), ("renewal", "New"), ("replacement", "Replacement")):
        plan = seed_plan("p", 1, "vision", {"details.origination": origin})
        assert product(seed_group("g", 2, plan), plan, catalogue, (1, 2))["policyOriginationReason"] == reason


def test_a_contribution_may_be_split_between_employee_and_dependents():
    key = "contributions[2026-01-01]"
    plan = seed_plan(
        "p", 1, "dental", {f"{key}.employee_percent": "100", f"{key}.dependent": "20.00", f"{key}.max": "50"}
    )
    held = next(iter(contributions(plan, 1, render.catalogue(WORLD, 1)).values()))
    assert held["amounts"] == {"EE Only": {"percentOfPremium": "100"}, "EE + Family": {"dollarAmount": "20.00"}}
    assert (held["eeContributesLesser"], held["additionalInformation"]) == (True, "At most 50")


def rendered(line: str, **benefits: str) -> list[Any]:
    """Give the summaries of a plan that states these benefits; two underscores are a dot."""
    texts = {f"benefits.{path.replace('__', '.')}": text for path, text in benefits.items()}
    plan, catalogue = seed_plan("p", 1, line, texts), render.catalogue(WORLD, 1)
    return summaries(plan, product(seed_group("g", 2, plan), plan, catalogue, (1, 2)), catalogue)


def test_what_is_said_beside_a_benefit_stands_beside_its_value():
    """A frequency that has no attribute of its own, a note and a limit go where the vendor keeps such texts."""
    held = rendered(
        "medical",
        chiropractic__in_network="$15 Copayment",
        chiropractic__limit="30 visits a year",
        chiropractic__note="by referral",
        chiropractic__frequency="weekly",
        lab__note="at a network laboratory",
    )[0]["attributeValues"]
    first, second = (
        {name: text for name, text in item["attributeValueDetails"][0].items() if name != "benefitColumnID"}
        for item in held
    )
    assert first == {
        "UOM": "text",
        "value": "$15 Copayment",
        "exclusionsLimitations": "30 visits a year",
        "ancillaryText": "by referral; weekly",
    }
    assert second == {"ancillaryText": "at a network laboratory"}


def test_the_network_of_a_plan_is_an_attribute_here():
    plan, catalogue = seed_plan("p", 1, "medical", {"details.network": "Choice Plus"}), render.catalogue(WORLD, 1)
    held = summaries(plan, product(seed_group("g", 2, plan), plan, catalogue, (1, 2)), catalogue)[0]["attributeValues"]
    assert [item["attributeValueDetails"][0]["value"] for item in held] == ["Choice Plus"]


@pytest.mark.parametrize(
    ("line", "path", "text", "unit", "value", "beside"),
    [
        ("medical", "deductible__individual__in_network", "$1,500", "dollars", "1500", None),
        ("medical", "coinsurance__in_network", "20%", "percent", "20", None),
        ("medical", "lab__in_network", "$40 after deductible", "dollars", "40", "after deductible"),
        ("medical", "lab__in_network", "20% Coinsurance", "text", "20% Coinsurance", None),
        ("medical", "lab__out_of_network", "Member Pays All Charges", "text", "Member Pays All Charges", None),
        ("medical", "embedded_deductible", "true", "text", "Yes", None),
        ("dental", "annual_max__individual__combined", "UNLIMITED", "text", "UNLIMITED", None),
        ("vision", "vision_exam__frequency", "Every 12 Months", "text", "Every 12 Months", None),
        ("std", "benefit_percent", "66.67", "percent", "66.67", None),
        ("std", "benefit_maximum", "1500", "dollars", "1500", None),
        ("std", "elimination_period", "14 days", "days", "14", None),
        ("eap", "benefit_amount", "6 visits", "visits", "6", None),
    ],
)
def test_value_and_unit_are_parted_where_the_text_is_plain(
    line: str, path: str, text: str, unit: str, value: str, beside: str | None
):
    detail = rendered(line, **{path: text})[0]["attributeValues"][0]["attributeValueDetails"][0]
    assert (detail["UOM"], detail["value"], detail.get("ancillaryText")) == (unit, value, beside)


def test_a_benefit_that_no_attribute_holds_is_said():
    with pytest.raises(LookupError, match=r"no attribute of Vision for benefits\.maternity\.in_network"):
        rendered("vision", maternity__in_network="$15")


async def test_a_status_of_the_seed_is_the_status_at_its_date(shipped: Desk):
    """What the seed calls expired has expired at the server on the day the seed was written."""
    shipped.clock.set("2025-11-20T20:00:00Z")
    await shipped.login()
    world = load(1)
    told = {}
    for group in world.groups_on(SIDE):
        told |= {item["productID"]: item["productStatus"] for item in await shipped.products(int(group.ids[SIDE]))}
    for plan in (plan for group in world.groups_on(SIDE) for plan in group.plans_on(SIDE)):
        texts = plan.texts(SIDE)
        status = told.get(plan.ids[SIDE])
        if status is None or "details.expiration_date" not in texts:
            continue
        assert (status == "Expired") == (texts["details.status"] == "expired"), plan.key


async def test_the_server_takes_back_the_whole_shipped_world(shipped: Desk):
    """Every plan and summary can be written as it was read: the seed breaks no rule of the server's own."""
    state = (await shipped.door("GET", "snapshot"))["tables"]
    for number in state["product"]:
        assert await shipped.done("updateProduct", xml("update", await shipped.product(int(number)))) == int(number)
    for number in state["benefit_summary"]:
        held = (await shipped.ok("getBenefitSummary", xml("benefitSummaryID", number)))["benefitSummary"]
        assert await shipped.done("updateBenefitSummary", xml("benefitSummary", held)) == int(number)
    assert len(rows((await shipped.changes())["modifications"])) == len(state["product"]) + len(
        state["benefit_summary"]
    )


async def test_every_shipped_rate_can_be_read(shipped: Desk):
    state = (await shipped.door("GET", "snapshot"))["tables"]
    for number, held in state["rate"].items():
        values = rows((await shipped.rate(int(number)))["rateFieldValues"])
        amounts = [value for value in values if "valueNum" in value]
        assert len(amounts) == sum(len(row) for row in held["cells"].values())
