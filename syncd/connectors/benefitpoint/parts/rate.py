"""Rates: which value is a price, for which tier or ages, per what, for which class. Read only: V4 writes none.

A value's tier and field carry their names with them; ages are steps between a start and an end, and the number of the
first step is a setting, because the contract does not say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from syncd.connectors.benefitpoint.contract import Data
from syncd.connectors.benefitpoint.parts.binding import Binding
from syncd.connectors.benefitpoint.structures import RateShape
from syncd.connectors.benefitpoint.values import visible

KIND = "rate"
_PRICE = re.compile(r"\brates?\b|\bpremium\b", re.IGNORECASE)
_NOT_EMPLOYEE = re.compile(r"\b(?:spouse|child|children|dependents?)\b", re.IGNORECASE)
_PER = re.compile(r"\bper \$[\d,]+(?: of [\w ]+| weekly benefit| payroll| volume)?", re.IGNORECASE)
_COMPOSITE = re.compile(r"composite", re.IGNORECASE)
_PERIODS = re.compile(r"\b(?P<period>monthly|annual|weekly|biweekly|quarterly)\b", re.IGNORECASE)
_BASIS = re.compile(r"\b(?P<period>per (?:month|year|week|quarter|pay (?:cycle|period)))\b", re.IGNORECASE)
_MONTHS = {"Years": 12, "Months": 1}


@dataclass(frozen=True, slots=True)
class Bands:
    """How age bands are numbered here: the number of the first one, and whether the outermost are open."""

    base: int = 1
    ends: str = "open"


def is_quote(raw: Mapping[str, Any]) -> bool:
    """Tell a carrier's offer in a marketing response from the rate of a sold plan."""
    return "responseID" in raw


def annotated(
    raw: Mapping[str, Any], shape: RateShape, binding: Binding, effective: str, *, sold: bool, bands: Bands
) -> Data:
    """Name tiers, ages, unit and class of a rate. `effective`: its day, or the plan's where it has none."""
    data = visible(raw)
    schedule = shape.schedules.get(raw.get("rateTypeTierID", 0))
    values = [_value(value, data, shape, bands) for value in data.get("rateFieldValues", [])]
    made: Data = {**data, "_effective": effective, "_sold": sold}
    if values:
        made["rateFieldValues"] = values
    extra = {
        "_class": binding.class_of("rateID", raw.get("rateID")),
        "_schedule": schedule.name if schedule is not None else None,
        "_guaranteeMonths": guarantee_months(raw),
        **_unit(values),
    }
    return made | {key: value for key, value in extra.items() if value is not None}


def guarantee_months(raw: Mapping[str, Any]) -> int | None:
    """Give how long a rate is guaranteed; None: not said, or in days."""
    months, count = _MONTHS.get(str(raw.get("rateGuaranteeUOM"))), raw.get("rateGuarantee")
    return count * months if months is not None and isinstance(count, int) else None


def _value(value: Mapping[str, Any], rate: Mapping[str, Any], shape: RateShape, bands: Bands) -> Data:
    """Say which cell a value is: `tier`, `age`, `unit` or none of them."""
    field = value.get("rateField", {})
    group = str(field.get("rateFieldGroup", {}).get("description", ""))
    label = str(field.get("label") or shape.fields.get(field.get("rateFieldID"), ""))
    made: Data = {**value, "_label": label}
    if not _is_price(field, label) or _NOT_EMPLOYEE.search(f"{group} {label}"):
        return made
    tier = str(value.get("rateTier", {}).get("description", ""))
    if "ageBandIndex" in value and rate.get("ageBanded"):
        ages = band(rate, value["ageBandIndex"] - bands.base, bands.ends)
        made |= {"_cell": "age", "_ages": ages or f"band {value['ageBandIndex']}"}
        if rate.get("ageBandedGenderSpecific"):
            made["_sex"] = "female" if value.get("ageBandGender") == "female" else "male"
        if "tobacco" in label.lower():
            made["_tobacco"] = not re.search(r"non[- ]?tobacco", label, re.IGNORECASE)
    elif tier and not _COMPOSITE.search(tier):
        made |= {"_cell": "tier", "_tier": tier}
    else:
        made["_cell"] = "unit"
    per, period = _PER.search(label) or _PER.search(group), _PERIODS.search(group)
    return made | ({"_per": per[0]} if per else {}) | ({"_period": period["period"].lower()} if period else {})


def _is_price(field: Mapping[str, Any], label: str) -> bool:
    return field.get("fieldValueType") == "Dollars" and bool(_PRICE.search(label))


def _unit(values: list[Data]) -> Data:
    """Give what holds for the whole rate: a single price, what it is per, for how long."""
    priced = [value for value in values if "_cell" in value]
    singles = [value["valueNum"] for value in priced if value["_cell"] == "unit" and "valueNum" in value]
    per = {value["_per"] for value in priced if "_per" in value}
    # What the rate itself says of its period is truer than the name of the group that all rates of its type share.
    chosen = [_BASIS.search(value.get("rateOptionValue", {}).get("description", "")) for value in values]
    periods = {found["period"].lower() for found in chosen if found} or {
        value["_period"] for value in priced if "_period" in value
    }
    cells = {value["_cell"] for value in priced}
    found: Data = {}
    if len(singles) == 1:
        found["_unitRate"] = singles[0]
    elif singles:
        found["_unitRate"] = " | ".join(singles)  # two prices of one rate: shown, never taken
    if cells:
        found["_basis"] = next(iter(cells)) if len(cells) == 1 else "mixed"
    if len(per) == 1:
        found["_unit"] = per.pop()
    elif not per and cells == {"unit"}:
        found["_unit"] = "flat"
    if len(periods) == 1:
        found["_frequency"] = periods.pop()
    return found


def band(rate: Mapping[str, Any], step: int, ends: str) -> str | None:
    """Write the ages of a step, counted from 0. None: the rate does not say enough to know.

    open: everybody up to the start, then steps of `interval` years, then everybody above the end; closed: the first
    step begins at the start and the last one ends at the end, with nobody below or above.
    """
    start, end, interval = (rate.get(f"ageBanded{name}") for name in ("StartOn", "EndOn", "Interval"))
    if not (isinstance(start, int) and isinstance(end, int) and isinstance(interval, int) and interval > 0):
        return None
    if ends == "open" and step == 0:
        return f"0-{start}"
    low = start + step * interval if ends == "closed" else start + 1 + (step - 1) * interval
    if step < 0 or low > end:
        return f"{end + 1}+" if ends == "open" and step > 0 and low - interval <= end else None
    return f"{low}-{min(low + interval - 1, end)}"
