"""One plan as the quoting system keeps it: nested objects, rate sets as a list, money as numbers in text, ISO dates.

Pure: an entry of the seed in, a row out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from syncd.cli.demo.files.seed import Entry
from syncd.model.paths import SetKey, parse
from syncd.model.records import JSON

_LINES: Final = {
    "medical": "MED",
    "dental": "DEN",
    "vision": "VIS",
    "basic_life": "LIFE",
    "voluntary_life": "VLIFE",
    "ad_d": "ADD",
    "std": "STD",
    "voluntary_std": "VSTD",
    "ltd": "LTD",
    "voluntary_ltd": "VLTD",
}
_TYPES: Final = {"hmo": "HMO", "ppo": "PPO", "epo": "EPO", "dppo": "DPPO", "dhmo": "DHMO", "other": "OTH"}
_STAGES: Final = {"current": "SOLD", "expired": "CLOSED"}
_SEGMENTS: Final = {"small_group": "SG", "large_group": "LG"}
_PERIODS: Final = {"monthly": "M", "biweekly_26": "BW"}
_BASES: Final = {"composite": "TIER", "age": "AGE", "unit": "UNIT"}
_PAYERS: Final = {"total": "ALL", "employee": "EE", "employer": "ER"}
_UNITS: Final = {"per_1000_volume": "K-VOL", "per_100_payroll": "C-PAY", "per_10_weekly_benefit": "X-WKB"}
_TIERS: Final = ("ee", "es", "ec", "e1", "ef", "e1c", "e2c", "es1c", "es2c")

# Where each benefit stands in the row; a service goes on with `in`, `out` or `any` for its network.
_BENEFITS: Final = {
    "deductible.individual": "deductible.single",
    "deductible.family": "deductible.family",
    "deductible.family_per_person": "deductible.family_member",
    "oop_max.individual": "oop_limit.single",
    "oop_max.family": "oop_limit.family",
    "annual_max.individual": "annual_limit.single",
    "preventive": "care.preventive",
    "primary_care": "care.pcp",
    "specialist": "care.specialist",
    "urgent_care": "care.urgent",
    "emergency_room": "care.er",
    "inpatient_facility": "care.inpatient",
    "imaging": "care.imaging",
    "chiropractic": "care.chiro",
    "dental_preventive": "dental.class_a",
    "dental_basic": "dental.class_b",
    "dental_major": "dental.class_c",
    "orthodontia": "dental.ortho",
    "vision_exam": "vision.exam",
    "vision_lenses": "vision.lenses",
    "vision_frames": "vision.frames",
}
_NETWORKS: Final = {"in_network": "in", "out_of_network": "out", "combined": "any", "frequency": "every"}


def quote_group(entry: Entry, modified: str) -> dict[str, JSON]:
    """Shape an employer."""
    texts = entry.texts("quote")
    return {
        "id": entry.ids["quote"],
        "employer": texts["details.name"],
        "situs": texts.get("details.address.state"),
        "segment": _SEGMENTS.get(texts.get("details.market", "")),
        "stage": {"active": "OPEN"}[texts["details.status"]],
        "modified": modified,
        "census": {"received": False},  # nothing of ours: it must survive every write
    }


def quote_plan(entry: Entry, group: str, modified: str, as_of: date) -> dict[str, JSON]:
    """Shape a plan. Keys without a value are left out, except where the vendor always writes them."""
    texts = entry.texts("quote")
    row: dict[str, JSON] = {
        "id": entry.ids["quote"],
        "group_id": group,
        "modified": modified,
        "stage": _STAGES.get(texts.get("details.status", "")),
        "plan": _plan(texts),
        "benefits": _benefits(texts),
        "rate_sets": _rate_sets(entry, texts),
        "contributions": _contributions(texts),
    }
    # Nothing of ours: what a quoting system keeps for itself, and what every write must leave as it is.
    row["presentation"] = {"slide": int(entry.ids["quote"][2:]) % 9 + 1, "favourite": False}
    row["imported_on"] = as_of.isoformat()
    return row


def _plan(texts: Mapping[str, str]) -> dict[str, JSON]:
    detail = {path.removeprefix("details."): text for path, text in texts.items() if path.startswith("details.")}
    keys: dict[str, JSON] = {
        "name": detail["name"],
        "product": _LINES[detail["line"]],
        "type": _TYPES.get(detail.get("plan_type", "")),
        "type_other": detail.get("other_type"),
        "carrier": detail.get("carrier"),
        "carrier_ref": detail.get("carrier_id"),
        "code": detail.get("carrier_plan_code"),
        "hios": detail.get("hios_id"),
        "hios_variant": detail.get("hios_variant"),
        "metal": detail["metal"].upper() if "metal" in detail else None,
        "hsa": {"true": True, "false": False}.get(detail.get("hsa_eligible", "")),
        "account": {"not applicable": "N/A"}.get(detail.get("account", "").lower(), detail.get("account", "").upper()),
        "segment": _SEGMENTS.get(detail.get("market", "")),
        "voluntary": {"true": True, "false": False}.get(detail.get("voluntary", "")),
        "start": detail.get("effective_date"),
        "end": detail.get("expiration_date"),
        "class": texts.get("eligibility.classes"),
        "min_hours": texts.get("eligibility.hours"),
    }
    always = {"name", "product", "carrier", "start"}
    return {key: value for key, value in keys.items() if key in always or value not in (None, "")}


def _benefits(texts: Mapping[str, str]) -> dict[str, JSON]:
    """`benefits.primary_care.in_network` becomes `care.pcp.in`."""
    found: dict[str, JSON] = {}
    for path, text in texts.items():
        name = path.removeprefix("benefits.")
        if name == path:
            continue
        service, _, network = name.rpartition(".")
        if service not in _BENEFITS:
            found.setdefault("income", {})[_INCOME[name]] = int(text) if name == "benefit_percent" else text
            continue
        area, _, item = _BENEFITS[service].partition(".")
        said = text if network == "frequency" else _said(service, text)
        found.setdefault(area, {}).setdefault(item, {})[_NETWORKS[network]] = said
    return found


_INCOME: Final = {
    "benefit_amount": "amount",
    "benefit_percent": "percent_of_pay",
    "benefit_maximum": "maximum",
    "elimination_period": "wait",
}


def _said(service: str, text: str) -> str:
    """Say a cost share in this system's words: small letters, `copay`, amounts without commas."""
    if text.lower() == "not applicable":
        return "n/a"
    if text == "Member Pays Nothing":
        return "no charge"
    amount = re.fullmatch(r"\$([\d,.]+)(?: Copayment)?", text)
    if amount is None:
        return text.lower()
    dollars = f"${amount[1].replace(',', '')}"
    return dollars if _BENEFITS[service].partition(".")[0] in _AMOUNTS else f"{dollars} copay"


_AMOUNTS: Final = {"deductible", "oop_limit", "annual_limit"}


def _sets(texts: Mapping[str, str], section: str) -> dict[str, dict[str, str]]:
    """Part the texts of a section by effective date."""
    sets: dict[str, dict[str, str]] = {}
    for path, text in texts.items():
        parsed = parse(path)
        if parsed.section == section and isinstance(parsed.key, SetKey):
            sets.setdefault(parsed.key.effective, {})[parsed.field] = text
    return sets


def _rate_sets(entry: Entry, texts: Mapping[str, str]) -> list[JSON]:
    return [
        _rate_set(f"RS{entry.ids['quote'][1:]}-{number}", effective, cells)
        for number, (effective, cells) in enumerate(_sets(texts, "rates").items(), start=1)
    ]


def _rate_set(set_id: str, effective: str, cells: Mapping[str, str]) -> dict[str, JSON]:
    shaped: dict[str, JSON] = {
        "set_id": set_id,
        "from": effective,
        "to": cells.get("expiration_date"),
        "per": _PERIODS[cells["frequency"]],
        "basis": _BASES[cells["basis"]],
        "paid_by": _PAYERS[cells["share"]],
    }
    if "rating_area" in cells:
        shaped["area"] = cells["rating_area"]
    if tiers := _tiers(cells):
        shaped["tiers"] = tiers
    if ages := [_age(name, amount) for name, amount in cells.items() if name.startswith("age_")]:
        shaped["ages"] = ages
    if "unit_basis" in cells:
        shaped["unit"] = _UNITS[cells["unit_basis"]]
    if "unit" in cells:
        shaped["unit_rate"] = cells["unit"]
    if "estimated_monthly_premium" in cells:
        shaped["est_premium"] = cells["estimated_monthly_premium"]
    return shaped


def _tiers(cells: Mapping[str, str]) -> dict[str, JSON]:
    return {tier.upper(): cells[tier] for tier in _TIERS if tier in cells}


def _age(name: str, amount: str) -> dict[str, JSON]:
    _, first, last = name.split("_")
    return {"from": int(first), "to": None if last == "plus" else int(last), "amount": amount}


def _contributions(texts: Mapping[str, str]) -> list[JSON]:
    return [
        {
            "from": effective,
            "to": cells.get("expiration_date"),
            "per": _PERIODS[cells["frequency"]],
            "paid_by": _PAYERS[cells["share"]],
            "tiers": _tiers(cells),
        }
        for effective, cells in _sets(texts, "contributions").items()
    ]
