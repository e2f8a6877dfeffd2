"""One plan as the CRM keeps it: a wide row of texts, M/D/YYYY dates, "$1,512.40" money, Yes and No.

Pure: an entry of the seed in, a row out. Every row has every column, because a CSV file has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from syncd.cli.demo.files.seed import Entry
from syncd.model.paths import SetKey, parse
from syncd.model.records import JSON

_LINES: Final = {
    "medical": "Medical",
    "dental": "Dental",
    "vision": "Vision",
    "basic_life": "Group Term Life",
    "voluntary_life": "Voluntary Life",
    "ad_d": "AD&D",
    "std": "Short-Term Disability",
    "voluntary_std": "Voluntary Short-Term Disability",
    "ltd": "Long-Term Disability",
    "voluntary_ltd": "Voluntary Long-Term Disability",
}
_TYPES: Final = {
    "hmo": "Medical - HMO",
    "ppo": "Medical - PPO",
    "epo": "Medical - EPO",
    "dppo": "Dental - PPO",
    "dhmo": "Dental - HMO",
    "other": "Other",
}
_ACCOUNTS: Final = {"hsa": "Health Savings Account", "hra": "Health Reimbursement Account", "not applicable": "N/A"}
_STATUSES: Final = {"current": "In Force", "expired": "Lapsed"}
_MARKETS: Final = {"small_group": "Small Group", "large_group": "Large Group"}
_FLAGS: Final = {"true": "Yes", "false": "No"}
_FREQUENCIES: Final = {"monthly": "Monthly", "biweekly_26": "Bi-Weekly (26)"}
_BASES: Final = {"composite": "Composite", "age": "Age Banded", "unit": "Per Unit"}
_SHARES: Final = {"total": "Total Premium", "employee": "Employee Cost", "employer": "Employer"}
_UNITS: Final = {
    "per_1000_volume": "Per $1,000 of Benefit",
    "per_100_payroll": "Per $100 of Payroll",
    "per_10_weekly_benefit": "Per $10 of Weekly Benefit",
}

# Column -> canonical path, by how the column writes its value.
_TEXTS: Final = {
    "Plan Name": "details.name",
    "Type (Other)": "details.other_type",
    "Carrier": "details.carrier",
    "Carrier ID": "details.carrier_id",
    "Carrier Plan Code": "details.carrier_plan_code",
    "HIOS ID": "details.hios_id",
    "HIOS Variant": "details.hios_variant",
    "Eligible Class": "eligibility.classes",
    "Hours per Week": "eligibility.hours",
    "Benefit Amount": "benefits.benefit_amount",
    "Elimination Period": "benefits.elimination_period",
    "Exam Frequency": "benefits.vision_exam.frequency",
    "Lens Frequency": "benefits.vision_lenses.frequency",
    "Frame Frequency": "benefits.vision_frames.frequency",
}
_CODES: Final = {
    "Line of Coverage": ("details.line", _LINES),
    "Plan Type": ("details.plan_type", _TYPES),
    "Account Type": ("details.account", _ACCOUNTS),
    "Status": ("details.status", _STATUSES),
    "Market Segment": ("details.market", _MARKETS),
    "HSA Eligible": ("details.hsa_eligible", _FLAGS),
    "Voluntary": ("details.voluntary", _FLAGS),
}
_AMOUNTS: Final = {
    "Deductible Single In": "benefits.deductible.individual.in_network",
    "Deductible Single Out": "benefits.deductible.individual.out_of_network",
    "Deductible Single Any": "benefits.deductible.individual.combined",
    "Deductible Family In": "benefits.deductible.family.in_network",
    "Deductible Family Out": "benefits.deductible.family.out_of_network",
    "Deductible Family Member In": "benefits.deductible.family_per_person.in_network",
    "Max Out of Pocket Single In": "benefits.oop_max.individual.in_network",
    "Max Out of Pocket Single Out": "benefits.oop_max.individual.out_of_network",
    "Max Out of Pocket Family In": "benefits.oop_max.family.in_network",
    "Max Out of Pocket Family Out": "benefits.oop_max.family.out_of_network",
    "Annual Maximum In": "benefits.annual_max.individual.in_network",
    "Annual Maximum Out": "benefits.annual_max.individual.out_of_network",
    "Annual Maximum Any": "benefits.annual_max.individual.combined",
    "Preventive In": "benefits.preventive.in_network",
    "Office Visit In": "benefits.primary_care.in_network",
    "Office Visit Out": "benefits.primary_care.out_of_network",
    "Specialist Visit In": "benefits.specialist.in_network",
    "Specialist Visit Out": "benefits.specialist.out_of_network",
    "Urgent Care In": "benefits.urgent_care.in_network",
    "Emergency Room": "benefits.emergency_room.in_network",
    "Inpatient Hospital In": "benefits.inpatient_facility.in_network",
    "Inpatient Hospital Out": "benefits.inpatient_facility.out_of_network",
    "Advanced Imaging In": "benefits.imaging.in_network",
    "Chiropractic In": "benefits.chiropractic.in_network",
    "Eye Exam In": "benefits.vision_exam.in_network",
    "Lenses In": "benefits.vision_lenses.in_network",
}
# Dental columns say what the plan pays, as most brokers write it; every other column says what the member pays.
_PLAN_PAYS: Final = {
    "Preventive Pays In": "benefits.dental_preventive.in_network",
    "Preventive Pays Out": "benefits.dental_preventive.out_of_network",
    "Basic Pays In": "benefits.dental_basic.in_network",
    "Basic Pays Out": "benefits.dental_basic.out_of_network",
    "Major Pays In": "benefits.dental_major.in_network",
    "Major Pays Out": "benefits.dental_major.out_of_network",
    "Orthodontia Pays In": "benefits.orthodontia.in_network",
    "Orthodontia Pays Out": "benefits.orthodontia.out_of_network",
}
_TIERS: Final = {
    "Employee Only": "ee",
    "Employee + Spouse": "es",
    "Employee + Child(ren)": "ec",
    "Employee + 1": "e1",
    "Family": "ef",
    "Employee + 1 Child": "e1c",
    "Employee + Children": "e2c",
    "Employee + Spouse + 1 Child": "es1c",
    "Employee + Spouse + Children": "es2c",
}
# Bands as life and disability carriers print them. There are no columns for single years of age: the small groups' age
# rates are not carried here at all.
_AGES: Final = {
    "Age Under 25": "age_0_24",
    "Age 25-29": "age_25_29",
    "Age 30-34": "age_30_34",
    "Age Under 35": "age_0_34",
    "Age 35-39": "age_35_39",
    "Age 40-44": "age_40_44",
    "Age 45-49": "age_45_49",
    "Age 50-54": "age_50_54",
    "Age 55-59": "age_55_59",
    "Age 60-64": "age_60_64",
    "Age 60+": "age_60_plus",
    "Age 65-69": "age_65_69",
    "Age 65+": "age_65_plus",
    "Age 70-74": "age_70_74",
    "Age 75-79": "age_75_79",
    "Age 80+": "age_80_plus",
}


def crm_group(entry: Entry, modified: str) -> dict[str, JSON]:
    """Shape an employer."""
    texts = entry.texts("crm")
    return {
        "id": entry.ids["crm"],
        "Account Name": texts["details.name"],
        "State": texts.get("details.address.state", ""),
        "Market Segment": _MARKETS.get(texts.get("details.market", ""), ""),
        "Status": texts["details.status"].capitalize(),
        "modified": modified,
        "Account Manager": "",  # nothing of ours: it must survive every write
        "syncd_marker": "",
    }


def crm_plan(entry: Entry, group: str, modified: str, as_of: date) -> dict[str, JSON]:
    """Shape a plan, with the rates and contributions that are current on a day."""
    texts = entry.texts("crm")
    rates_date, rates = _current(texts, "rates", as_of)
    paid_date, paid = _current(texts, "contributions", as_of)
    percent, maximum = texts.get("benefits.benefit_percent"), texts.get("benefits.benefit_maximum")
    return {
        "id": entry.ids["crm"],
        "group_id": group,
        **{column: texts.get(path, "") for column, path in _TEXTS.items()},
        **{column: words.get(texts.get(path, "").lower(), "") for column, (path, words) in _CODES.items()},
        "Metal Tier": texts.get("details.metal", "").capitalize(),
        "Plan Effective": _date(texts.get("details.effective_date", "")),
        "Plan Expires": _date(texts.get("details.expiration_date", "")),
        **{column: _said(texts.get(path, "")) for column, path in _AMOUNTS.items()},
        **{column: _plan_pays(texts.get(path, "")) for column, path in _PLAN_PAYS.items()},
        "Benefit % of Pay": f"{percent}%" if percent else "",
        "Benefit Maximum": _money(maximum or ""),
        "Rate Effective": _date(rates_date),
        "Rate Expires": _date(rates.get("expiration_date", "")),
        "Rate Frequency": _FREQUENCIES.get(rates.get("frequency", ""), ""),
        "Rate Basis": _BASES.get(rates.get("basis", ""), ""),
        "Rates Are": _SHARES.get(rates.get("share", ""), ""),
        "Rating Area": rates.get("rating_area", ""),
        **{column: _money(rates.get(cell, "")) for column, cell in (_TIERS | _AGES).items()},
        "Unit Rate": _money(rates.get("unit", "")),
        "Rate Unit": _UNITS.get(rates.get("unit_basis", ""), ""),
        "Monthly Premium (Estimate)": _money(rates.get("estimated_monthly_premium", "")),
        "Contribution Effective": _date(paid_date),
        "Contribution Expires": _date(paid.get("expiration_date", "")),
        "Contribution Frequency": _FREQUENCIES.get(paid.get("frequency", ""), ""),
        "Contribution By": _SHARES.get(paid.get("share", ""), ""),
        **{f"ER {column}": _money(paid.get(cell, "")) for column, cell in _TIERS.items()},
        "modified": modified,
        # Nothing of ours: the CRM's own columns, which every write must leave as they are.
        "Commission Split": "50/50",
        "Internal Notes": f'Filed under "{texts["details.name"]}", see folder {entry.ids["crm"][-3:]}',
        "syncd_marker": "",
    }


def _current(texts: Mapping[str, str], section: str, as_of: date) -> tuple[str, dict[str, str]]:
    """Pick the set in force on a day: the latest that has begun, else the first to come."""
    sets: dict[str, dict[str, str]] = {}
    for path, text in texts.items():
        parsed = parse(path)
        if parsed.section == section and isinstance(parsed.key, SetKey):
            sets.setdefault(parsed.key.effective, {})[parsed.field] = text
    if not sets:
        return "", {}
    begun = [effective for effective in sets if effective <= as_of.isoformat()]
    effective = max(begun) if begun else min(sets)
    return effective, sets[effective]


def _date(text: str) -> str:
    """`2026-01-01` becomes `1/1/2026`."""
    if not text:
        return ""
    day = date.fromisoformat(text)
    return f"{day.month}/{day.day}/{day.year}"


def _money(text: str) -> str:
    """`1512.40` becomes `$1,512.40`; digits behind the point stay as many as they were."""
    return f"${Decimal(text):,}" if text else ""


def _said(text: str) -> str:
    """Say a cost share in this system's words."""
    if text.lower() == "not applicable":
        return "N/A"
    if text == "Member Pays Nothing":
        return "No Charge"
    return re.sub(r"\A(\d+%)\Z", r"\1 Coinsurance", text)


def _plan_pays(text: str) -> str:
    """Say what the plan pays: `30% Coinsurance after deductible` becomes `70% after deductible`."""
    member = re.fullmatch(r"(\d+)%(?: Coinsurance)?(.*)", text)
    return f"{100 - int(member[1])}%{member[2]}" if member else _said(text)
