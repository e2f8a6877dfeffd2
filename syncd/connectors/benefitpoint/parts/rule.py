"""Eligibility rules: who may enrol and when, for one class each. Read only: V4 writes none.

A plan has one answer to "how long is the wait", its rules may have several. `_all` joins them: one word where the rules
agree, all of them where they do not, which no codec understands, so it is shown and compared and never taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from syncd.connectors.benefitpoint.contract import Data
from syncd.connectors.benefitpoint.parts.binding import Binding
from syncd.connectors.benefitpoint.values import joined, visible

KIND = "rule"
_DAYS = {"Thirty": 30, "Sixty": 60, "Ninety": 90}
_COUNTED = re.compile("|".join(_DAYS))
_UNITS = {"Days": "waitingDays", "Months": "waitingMonths"}


def annotated(raw: Mapping[str, Any], everything: Mapping[str, Any]) -> Data:
    """Give a rule with what all rules of the plan say together."""
    return {**visible(raw), "_all": dict(everything)}


def together(binding: Binding) -> Data:
    """Join what the active rules say, field by field."""
    said = [_said(rule, binding) for rule in binding.rules]
    keys = dict.fromkeys(key for one in said for key in one)
    found: Data = {}
    for key in keys:
        values = [one.get(key) for one in said]
        if all(value == values[0] for value in values):
            found[key] = values[0]
        else:
            found[key] = joined(_texts(values))
    classes = joined_classes(binding)
    return found | ({"classes": classes} if classes else {})


def joined_classes(binding: Binding) -> str:
    """Name all classes that may enrol; "": everybody."""
    named = [binding.labels(rule) for rule in binding.rules]
    return "; ".join(dict.fromkeys(label for labels in named for label in labels)) if all(named) else ""


def _texts(values: Sequence[object]) -> Iterable[str]:
    return ("nothing" if value is None else str(value) for value in values)


def _said(rule: Mapping[str, Any], binding: Binding) -> Data:
    """Give what one rule says, in the vendor's words."""
    dependents = rule.get("dependentEligibilityRule", {})
    child = dependents.get("childCriteria", {})
    said: Data = {
        **_waiting(rule),
        "coverageEnd": _named(rule.get("coverageEndDate")),
        "dependentAge": child.get("ageLimit"),
        "domesticPartners": _partners(dependents),
        "notes": rule.get("notes"),
        **_employment(rule, binding),
    }
    return {key: value for key, value in said.items() if value is not None}


def _named(word: object) -> object:
    """`Unspecified` says nothing, unlike `None`, which is a waiting period of its own."""
    return None if word == "Unspecified" else word


def _waiting(rule: Mapping[str, Any]) -> Data:
    standard = _named(rule.get("standardWaitingPeriod"))
    if isinstance(standard, str):
        count = _COUNTED.search(standard)
        return {"waiting": standard, "waitingDays": _DAYS[count[0]] if count else None}
    custom = rule.get("customWaitingPeriod", {})
    unit, value = custom.get("unitOfMeasure"), custom.get("value")
    found: Data = {"waiting": _named(custom.get("timeFrame"))}
    if value is not None and unit in _UNITS:
        found[_UNITS[unit]] = value
    elif value is not None:
        found["waitingText"] = f"{value} {str(unit or '').lower()}".strip()
    return found


def _partners(dependents: Mapping[str, Any]) -> bool | None:
    spouses = dependents.get("spouseCriteria", {}).get("spouseTypes", [])
    if any("Domestic_Partner" in kind and not kind.startswith("Ex_") for kind in spouses):
        return True
    kinds = dependents.get("domesticPartnerCriteria", {})
    words = [word for value in kinds.values() for word in (value if isinstance(value, list) else [value])]
    named = [word for word in words if isinstance(word, str)]
    if not named:
        return None
    return "Not_Applicable" not in named


def _employment(rule: Mapping[str, Any], binding: Binding) -> Data:
    """Give hours a week and kinds of employment, from the account's employee types that the rule names."""
    numbers = rule.get("employeeEligibilityRule", {}).get("employeeTypeIDs", [])
    kinds = [binding.employee_types[number] for number in numbers if number in binding.employee_types]
    hours = {
        kind["value"]
        for kind in kinds
        if kind.get("unitOfMeasure") == "Hours" and kind.get("frequency") == "per_Week" and "value" in kind
    }
    words = [
        " ".join(
            str(word).replace("___", " - ").replace("_", " ") for word in (kind.get("status"), kind.get("type")) if word
        )
        for kind in kinds
    ]
    return {"hours": hours.pop() if len(hours) == 1 else None, "employment": "; ".join(dict.fromkeys(words)) or None}
