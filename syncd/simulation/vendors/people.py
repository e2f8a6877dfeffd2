"""What people do in the vendors' own screens, in the vendors' own words. No canonical path and no mapping in sight.

An edit is named (`rate`, `contribution`), takes one of a few values, and looks at the record as it stands, because a
list is replaced whole. What BenefitPoint's web service cannot write is edited here like the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from syncd.simulation.vendors.server import Door
from syncd.simulation.vendors.wire import BP, PQ

Raw: TypeAlias = dict[str, Any]
Edit: TypeAlias = tuple[str, str, Raw]
"""Kind and id of what is edited, and its changes."""

NAMES = ("Gold", "Gold plus", "Silver HMO")
TEXTS = ("A-1", "B-2", "C-3")
DAYS = ("2027-01-01", "2027-02-01", "2027-07-01")
DOLLARS = ("500", "1000", "1500")
AMOUNTS = ("912.40", "930.25", "601.75")
HALVES = ("100.00", "120.50", "150.00")


# -- PerfectQuote: JSON merge patches ----------------------------------------------------------------------------------


def _benefit(plan: Raw, code: str, value: Raw) -> Raw:
    """Change one benefit in network; the list of variants is replaced whole."""
    variants = plan["benefits"]["variants"]
    for one in variants[0]["fields"]:
        if one["code"] == code:
            one["in_network"] = value
    return {"benefits": {"variants": variants}}


def _dollars(amount: str, kind: str = "money") -> Raw:
    return {"kind": kind, "amount": amount, "text": None, "after_deductible": None}


def _rate(plan: Raw, amount: str) -> Raw:
    sets = plan["rates"]["sets"]
    sets[0]["tiers"][0]["rate"] = amount
    return {"rates": {"sets": sets}}


def _share(plan: Raw, amount: str) -> Raw:
    sets = plan["contributions"]["sets"]
    sets[0]["entries"][0]["amount"] = amount
    return {"contributions": {"sets": sets}}


IN_PERFECTQUOTE: Mapping[str, tuple[tuple[str, ...], Callable[[Raw, str], Raw]]] = {
    "name": (NAMES, lambda _, value: {"name": value}),
    "policy number": (TEXTS, lambda _, value: {"policy_number": value}),
    "renewal date": (DAYS, lambda _, value: {"renewal_date": value}),
    "network": (TEXTS, lambda _, value: {"network": value}),
    "notes": (TEXTS, lambda _, value: {"notes": value}),
    "deductible": (DOLLARS, lambda plan, value: _benefit(plan, "deductible_individual", _dollars(value))),
    "office visit": (DOLLARS, lambda plan, value: _benefit(plan, "pcp_visit", _dollars(value[:2], "copay"))),
    "rate": (AMOUNTS, _rate),
    "contribution": (HALVES, _share),
}


# -- BenefitPoint: records of five kinds -------------------------------------------------------------------------------


def _of(tables: Raw, kind: str, plan: str) -> tuple[str, Raw]:
    """Find the first record of a kind of a plan."""
    if kind == "product":
        return plan, tables[kind][plan]
    return next((key, one) for key, one in sorted(tables[kind].items()) if one["productID"] == int(plan))


def _first_attribute(summary: Raw, amount: str) -> Raw:
    """Change the first benefit (the individual deductible) in network."""
    values = summary["attributeValues"]
    cell = values[0]["attributeValueDetails"][0]
    cell |= {"UOM": "dollars", "value": amount}
    return {"attributeValues": values}


IN_BENEFITPOINT: Mapping[str, tuple[str, tuple[str, ...], Callable[[Raw, str], Raw]]] = {
    "name": ("product", NAMES, lambda _, value: {"name": value}),
    "policy number": ("product", TEXTS, lambda _, value: {"policyNumber": value}),
    "renewal date": ("product", DAYS, lambda _, value: {"renewalOn": value}),
    "notes": ("product", TEXTS, lambda _, value: {"planInfo.notes": value}),
    "deductible": ("benefit_summary", DOLLARS, _first_attribute),
    "rate": ("rate", AMOUNTS, lambda _, value: {"cells.Rate.EE Only": value}),
    "contribution": ("contribution", HALVES, lambda _, value: {"amounts.EE Only": value}),
    "eligibility": ("eligibility_rule", TEXTS, lambda _, value: {"notes": value}),
}
UNTRACKED = frozenset({"contribution", "eligibility"})
"""What BenefitPoint's change list says nothing of: the daily compare sees it."""

EDITS: Mapping[str, tuple[str, ...]] = {PQ: tuple(IN_PERFECTQUOTE), BP: tuple(IN_BENEFITPOINT)}


def edit(door: Door, system: str, plan: str, what: str, pick: int) -> str:
    """Do one edit as a person; give the value that was typed, "" when the record is not there (any more)."""
    state = door.call("GET", "snapshot")
    try:
        if system == PQ:
            values, change = IN_PERFECTQUOTE[what]
            kind, key, held = "plan", plan, state["store"]["records"]["plan"][plan]
            if held["deleted_at"]:
                return ""
        else:
            table, values, change = IN_BENEFITPOINT[what]
            kind = table
            key, held = _of(state["tables"], table, plan)
    except (KeyError, StopIteration):
        return ""
    value = values[pick % len(values)]
    door.edit(kind, key, change(held, value))
    return value


def add(door: Door, group: str, like: str, name: str) -> str:
    """Let somebody quote one more plan in PerfectQuote, for next year, with the carrier of another; give its id."""
    twin = door.call("GET", "snapshot")["store"]["records"]["plan"][like]
    new = {name: twin[name] for name in ("plan_type", "carrier_id", "plan_design", "funding")}
    made = door.edit("plan", None, {**new, "group_id": group, "name": name, "effective_date": "2027-01-01"})
    return str(made["id"])
