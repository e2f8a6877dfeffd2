"""Every figure of the sandboxes' own seed stands in the public data it names, and no printed row was left out.

The data are not part of the project: where they are missing, these tests say so and are skipped. They share no code
with whatever made the seed; each source is looked up anew from the `row` of the plan. The plans of the file demo are
checked by the demo's own tests.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import pytest

from syncd.model.fields import type_of
from syncd.model.paths import SetKey, parse
from syncd.sandbox.seed.load import load
from syncd.sandbox.seed.model import SeedPlan

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the public data that the seed was taken from are not here")

Rows = list[dict[str, str]]
Cells = dict[tuple[str, str, str], Decimal]
# The sandboxes' own account numbers begin where the demo's end.
PLANS = tuple(plan for group in load(1).groups if group.number >= "A-7300" for plan in group.plans)


@lru_cache(maxsize=32)
def table(name: str) -> Rows:
    with (DATA / name).open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


@lru_cache(maxsize=4096)
def looked_up(name: str, columns: tuple[tuple[str, str], ...]) -> Rows:
    return [row for row in table(name) if all(row[column].strip() == text for column, text in columns)]


def where(name: str, columns: Mapping[str, str]) -> Rows:
    found = looked_up(name, tuple(columns.items()))
    assert found, f"no such row in {name}: {dict(columns)}"
    return found


def amount(text: str) -> Decimal:
    return Decimal(re.sub(r"[$,\s]", "", text))


def cells(plan: SeedPlan, section: str) -> Cells:
    """Give (class, date, cell) -> amount of every amount in a section."""
    found: Cells = {}
    for path, text in plan.fields.items():
        parsed = parse(path)
        if parsed.section == section and isinstance(parsed.key, SetKey) and type_of(path) == "money":
            found[parsed.key.cls, parsed.key.effective, parsed.field] = Decimal(text)
    return found


def words(plan: SeedPlan, section: str, word: str) -> dict[tuple[str, str], str]:
    """Give (class, date) -> what the sets of a section say of one thing."""
    said: dict[tuple[str, str], str] = {}
    for path, text in plan.fields.items():
        parsed = parse(path)
        if parsed.section == section and isinstance(parsed.key, SetKey) and parsed.field == word:
            said[parsed.key.cls, parsed.key.effective] = text
    return said


def holds(plan: SeedPlan, **details: str) -> None:
    """Check details of a plan; what the source leaves empty must be missing."""
    for name, printed in details.items():
        assert plan.fields.get(f"details.{name}", "") == printed, name


def benefits(plan: SeedPlan) -> dict[tuple[str, str], str]:
    """Give (summary, name) -> text of every benefit."""
    return {
        (str(parse(path).key or ""), parse(path).field): text
        for path, text in plan.fields.items()
        if parse(path).section == "benefits"
    }


# --- federal plans -------------------------------------------------------------------------------------------------

FEHB_TIERS = {"Self": "ee", "Self Plus One": "e1", "Self & Family": "ef"}
FEHB_SERVICES = {
    "deductible.individual": "Annual deductible (Self)",
    "deductible.family": "Annual deductible (Self & Family)",
    "oop_max.individual": "Annual out-of-pocket maximum (Self)",
    "oop_max.family": "Annual out-of-pocket maximum (Self & Family)",
    "preventive": "Preventive Care",
    "primary_care": "Primary Care Office Visit",
    "specialist": "Specialist Office Visit",
    "urgent_care": "Urgent Care",
    "emergency_room": "Emergency Care",
    "inpatient_facility": "Hospital Inpatient Cost Per Admission",
    "lab": "Diagnostic Tests or Procedures (e.g., Blood Tests, X-rays, Urinalysis, Ultrasounds)",
    "imaging": "Diagnostic Tests or Procedures (e.g., CT scans, MRIs, PET Scans)",
    "physical_therapy": "Physical Therapy",
    "chiropractic": "Chiropractic",
    "acupuncture": "Acupuncture",
}
NETWORKS = {"In-network": "in_network", "Out-of-network": "out_of_network"}
ACCOUNTS = {"Health Savings Account": "hsa", "Health Reimbursement Arrangement": "hra"}
SPAN_2026 = {"effective_date": "2026-01-01", "expiration_date": "2026-12-31"}


def check_fehb(plan: SeedPlan) -> None:
    option = {"Plan Code": plan.row["Plan Code"], "Plan Option Name": plan.row["Plan Option Name"]}
    key, design = where("fehb-2026/plan_key.csv", option)[0], where("fehb-2026/plan_benefits.csv", option)
    account = design[0]["Type of account"]
    kind = key["Network Type"].lower().replace("hmo/pos", "pos")
    holds(plan, name=key["Plan Option Name"].strip(), carrier=key["Carrier Name"].strip(), plan_type=kind, **SPAN_2026)
    holds(plan, carrier_plan_code=key["Plan Code"], account=ACCOUNTS.get(account, account), line="medical")
    if "details_only" in plan.tags:
        return
    assert benefits(plan) == {
        ("", f"{service}.{NETWORKS[row['In-network/out-of-network']]}"): row[column].strip()
        for service, column in FEHB_SERVICES.items()
        for row in design
        if row[column].strip()
    }
    check_fehb_rates(plan)


def check_fehb_rates(plan: SeedPlan) -> None:
    """What employee and government pay, added, is the rate; what the government pays is the contribution."""
    columns = {
        "Plan Code": plan.row["Plan Code"],
        "Plan Code Option Type": plan.row["Plan Option Name"],
        "Rate Type": "NP Active",
        "Biweekly/Monthly": plan.row["Biweekly/Monthly"],
    }
    government, total = {}, {}
    for row in where("fehb-2026/rates.csv", columns):
        cell = ("*", "2026-01-01", FEHB_TIERS[row["Enrollment Type"]])
        government[cell] = amount(row["Government Pays"])
        total[cell] = amount(row["Employee Pays"]) + government[cell]
    assert len(total) == 3
    assert cells(plan, "rates") == total
    assert cells(plan, "contributions") == government
    frequency = {"Biweekly": "biweekly_26", "Monthly": "monthly"}[plan.row["Biweekly/Monthly"]]
    for section in ("rates", "contributions"):
        assert words(plan, section, "frequency") == {("*", "2026-01-01"): frequency}


DENTAL = {
    "deductible.individual": "Per Person Deductible",
    "annual_max.individual": "Annual Maximum Benefit Per Person",
    "dental_preventive": "Class A - Preventive",
    "dental_basic": "Class B - Intermediate",
    "dental_major": "Class C - Major",
    "orthodontia": "Class D - Orthodontic",
}
VISION = {"vision_exam": "Vision Exam", "vision_lenses": "Vision Lenses Only", "vision_frames": "Frames"}


def check_fedvip(plan: SeedPlan) -> None:
    option = {column: plan.row[column] for column in ("Plan Code Name", "Plan Code Option Type")}
    design = {row["Network Type"]: row for row in where(f"fedvip-2026/{plan.line}_benefits.csv", option)}
    name, region = " - ".join(option.values()), plan.row.get("Rating Region", "")
    holds(plan, name=name, carrier=option["Plan Code Name"], voluntary="true", **SPAN_2026)
    assert benefits(plan) == (dental if plan.line == "dental" else vision)(design)
    (rates,) = where(f"fedvip-2026/{plan.line}_rates.csv", {"Plan - Option": name, "Rating Region": region})
    # The sheets write "Self-Only", "Self Only", "Self-Plus One".
    monthly = {re.sub(r"[- ]", "", column): text for column, text in rates.items() if column.startswith("Monthly")}
    columns = {"ee": "MonthlySelfOnly", "e1": "MonthlySelfPlusOne", "ef": "MonthlySelf&Family"}
    printed = {("*", "2026-01-01", tier): amount(monthly[column]) for tier, column in columns.items()}
    assert cells(plan, "rates") == printed
    assert words(plan, "rates", "frequency") == {("*", "2026-01-01"): "monthly"}
    assert words(plan, "rates", "rating_area") == ({("*", "2026-01-01"): region} if region else {})


def dental(design: Mapping[str, dict[str, str]]) -> dict[tuple[str, str], str]:
    networks = {"in_network": design["In-Network 1"], "out_of_network": design["Out-of-Network"]}
    return {
        # The sheet writes a bare 50 for $50.
        ("", f"{service}.{network}"): f"${int(row[column]):,}" if row[column].isdecimal() else row[column].strip()
        for service, column in DENTAL.items()
        for network, row in networks.items()
        if row[column].strip()
    }


def vision(design: Mapping[str, dict[str, str]]) -> dict[tuple[str, str], str]:
    row = design["In-Network 1"]
    said = {("", f"{service}.frequency"): row[f"Vision - {column}"].strip() for service, column in VISION.items()}
    for service, thing in (("vision_exam", "Exam"), ("vision_lenses", "Lenses|Materials|Glasses")):
        if paid := re.search(rf"(\$\d+) (?:{thing})\b", row["Vision - Copay"]):
            said["", f"{service}.in_network"] = paid[1]
    return {name: text for name, text in said.items() if text}


# --- prices by age -------------------------------------------------------------------------------------------------


def by_age(rows: Iterable[tuple[str, int, str]]) -> Cells:
    """(date, age, price) as cells: the first age stands for all below, the last for all above."""
    priced = list(rows)
    printed: Cells = {}
    for day in {day for day, _, _ in priced}:
        ages = {age: amount(price) for other, age, price in priced if other == day}
        first, last = min(ages), max(ages)
        assert sorted(ages) == list(range(first, last + 1)), "no age is missing"
        names = {first: f"age_0_{first}", last: f"age_{last}_plus"}
        printed |= {("*", day, names.get(age, f"age_{age}_{age}")): price for age, price in ages.items()}
    return printed


def check_shop(plan: SeedPlan) -> None:
    years = [plan.row["plan_year"]] if "plan_year" in plan.row else ["2017", "2018"]
    products = where("ma-shop-2017-2018/products.csv", {"hios_id": plan.row["hios_id"]})
    printed = {row["application_period_min"][:4]: row for row in products}
    newest, *older = (printed[year] for year in reversed(years))
    holds(
        plan,
        name=newest["title"],
        carrier=newest["issuer_legal_name"],
        carrier_id=newest["issuer_hios_id"],
        hios_id=newest["hios_base_id"],
        hios_variant=newest["csr_variant_id"],
        metal="" if newest["kind"] == "dental" else newest["metal_level_kind"],
        hsa_eligible=newest["hsa_eligibility"].lower(),
        plan_type="other" if newest["kind"] == "dental" else newest["plan_kind"],
        effective_date=newest["application_period_min"],
        expiration_date=newest["application_period_max"],
        original_effective_date=older[0]["application_period_min"] if older else "",
    )
    summaries = {name: text for row in older for name, text in deductibles(row, "plan year 2017").items()}
    assert benefits(plan) == deductibles(newest, "") | summaries
    check_renewal(plan, printed)
    place = {"hios_id": plan.row["hios_id"], "rating_area": plan.row["rating_area"]}
    rows = [row for year in years for row in where("ma-shop-2017-2018/rates_age.csv", {**place, "plan_year": year})]
    days = {day for _, day in plan.sets("rates")}
    assert days <= {row["rate_effective"] for row in rows}
    if len(days) > 1:
        assert days == {row["rate_effective"] for row in rows}, "the first quarter, or all of them"
    rows = [row for row in rows if row["rate_effective"] in days]
    assert cells(plan, "rates") == by_age((row["rate_effective"], int(row["age"]), row["cost"]) for row in rows)
    ends = {("*", row["rate_effective"]): row["rate_expiration"] for row in rows}
    assert words(plan, "rates", "expiration_date") == ends
    assert set(words(plan, "rates", "rating_area").values()) == {plan.row["rating_area"]}


def deductibles(product: Mapping[str, str], summary: str) -> dict[tuple[str, str], str]:
    said = {(summary, "deductible.individual.in_network"): product["deductible"]}
    if found := re.fullmatch(r"\$(\d+) per person \| \$(\d+) per group", product["family_deductible"]):
        said[summary, "deductible.family_per_person.in_network"] = f"${int(found[1]):,}"
        said[summary, "deductible.family.in_network"] = f"${int(found[2]):,}"
    return said


def check_renewal(plan: SeedPlan, printed: Mapping[str, dict[str, str]]) -> None:
    """Which plan of 2018 follows which of 2017 is the exchange's word."""
    if plan.prior is None:
        return
    before = load(1).plan(plan.prior)
    products = where("ma-shop-2017-2018/products.csv", {"hios_id": before.row["hios_id"]})
    (old,) = (row for row in products if row["application_period_min"].startswith("2017"))
    assert old["renewal_hios_id"] == printed["2018"]["hios_id"]


def check_puf(plan: SeedPlan) -> None:
    columns = {"PlanId": plan.row["PlanId"], "RatingAreaId": plan.row["RatingAreaId"]}
    rows = where("puf-2025/rates_wv_wy_lossy.csv", columns)
    prices = ((row["RateEffectiveDate"], int(row["Age_cleaned"]), row["IndividualRate_cleaned"]) for row in rows)
    assert cells(plan, "rates") == by_age(prices)
    ends = {("*", row["RateEffectiveDate"]): row["RateExpirationDate"] for row in rows}
    assert words(plan, "rates", "expiration_date") == ends
    issuer = rows[0]["IssuerId"]
    holds(plan, name=plan.row["PlanId"], hios_id=plan.row["PlanId"], carrier_id=issuer, carrier=f"Issuer {issuer}")


# --- the landscape -------------------------------------------------------------------------------------------------

LANDSCAPE = {
    "deductible.individual": "medical_deductible_individual",
    "deductible.family": "medical_deductible_family",
    "drug_deductible.individual": "drug_deductible_individual",
    "drug_deductible.family": "drug_deductible_family",
    "oop_max.individual": "medical_maximum_out_of_pocket_individual",
    "oop_max.family": "medical_maximum_out_of_pocket_family",
    "primary_care": "primary_care_physician",
    "specialist": "specialist",
    "emergency_room": "emergency_room",
    "inpatient_facility": "inpatient_facility",
    "inpatient_physician": "inpatient_physician",
    "rx_generic": "generic_drugs",
    "rx_preferred": "preferred_brand_drugs",
    "rx_non_preferred": "non_preferred_brand_drugs",
    "rx_specialty": "specialty_drugs",
}


def check_landscape(plan: SeedPlan) -> None:
    (row,) = where("qhp-landscape-2014/plans.csv", plan.row)
    holds(plan, name=row["plan_marketing_name"], carrier=row["issuer_name"], plan_type=row["plan_type"].lower())
    holds(plan, hios_id=row["plan_id_standard_component"], metal=row["metal_level"].lower())
    printed = {}
    for summary in plan.summaries:
        suffix = summary.replace(" ", "_") or "standard"
        for service, column in LANDSCAPE.items():
            if text := row[f"{column}_{suffix}"].strip():
                printed[summary, f"{service}.in_network"] = text
    assert benefits(plan) == printed


# --- employers' own sheets -----------------------------------------------------------------------------------------

TIERS = {
    "ee": ("Empl Only (T1/P1)", "Employee Only", "Single", "EE", "Employee"),
    "es": ("Empl + Spouse (T2/P2)", "E + Spouse", "EE and SP", "Employee & spouse", "Employee & Spouse"),
    "ec": ("Empl + Child(ren) (T3/P3)", "EE and CH", "Employee & Children"),
    "e1": ("Employee + 1",),
    "ef": ("Empl + Spouse + Child(ren) (T4/P4)", "Family", "EE and FAM", "Employee + 2 or more"),
    "e1c": ("E + Child", "Employee + one child"),
    "e2c": ("E + Children", "Employee + two children"),
    "es1c": ("E + Spouse + Child", "Employee, spouse + one child"),
    "es2c": ("E + Spouse + Children", "Employee, spouse + two children (full family)"),
}
TIER_OF = {label: tier for tier, labels in TIERS.items() for label in labels}
FREQUENCIES = {"Monthly": "monthly", "Biweekly": "biweekly_26", "Annual": "annual"}
UNDATED = "2026-01-01"  # the label of a sheet that prints no date


def check_sheet(plan: SeedPlan) -> None:
    several = plan.row["source_id"].split()
    rows = [row for name in several for row in where("employer-rates/tier_rates.csv", {**plan.row, "source_id": name})]
    totals: Cells = {}
    paid: Cells = {}
    column = {"total": "total_rate", "employee": "employee_amount"}
    shares = words(plan, "rates", "share")
    for row in rows:
        cls, day = (row["employee_group"] if plan.classes else "*"), row["effective"] or UNDATED
        cell = (cls, day, TIER_OF[row["tier_label"]])
        totals[cell] = amount(row[column[shares[cls, day]]])
        if shares[cls, day] == "employee":
            assert not row["total_rate"], "a total that is printed is taken"
        if row["employer_amount"]:
            paid[cell] = amount(row["employer_amount"])
    assert cells(plan, "rates") == totals
    assert cells(plan, "contributions") == paid
    check_sheet_words(plan, rows, several[-1])


def check_sheet_words(plan: SeedPlan, rows: Rows, newest: str) -> None:
    ends = {(row["effective"] or UNDATED): row["expiration"] for row in rows}
    for section in ("rates", "contributions"):
        for (_, day), text in words(plan, section, "expiration_date").items():
            assert text == ends[day]
        frequencies = set(words(plan, section, "frequency").values())
        assert frequencies <= {FREQUENCIES[row["frequency"]] for row in rows}
    last = [row for row in rows if row["source_id"] == newest]
    holds(
        plan,
        name=last[0]["plan"],
        carrier=last[0]["carrier"],
        line=last[0]["line"].replace(" ", "_"),
        effective_date=min(row["effective"] for row in last) or UNDATED,
        expiration_date=max(row["expiration"] for row in last),
    )
    groups = "; ".join(dict.fromkeys(row["employee_group"] for row in rows if row["employee_group"]))
    assert plan.fields.get("eligibility.classes", "") == groups


def check_life(plan: SeedPlan) -> None:
    rows = where("employer-rates/age_and_unit_rates.csv", plan.row)
    assert cells(plan, "rates") == {
        ("*", row["effective"], band(row["age_or_label"])): amount(row["rate"]) for row in rows
    }
    assert set(words(plan, "rates", "frequency").values()) == {FREQUENCIES[row["frequency"]] for row in rows}
    assert set(words(plan, "rates", "unit_basis").values()) == {"per_1000_volume"}
    assert {row["unit"] for row in rows} == {"per $1,000 of insurance"}
    holds(plan, name=rows[0]["plan"], carrier=rows[0]["carrier"], line=rows[0]["line"].replace(" ", "_"))
    holds(plan, effective_date=max(row["effective"] for row in rows))


def band(label: str) -> str:
    if label == "all ages":
        return "unit"
    if under := re.fullmatch(r"Under (\d+)", label):
        return f"age_0_{int(under[1]) - 1}"
    first, last = re.findall(r"\d+|plus", label.replace("and over", "plus"))
    return f"age_{first}_{last}"


def check_service(plan: SeedPlan) -> None:
    """A service is named where the document speaks of what it serves; no amount is taken from there."""
    name = "employer-rates/accounts.csv" if "kind" in plan.row else "employer-rates/tier_rates.csv"
    assert where(name, plan.row)
    assert not cells(plan, "rates")
    assert not benefits(plan)


# --- all of them ---------------------------------------------------------------------------------------------------

CHECKS: Mapping[str, Callable[[SeedPlan], None]] = {
    "Plan Code": check_fehb,
    "Plan Code Name": check_fedvip,
    "hios_id": check_shop,
    "PlanId": check_puf,
    "plan_id_standard_component": check_landscape,
}


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.key)
def test_every_figure_stands_in_the_document_it_names(plan: SeedPlan) -> None:
    """A plan's rates, contributions, benefits and names are those of its row, no more and no fewer."""
    found = [check for column, check in CHECKS.items() if column in plan.row]
    if not found:
        services = "additional_product" in plan.tags
        found = [check_service if services else check_life if "fegli" in plan.row.values() else check_sheet]
    (check,) = found
    check(plan)


def test_sheets_are_named_as_they_name_themselves() -> None:
    """An employer's own sheet is cited by its address and its title."""
    known = {row["source_id"]: row for row in table("employer-rates/sources.csv")}
    for plan in PLANS:
        for name, source in zip(plan.row.get("source_id", "").split(), plan.sources, strict=False):
            assert (source.url, source.document) == (known[name]["url"], known[name]["title"]), plan.key


def test_what_differs_at_the_start_is_a_figure_of_the_year_before() -> None:
    """Even the differences that a first link has to settle are printed: in the sheet of the prior plan."""
    differing = {plan.key: plan for plan in PLANS if plan.differs}
    assert set(differing) == {"ma7-bmc-bronze-2018", "coh-cigna-plus-fy26"}
    for plan in differing.values():
        before = load(1).plan(plan.prior or "")
        for path, text in plan.differs["benefitpoint"].items():
            assert plan.fields[path] != text, plan.key
            assert text in {old for name, old in before.fields.items() if parse(name).field == parse(path).field}
