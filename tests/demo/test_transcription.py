"""Every figure of the demo's seed stands in the public data it names, and nothing of a printed row was left out.

The data are not part of the project: where they are missing, these tests say so and are skipped. They share no code
with whatever made the seed; each source is looked up anew from the `row` of the plan.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import pytest

from syncd.cli.demo.files.seed import Entry, read_seed
from syncd.model.fields import type_of
from syncd.model.paths import SetKey, parse

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the public data that the seed was taken from are not here")

Rows = list[dict[str, str]]
PLANS = read_seed().plans


@lru_cache(maxsize=32)
def table(name: str) -> Rows:
    with (DATA / name).open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def where(name: str, columns: Mapping[str, str]) -> Rows:
    found = [row for row in table(name) if all(row[column].strip() == text for column, text in columns.items())]
    assert found, f"no such row in {name}: {dict(columns)}"
    return found


def amount(text: str) -> Decimal:
    return Decimal(re.sub(r"[$,\s]", "", text))


def cells(entry: Entry, section: str) -> Iterator[tuple[str, str, str]]:
    """Give (date, cell, text) of every amount in a section."""
    for path, text in entry.fields.items():
        parsed = parse(path)
        if parsed.section == section and isinstance(parsed.key, SetKey) and type_of(path) == "money":
            yield parsed.key.effective, parsed.field, text


def amounts(entry: Entry, section: str) -> dict[tuple[str, str], Decimal]:
    return {(date, cell): Decimal(text) for date, cell, text in cells(entry, section)}


# --- employers' own sheets -------------------------------------------------------------------------------------------

TIERS = {
    "ee": ("Empl Only (T1/P1)", "Employee Only", "Single", "EE", "Employee"),
    "es": ("Empl + Spouse (T2/P2)", "E + Spouse", "EE and SP", "Employee & spouse", "Employee + Spouse"),
    "ec": ("Empl + Child(ren) (T3/P3)", "EE and CH", "Employee + Child(ren)"),
    "e1": ("Employee + 1", "Employee +1", "Employee + Child(ren) or Spouse"),
    "ef": ("Empl + Spouse + Child(ren) (T4/P4)", "Family", "EE and FAM", "Employee + 2 or more", "Employee +Family"),
    "e1c": ("E + Child", "Employee + one child"),
    "e2c": ("E + Children", "Employee + two children"),
    "es1c": ("E + Spouse + Child", "Employee, spouse + one child"),
    "es2c": ("E + Spouse + Children", "Employee, spouse + two children (full family)"),
}
TIER_OF = {label: tier for tier, labels in TIERS.items() for label in labels}
FREQUENCIES = {"Monthly": "monthly", "Bi-Weekly": "biweekly_26", "Biweekly": "biweekly_26"}


def check_tiers(entry: Entry) -> None:
    rows = where("employer-rates/tier_rates.csv", entry.row)
    shares = {text for path, text in entry.fields.items() if path.startswith("rates[") and path.endswith(".share")}
    column = {"total": "total_rate", "employee": "employee_amount"}[shares.pop() if shares else "total"]
    printed = {(row["effective"], TIER_OF[row["tier_label"]]): amount(row[column]) for row in rows if row[column]}
    assert amounts(entry, "rates") == printed
    paid = {
        (row["effective"], TIER_OF[row["tier_label"]]): amount(row["employer_amount"])
        for row in rows
        if row["employer_amount"]
    }
    assert amounts(entry, "contributions") == paid
    check_sets(entry, {row["effective"]: (row["expiration"], FREQUENCIES[row["frequency"]]) for row in rows})
    assert entry.fields["details.name"] == rows[0]["plan"]
    assert entry.fields.get("details.carrier", "") == rows[0]["carrier"]
    assert entry.fields.get("eligibility.classes", rows[0]["employee_group"]) == rows[0]["employee_group"]
    if "eligibility.hours" in entry.fields:
        assert f"({entry.fields['eligibility.hours']}-" in rows[0]["employee_group"]
    check_read_off_the_name(entry)
    check_plan_design(entry)


def check_sets(entry: Entry, printed: Mapping[str, tuple[str, str]]) -> None:
    """Every set says from when to when and how often, as printed."""
    sets = {(parsed.section, parsed.key) for parsed in map(parse, entry.fields) if isinstance(parsed.key, SetKey)}
    assert {key.effective for _, key in sets} == set(printed)
    for section, key in sets:
        until, frequency = printed[key.effective]
        assert entry.fields.get(f"{section}[{key}].expiration_date", "") == until
        assert entry.fields[f"{section}[{key}].frequency"] == frequency
    assert entry.fields["details.effective_date"] == min(printed)
    if "details.expiration_date" in entry.fields:
        assert entry.fields["details.expiration_date"] == max(until for until, _ in printed.values())


def check_read_off_the_name(entry: Entry) -> None:
    """Plan type and account of these sheets stand in the printed name, or in the list of account money."""
    name = entry.fields["details.name"]
    if plan_type := entry.fields.get("details.plan_type"):
        assert plan_type.upper().removeprefix("D") in name.replace("DPPO", "PPO")
    if account := entry.fields.get("details.account"):
        money = [row for row in table("employer-rates/accounts.csv") if row["plan"] == name and amount(row["amount"])]
        assert account.upper() in name or account.upper() in {row["kind"] for row in money}


DENTAL = {
    "dental_preventive": "Oral exam & cleanings",
    "dental_basic": "Fillings, extractions, root canals, etc.",
    "dental_major": "Crowns, bridges, dentures",
}


def check_plan_design(entry: Entry) -> None:
    """Idaho's dental plan says what it pays; the seed says what the member pays."""
    for path, text in entry.fields.items():
        if not path.startswith("benefits."):
            continue
        service, _, network = path.removeprefix("benefits.").rpartition(".")
        design = where("employer-rates/benefit_values.csv", {"source_id": entry.row["source_id"]})
        if service in DENTAL:
            first = {"in_network": "In-Network", "out_of_network": "Out-of-Network"}[network]
            (row,) = (row for row in design if row["benefit"] == DENTAL[service] and row["network"].startswith(first))
            paid, rule = re.fullmatch(r"(\d+)%,? (.+)", row["value"]).groups()  # type: ignore[union-attr]
            rule = {"after deductible": " after deductible", "no deductible": ", not subject to deductible"}[rule]
            assert text == f"{100 - int(paid)}% Coinsurance{rule}"
        else:
            benefit = {"deductible.individual": "Deductible", "annual_max.individual": "Plan Year Benefit"}[service]
            (row,) = (row for row in design if row["benefit"] == benefit)
            assert row["value"].startswith(f"{text} ")
            assert network == "combined"
            assert not row["network"]


# --- life and disability ---------------------------------------------------------------------------------------------

UNITS = {
    "per $10 of weekly benefit": "per_10_weekly_benefit",
    "per $100 of monthly covered salary": "per_100_payroll",
    "per $100 of covered payroll": "per_100_payroll",
    "per $1,000 of insurance": "per_1000_volume",
    "Rate / $100": "per_100_payroll",
    "Rate / $1,000": "per_1000_volume",
}


def band(label: str) -> str:
    if label in ("", "all ages"):
        return "unit"
    if under := re.fullmatch(r"Under (\d+)", label):
        return f"age_0_{int(under[1]) - 1}"
    first, last = re.findall(r"\d+|plus", label.replace("and over", OLDEST))
    return f"age_{first}_{last}"


OLDEST = "plus"


def check_units(entry: Entry) -> None:
    rows = where("employer-rates/age_and_unit_rates.csv", entry.row)
    printed = {(row["effective"], band(row["age_or_label"])): amount(row["rate"]) for row in rows}
    assert amounts(entry, "rates") == printed
    check_sets(entry, {row["effective"]: (row["expiration"], FREQUENCIES[row["frequency"]]) for row in rows})
    check_volume(entry, rows[0]["effective"], rows[0]["unit"])
    assert entry.fields["details.name"] == rows[0]["plan"]
    assert entry.fields.get("details.carrier", "") == rows[0]["carrier"]
    check_in_words(entry, rows[0]["note"])


def check_volumes(entry: Entry) -> None:
    (row,) = where("employer-rates/group_volume_rates.csv", entry.row)
    effective = row["effective"]
    printed = {"unit": amount(row["rate"]), "estimated_monthly_premium": amount(row["monthly_cost"])}
    assert amounts(entry, "rates") == {(effective, cell): value for cell, value in printed.items()}
    check_sets(entry, {effective: (row["expiration"], "monthly")})
    check_volume(entry, effective, row["unit"])
    assert (entry.fields["details.name"], entry.fields["details.carrier"]) == (row["coverage"], row["carrier"])
    check_in_words(entry, row["note"])


def check_volume(entry: Entry, effective: str, unit: str) -> None:
    assert entry.fields[f"rates[{effective}].unit_basis"] == UNITS[unit]


def check_in_words(entry: Entry, note: str) -> None:
    """What the plan pays is said in prose beside the rate."""
    for path, text in entry.fields.items():
        name = path.removeprefix("benefits.")
        if name == "elimination_period":
            days = text.removesuffix(" days")
            assert f"{days} day" in note
        elif name == "benefit_percent":
            assert f"{text}% of" in note
        elif name == "benefit_maximum":
            assert f"max ${int(text):,}" in note
        elif name == "benefit_amount":
            assert text in note


# --- federal plans ---------------------------------------------------------------------------------------------------

FEHB_TIERS = {"ee": "Self", "e1": "Self Plus One", "ef": "Self & Family"}
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
    "imaging": "Diagnostic Tests or Procedures (e.g., CT scans, MRIs, PET Scans)",
    "chiropractic": "Chiropractic",
}


def check_fehb(entry: Entry) -> None:
    benefits = where("fehb-2026/plan_benefits.csv", entry.row)
    networks = {"In-network": "in_network", "Out-of-network": "out_of_network"}
    printed = {networks[row["In-network/out-of-network"]]: row for row in benefits}
    for path, text in entry.fields.items():
        service, _, network = path.removeprefix("benefits.").rpartition(".")
        if path.startswith("benefits."):
            assert text == printed[network][FEHB_SERVICES[service]], path
    check_fehb_rates(entry)
    key = where("fehb-2026/plan_key.csv", entry.row)[0]
    account = {"Health Savings Account": "hsa"}
    assert {
        "details.name": key["Plan Option Name"].strip(),
        "details.carrier": key["Carrier Name"].strip(),
        "details.carrier_plan_code": key["Plan Code"],
        "details.plan_type": key["Network Type"].lower(),
        "details.account": account.get(benefits[0]["Type of account"], benefits[0]["Type of account"]),
        "details.effective_date": "2026-01-01",
        "details.expiration_date": "2026-12-31",
    }.items() <= entry.fields.items()


def check_fehb_rates(entry: Entry) -> None:
    """What employee and government pay, added, is the rate; what the government pays is the contribution."""
    columns = {"Plan Code": entry.row["Plan Code"], "Plan Code Option Type": entry.row["Plan Option Name"]}
    ordinary = {"Rate Type": "NP Active", "Biweekly/Monthly": "Biweekly"}
    printed = {row["Enrollment Type"]: row for row in where("fehb-2026/rates.csv", {**columns, **ordinary})}
    assert set(printed) == set(FEHB_TIERS.values())
    total, government = amounts(entry, "rates"), amounts(entry, "contributions")
    for tier, label in FEHB_TIERS.items():
        row, cell = printed[label], ("2026-01-01", tier)
        assert total.pop(cell) == amount(row["Employee Pays"]) + amount(row["Government Pays"])
        assert government.pop(cell) == amount(row["Government Pays"])
    assert not total
    assert not government
    for section in ("rates", "contributions"):
        assert entry.fields[f"{section}[2026-01-01].frequency"] == "biweekly_26"


FEDVIP_SERVICES = {
    "deductible.individual": "Per Person Deductible",
    "annual_max.individual": "Annual Maximum Benefit Per Person",
    "dental_preventive": "Class A - Preventive",
    "dental_basic": "Class B - Intermediate",
    "dental_major": "Class C - Major",
    "orthodontia": "Class D - Orthodontic",
    "vision_exam": "Vision - Vision Exam",
    "vision_lenses": "Vision - Vision Lenses Only",
    "vision_frames": "Vision - Frames",
}


def check_fedvip(entry: Entry) -> None:
    line = entry.fields["details.line"]
    option = {column: text for column, text in entry.row.items() if column != "Rating Region"}
    printed = {row["Network Type"]: row for row in where(f"fedvip-2026/{line}_benefits.csv", option)}
    for path, text in entry.fields.items():
        if path.startswith("benefits."):
            service, _, word = path.removeprefix("benefits.").rpartition(".")
            row = printed["Out-of-Network" if word == "out_of_network" else "In-Network 1"]
            check_fedvip_benefit(service, word, text, row)
    name = f"{option['Plan Code Name']} - {option['Plan Code Option Type']}"
    assert (entry.fields["details.name"], entry.fields["details.carrier"]) == (name, option["Plan Code Name"])
    region = entry.row.get("Rating Region", "")
    (rates,) = where(f"fedvip-2026/{line}_rates.csv", {"Plan - Option": name, "Rating Region": region})
    assert entry.fields.get("rates[2026-01-01].rating_area", "") == region
    # The sheets write "Self-Only", "Self Only", "Self-Plus One".
    monthly = {re.sub(r"[- ]", "", column): text for column, text in rates.items() if column.startswith("Monthly")}
    columns = {"ee": "MonthlySelfOnly", "e1": "MonthlySelfPlusOne", "ef": "MonthlySelf&Family"}
    printed_rates = {("2026-01-01", tier): amount(monthly[column]) for tier, column in columns.items()}
    assert amounts(entry, "rates") == printed_rates
    assert entry.fields["rates[2026-01-01].frequency"] == "monthly"


def check_fedvip_benefit(service: str, word: str, text: str, row: Mapping[str, str]) -> None:
    column = FEDVIP_SERVICES[service]
    if column.startswith("Vision") and word == "in_network":
        thing = {"vision_exam": "Exam", "vision_lenses": "(?:Lenses|Materials|Glasses)"}[service]
        assert re.search(rf"(?:\A| ){re.escape(text)} {thing}(?: |\Z)", row["Vision - Copay"])
        return
    # The dental sheet writes a bare 50 for $50.
    printed = row[column]
    assert text == (f"${int(printed):,}" if printed.isdecimal() else printed)


# --- the small-group exchange ----------------------------------------------------------------------------------------


def check_shop(entry: Entry) -> None:
    year = entry.row["plan_year"]
    (product,) = (
        row
        for row in where("ma-shop-2017-2018/products.csv", {"hios_id": entry.row["hios_id"]})
        if row["application_period_min"].startswith(year)
    )
    fields = entry.fields
    dental = product["kind"] == "dental"
    assert {
        "details.name": product["title"],
        "details.carrier": product["issuer_legal_name"],
        "details.carrier_id": product["issuer_hios_id"],
        "details.hios_id": product["hios_base_id"],
        "details.effective_date": product["application_period_min"],
        "details.expiration_date": product["application_period_max"],
        "benefits.deductible.individual.in_network": product["deductible"],
    }.items() <= fields.items()
    assert fields.get("details.hios_variant", "") == product["csr_variant_id"]
    assert fields.get("details.metal", "dental") == product["metal_level_kind"]
    assert fields.get("details.hsa_eligible", "") == product["hsa_eligibility"].lower()
    assert product["plan_kind"] == (fields["details.other_type"].lower() if dental else fields["details.plan_type"])
    person = fields.get("benefits.deductible.family_per_person.in_network")
    family = fields.get("benefits.deductible.family.in_network")
    printed = product["family_deductible"]
    if person is None:
        assert printed == "per person not applicable | per group not applicable"
    else:
        assert printed == f"{person} per person | {family} per group".replace(",", "")
    check_ages(entry)


def check_ages(entry: Entry) -> None:
    """Every age of the sheet is here; its first and last stand for all below and above."""
    (effective,) = {date for date, _, _ in cells(entry, "rates")}
    rows = where("ma-shop-2017-2018/rates_age.csv", {**entry.row, "rate_effective": effective})
    ages = {int(row["age"]): amount(row["cost"]) for row in rows}
    youngest, oldest = min(ages), max(ages)
    names = {age: f"age_{age}_{age}" for age in ages}
    names |= {youngest: f"age_0_{youngest}", oldest: f"age_{oldest}_{OLDEST}"}
    assert amounts(entry, "rates") == {(effective, names[age]): cost for age, cost in ages.items()}
    assert entry.fields[f"rates[{effective}].rating_area"] == entry.row["rating_area"]
    assert entry.fields[f"rates[{effective}].expiration_date"] == rows[0]["rate_expiration"]


# --- all of them -----------------------------------------------------------------------------------------------------


def check_of(entry: Entry) -> Callable[[Entry], None]:
    if "Plan Code" in entry.row:
        return check_fehb
    if "Plan Code Name" in entry.row:
        return check_fedvip
    if "hios_id" in entry.row:
        return check_shop
    if "coverage" in entry.row:
        return check_volumes
    basis = next((text for path, text in entry.fields.items() if path.endswith(".basis")), "composite")
    return check_tiers if basis == "composite" else check_units


@pytest.mark.parametrize("entry", PLANS, ids=lambda entry: entry.key)
def test_every_figure_stands_in_the_document_it_names(entry: Entry) -> None:
    """A plan's rates, contributions, benefits and names are those of its row, no more and no fewer."""
    check_of(entry)(entry)


def test_sheets_are_named_as_they_name_themselves() -> None:
    """An employer's own sheet is cited by its address and by words of its title."""
    known = {row["source_id"]: row for row in table("employer-rates/sources.csv")}
    for entry in PLANS:
        source = known.get(entry.row.get("source_id", ""))
        if source is not None and source["source_id"] != "fegli":
            assert entry.source is not None
            assert entry.source.url == source["url"], entry.key
            assert entry.source.document in source["title"] or source["title"] in entry.source.document, entry.key


SHEET = "employer-rates/tier_rates.csv"
STALE = {
    "co-kaiser-hdhp-fy26": (SHEET, "carrier", {"source_id": "co-fy25", "plan": "HDHP"}),
    "id-traditional-full": (SHEET, "employee_amount", {"source_id": "id-fy2024", "plan": "Traditional"}),
    "bea-dental-ppo": (SHEET, "total_rate", {"source_id": "beaumont-2022", "plan": "Dental (PPO)*"}),
    "fed-co-kaiser-prosper": ("fehb-2026/plan_benefits.csv", "Specialist Office Visit", {"Plan Code": "N4"}),
    "ma1-nhp-500": ("ma-shop-2017-2018/products.csv", "deductible", {"hios_id": "41304MA0041146-01"}),
}


def test_what_differs_at_the_start_is_a_figure_of_another_year_or_column() -> None:
    """Even the differences that a first link has to settle are printed somewhere."""
    differing = {entry.key: entry.differs for entry in PLANS if entry.differs}
    for key, (name, column, columns) in STALE.items():
        printed = {row[column].replace("$", "").replace(",", "") for row in where(name, columns)}
        for text in differing.pop(key)["crm"].values():
            assert text.replace("$", "").replace(",", "") in printed, key
    assert list(differing) == ["in-cdhp-2"], "a longer name, which somebody typed"
