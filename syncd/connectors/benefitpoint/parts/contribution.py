"""Contributions: tier names from their own schedule, the class and the day they are for. Read only: V4 writes none.

A contribution has no date and names its tiers by id alone, from a schedule that need not be that of the rate: tiers
meet by what they mean, never by position or id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncd.connectors.benefitpoint.contract import Data
from syncd.connectors.benefitpoint.parts.binding import Binding
from syncd.connectors.benefitpoint.structures import TierSchedule
from syncd.connectors.benefitpoint.values import visible

KIND = "contribution"
_KINDS = ("dollarAmount", "percentOfPremium", "percentOfSalary", "definedDollarAmount")


def annotated(
    raw: Mapping[str, Any], schedules: Mapping[int, TierSchedule], binding: Binding, effective: str, *, sold: bool
) -> Data:
    """Name tiers and class. `effective`: the day of the rate that a rule ties it to, or the plan's."""
    schedule = schedules.get(raw.get("rateTierScheduleID", 0))
    tiers = schedule.tiers if schedule is not None else {}
    data: Data = {**visible(raw), "_effective": effective, "_sold": sold}
    values = data.get("contributionValues", [])
    if values:
        data["contributionValues"] = [
            {**value, "_tier": tiers.get(value.get("rateTierID"), f"tier {value.get('rateTierID')}")}
            for value in values
        ]
    kinds = {kind for value in values for kind in _KINDS if kind in value}
    cls = binding.class_of("contributionID", raw.get("contributionID"))
    # An amount, a share of the premium or of the salary stands for each tier of the schedule: there is no other basis.
    basis = {"_basis": "defined" if kinds == {_KINDS[-1]} else "tier"} if kinds else {}
    return data | ({"_class": cls} if cls else {}) | basis
