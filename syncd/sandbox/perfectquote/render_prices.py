"""Seeded rates and contributions in PerfectQuote's sets, tiers and periods."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from syncd.sandbox.perfectquote.words import STRUCTURES

_PATH = re.compile(r"(?P<block>rates|contributions)\[(?:(?P<cls>[^\];]*);)?(?P<day>\d{4}-\d\d-\d\d)\]\.(?P<cell>.+)")
_AGE = re.compile(r"age_(?P<first>\d+)_(?P<last>\d+|plus)(?:\.(?P<gender>[fm]))?(?P<tobacco>\.tobacco)?")
_TIERS = {
    "ee": "employee_only",
    "es": "employee_spouse",
    "e1": "employee_spouse",
    "e1c": "employee_child",
    "e2c": "employee_children",
    "ec": "employee_children",
    "ef": "employee_family",
}
"""A three-tier plan's "employee and one dependant" stands as employee_spouse: the contract says so."""

_UNSAYABLE = {"es1c", "es2c", "so", "co", "sc"}
_RATE_PERIODS = {
    "monthly": "monthly",
    "weekly_52": "weekly",
    "quarterly": "quarterly",
    "annual": "yearly",
    "one_time": "one_time",
    # The contract has no two-week price; where pay is bi-weekly, the pay cycle is that price's period.
    "biweekly_26": "per_pay_cycle",
    "biweekly_24": "per_pay_cycle",
    "semi_monthly_24": "per_pay_cycle",
    "per_pay_cycle": "per_pay_cycle",
}
_CONTRIBUTION_PERIODS = {
    "monthly": "monthly",
    "weekly_52": "weekly",
    "biweekly_26": "biweekly_26",
    "semi_monthly_24": "semimonthly_24",
    "every_two_months_6": "bimonthly",
    "quarterly": "quarterly",
    "semi_annual": "semiannual",
    "annual": "annual",
    "per_pay_cycle": "per_pay_cycle",
    "one_time": "one_time",
}
_UNITS = {
    "per_1000_volume": (1000, "benefit"),
    "per_100_payroll": (100, "monthly_payroll"),
    "per_10_weekly_benefit": (10, "weekly_benefit"),
}
_OLDEST = 120
"""`64 and over` ends here."""

_KINDS = {"": "amount", "_percent": "percent", "_salary_percent": "percent_of_salary"}
_CELL = re.compile(r"(?P<of>[a-z0-9]+?)(?P<kind>_percent|_salary_percent)?")

Cells = dict[str, str]


def _sets(texts: dict[str, str], block: str) -> dict[tuple[str | None, str], Cells]:
    """Group a block's cells by class and effective date."""
    sets: dict[tuple[str | None, str], Cells] = {}
    for path, text in texts.items():
        found = _PATH.fullmatch(path)
        if found is not None and found["block"] == block:
            key = (None if found["cls"] in (None, "", "*") else found["cls"], found["day"])
            sets.setdefault(key, {})[found["cell"]] = text
    return sets


def rates(texts: dict[str, str], left_out: list[str]) -> dict[str, Any]:
    """Render the rates block; what the contract cannot say is named in `left_out`."""
    paid = _sets(texts, "contributions")
    rendered = []
    for (cls, start), cells in sorted(_sets(texts, "rates").items(), key=lambda item: (item[0][0] or "", item[0][1])):
        frequency = _RATE_PERIODS.get(cells.get("frequency", "monthly"))
        price = _price(_total(cells, paid.get((cls, start), {})))
        if price is None or frequency is None:
            left_out.append(f"rates {cls or '*'};{start}: the contract has no such tiers, unit, period or share")
            continue
        common = {
            "description": cells.get("description"),
            "effective_date": cells.get("effective_date", start),
            "expiration_date": cells.get("expiration_date"),
            "frequency": frequency,
            "class_ref": cls,
            "renewal_change_percent": cells.get("change_percent"),
            "estimated_monthly_premium": _plain(cells.get("estimated_monthly_premium")),
            "child_cap": int(cells["child_cap"]) if "child_cap" in cells else None,
        }
        rendered.append({**common, **price})
    return {"sets": rendered}


def _total(cells: Cells, paid: Cells) -> Cells:
    """Make total prices of a document that prints employees' shares; {} when it does not say what the employer pays."""
    if cells.get("share", "total") == "total":
        return cells
    tiers = [tier for tier in (*_TIERS, *_UNSAYABLE) if tier in cells]
    alike = paid.get("share") == "employer" and paid.get("frequency") == cells.get("frequency")
    if cells["share"] != "employee" or not alike or not all(tier in paid for tier in tiers):
        return {}
    return {**cells, **{tier: str(Decimal(cells[tier]) + Decimal(paid[tier])) for tier in tiers}}


def _price(cells: Cells) -> dict[str, Any] | None:
    """Render prices by tier, by age or by unit; None when they do not fit."""
    ages = [_band(found, text) for cell, text in cells.items() if (found := _AGE.fullmatch(cell))]
    if "unit" in cells or (ages and "unit_basis" in cells):
        per, basis = _UNITS.get(cells.get("unit_basis", ""), (None, None))
        unit = {"per": per, "volume_basis": basis, "rate": _plain(cells.get("unit")), "age_bands": ages or None}
        return {"rate_type": "unit", "unit": unit} if per is not None else None
    if ages:
        return {"rate_type": "age_rated", "ages": ages}
    held = [tier for tier in (*_TIERS, *_UNSAYABLE) if tier in cells]
    tiers = {_TIERS[tier]: _plain(cells[tier]) for tier in held if tier in _TIERS}
    if _UNSAYABLE & set(held) or len(tiers) < len(held) or frozenset(tiers) not in STRUCTURES:
        return None
    return {"rate_type": "composite", "tiers": [{"tier": tier, "rate": rate} for tier, rate in tiers.items()]}


def _band(found: re.Match[str], text: str) -> dict[str, Any]:
    last = _OLDEST if found["last"] == "plus" else int(found["last"])
    tobacco = True if found["tobacco"] else None
    return {
        "age_from": int(found["first"]),
        "age_to": last,
        "rate": _plain(text),
        "gender": found["gender"],
        "tobacco": tobacco,
    }


def contributions(texts: dict[str, str], left_out: list[str]) -> dict[str, Any]:
    """Render the contributions block; a set with a tier that has no name here is named in `left_out`."""
    rendered = []
    for (cls, start), cells in sorted(
        _sets(texts, "contributions").items(), key=lambda item: (item[0][0] or "", item[0][1])
    ):
        frequency = _CONTRIBUTION_PERIODS.get(cells.get("frequency", "monthly"))
        entries = _entries(cells)
        if frequency is None or not entries or cells.get("share", "employer") == "total":
            left_out.append(f"contributions {cls or '*'};{start}: the contract has no such tiers, period or share")
            continue
        rendered.append(
            {
                "description": cells.get("description"),
                "class_ref": cls,
                "effective_date": cells.get("effective_date", start),
                "perspective": cells.get("share", "employer"),
                "basis": "employee_dependent" if "part" in entries[0] else "per_tier",
                "frequency": frequency,
                "pre_tax": {"true": True, "false": False}.get(cells.get("pretax", "")),
                "entries": entries,
                "max_amount": _plain(cells.get("max")),
            }
        )
    return {"sets": rendered}


def _entries(cells: Cells) -> list[dict[str, Any]]:
    entries = []
    for cell, text in cells.items():
        found = _CELL.fullmatch(cell)
        if found is None or found["of"] not in {*_TIERS, *_UNSAYABLE, "employee", "dependent"}:
            continue
        if found["of"] in _UNSAYABLE:
            return []
        of = {"part": found["of"]} if found["of"] in ("employee", "dependent") else {"tier": _TIERS[found["of"]]}
        entries.append({**of, _KINDS[found["kind"] or ""]: _plain(text)})
    return entries


def _plain(text: str | None) -> str | None:
    """Write an amount as the contract does: no sign, no comma."""
    return None if text is None else text.strip().removeprefix("$").removesuffix("%").replace(",", "")
