"""A seeded plan's rate and contribution sets, and the rules that tie them to classes of employees."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, TypeAlias

from syncd.sandbox.benefitpoint import taxonomy as names
from syncd.sandbox.benefitpoint.catalogue import Catalogue
from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.benefitpoint.render.accounts import classes_of
from syncd.sandbox.benefitpoint.render.eligibility import terms
from syncd.sandbox.seed.model import SeedPlan

Key: TypeAlias = tuple[str, str]
"""Class (`*` is everybody) and the day from which the set is in force."""

_PATH: Final = re.compile(r"(rates|contributions)\[(?:([^\];]*);)?(\d{4}-\d\d-\d\d)\]\.(.+)")
_AGE: Final = re.compile(r"age_(\d+)_(\d+|plus)((?:\.[a-z]+)*)")
_PARTS: Final = (("_salary_percent", "percentOfSalary"), ("_percent", "percentOfPremium"), ("", "dollarAmount"))
_FREQUENCIES: Final = {
    "monthly": "Monthly",
    "weekly_52": "Weekly",
    "biweekly_26": "Bi_Weekly_26_or_yr",
    "semi_monthly_24": "Semi_Monthly_24_or_yr",
    "every_two_months_6": "Bi_Monthly",
    "quarterly": "Quarterly",
    "semi_annual": "Semi_annually",
    "annual": "Annually",
    "one_time": "One_time_fee",
}


def _sets(plan: SeedPlan, section: str) -> dict[Key, dict[str, str]]:
    found: dict[Key, dict[str, str]] = {}
    for path, text in plan.texts("benefitpoint").items():
        match = _PATH.fullmatch(path)
        if match and match[1] == section:
            found.setdefault((match[2] or "*", match[3]), {})[match[4]] = text
    return dict(sorted(found.items(), key=lambda item: item[0][1]))


def _title(key: Key, what: str) -> str:
    return f"{key[1][:4]} {what}" if key[0] == "*" else f"{key[0]} {key[1]}"


def schedule_for(tiers: Iterable[str]) -> str:
    """Choose the smallest schedule that has these tiers. Raises LookupError when none has them."""
    wanted = set(tiers)
    fitting = [name for name, row in names.SCHEDULES.items() if wanted <= set(row)]
    if not fitting:
        raise LookupError(f"no tier schedule has {', '.join(sorted(wanted))}")
    return min(fitting, key=lambda name: len(names.SCHEDULES[name]))


# -- rates ------------------------------------------------------------------------------------------------------------


def rates(plan: SeedPlan, product: Record, made: list[int], tenant: Catalogue) -> dict[Key, Record]:
    """Make a plan's rates; those that have expired stay on file. `made`: the plan's summaries."""
    paid = _sets(plan, "contributions")
    totals = {key: _total(held, paid.get(key, {})) for key, held in _sets(plan, "rates").items()}
    return {key: _rate(plan, key, held, product, made, tenant) for key, held in totals.items() if held}


def _total(held: dict[str, str], paid: dict[str, str]) -> dict[str, str]:
    """Make premiums of a document that prints employees' shares: a rate is what the carrier charges. {} when the
    document does not say what the employer pays."""
    if held.get("share", "total") == "total":
        return held
    tiers = [tier for tier in names.TIERS if tier in held]
    alike = paid.get("share") == "employer" and paid.get("frequency") == held.get("frequency")
    if held["share"] != "employee" or not alike or not all(tier in paid for tier in tiers):
        return {}
    return {**held, **{tier: str(Decimal(held[tier]) + Decimal(paid[tier])) for tier in tiers}}


def _rate(
    plan: SeedPlan, key: Key, held: dict[str, str], product: Record, made: list[int], tenant: Catalogue
) -> Record:
    family = tenant.types[product["productTypeID"]].rates
    funding = plan.texts("benefitpoint").get("details.funding")
    self_funded = funding == "self_funded" and names.RATES[family].self_funded
    kind = tenant.rate_type_ids[family, "Self_Funded" if self_funded else "Fully_Insured"]
    schedule, cells = _cells(held)
    return {
        "rateID": None,
        "productID": product["productID"],
        "description": held.get("description") or _title(key, "rates"),
        "rateTypeID": kind,
        "rateTypeTierID": tenant.type_tier_ids[kind, schedule],
        "effectiveAsOf": held.get("effective_date", key[1]),
        "expirationOn": held.get("expiration_date"),
        "includeEE": held.get("includes_employee") != "false" if len(names.SCHEDULES[schedule]) > 1 else None,
        "ratingMethod": None,
        "commissions": [_commission(int(key[1][:4]))],
        "estimatedMonthlyPremium": held.get("estimated_monthly_premium"),
        "additionalInfo": _beside(held),
        "rateGuarantee": int(held["guarantee_months"]) if "guarantee_months" in held else None,
        "rateGuaranteeUOM": "Months" if "guarantee_months" in held else None,
        "renewalPercentageChange": held.get("change_percent"),
        "cells": cells,
        "basis": _basis(held),
        "summaries": made,
    }


def _cells(held: dict[str, str]) -> tuple[str, dict[str, dict[str, str]]]:
    """Give the schedule, and label -> place -> amount."""
    label = names.UNITS.get(held.get("unit_basis", ""), "Rate")
    tiers = {tier: held[tier] for tier in names.TIERS if tier in held}
    cells: dict[str, dict[str, str]] = {}
    for name, text in held.items():
        if match := _AGE.fullmatch(name):
            marks = match[3].split(".")
            band = f"{match[1]}+" if match[2] == "plus" else f"{match[1]}-{match[2]}"
            place = f"Composite/{band}" + ("/female" if "f" in marks else "")
            cells.setdefault("Tobacco Rate" if "tobacco" in marks else label, {})[place] = text
    if "unit" in held:
        cells.setdefault(label, {})["Composite"] = held["unit"]
    if cells:
        return "Composite", cells
    schedule = schedule_for(tiers)
    return schedule, {label: {names.TIERS[tier]: text for tier, text in tiers.items()}}


def _basis(held: dict[str, str]) -> str:
    if "unit_basis" in held or held.get("basis") == "unit":
        return names.BASES["unit" if held.get("frequency", "monthly") == "monthly" else "unit_per_pay"]
    return names.BASES.get(held.get("frequency", "monthly"), names.BASES["per_pay"])


def _beside(held: dict[str, str]) -> str | None:
    """Say in words what the vendor has no field for."""
    return f"Rating area: {held['rating_area']}" if "rating_area" in held else None


def _commission(year: int) -> Record:
    return {
        "commissionID": 5_000 + year,
        "commissionType": "Flat_Percentage_of_Premium",
        "commissionPaidBy": "Carrier",
        "description": "Base commission",
        "flatPercentageOfPremium": {"percentage": "4.0"},
    }


def responses(plan: SeedPlan, product: Record, made: list[int], tenant: Catalogue) -> list[Record]:
    """Make the rates of a marketing response: quotes, not what was sold."""
    texts = plan.texts("benefitpoint")
    carrier = f"{texts.get('details.carrier', '')} {texts['details.name']}".strip()
    return [
        {
            **item,
            "responseID": int(plan.ids["benefitpoint"]),
            "description": f"{carrier} quote",
            "commissions": [],
            "responseRateInfo": {
                "rateVersion": 1,
                "rateVersionReasons": ["Initial_Rate"],
                "selected": False,
                "createdByBroker": False,
            },
            "_key": plan.key,
        }
        for item in rates(plan, product, made, tenant).values()
    ]


# -- contributions ----------------------------------------------------------------------------------------------------


def contributions(plan: SeedPlan, product: int, tenant: Catalogue) -> dict[Key, Record]:
    """Make a plan's contributions. They have no date of their own: rule and description tell which year is meant."""
    return {key: _contribution(key, held, product, tenant) for key, held in _sets(plan, "contributions").items()}


def _contribution(key: Key, held: dict[str, str], product: int, tenant: Catalogue) -> Record:
    amounts = _amounts(held)
    schedule = schedule_for(amounts)
    pretax = held.get("pretax")
    return {
        "contributionID": None,
        "productID": product,
        "description": held.get("description") or _title(key, "contributions"),
        "rateTierScheduleID": tenant.schedule_ids[schedule],
        "includeEE": True,
        "partOfDefinedContributionOrFlexCredit": held.get("basis") == "defined",
        "employeeContribution": held.get("share") == "employee",
        "contributionFrequency": _FREQUENCIES.get(held.get("frequency", ""), "Per_Pay_Cycle"),
        "preTax": None if pretax is None else pretax.title(),
        "applyToMultiplePlans": False,
        "eeContributesLesser": "max" in held,
        "additionalInformation": f"At most {held['max']}" if "max" in held else None,
        "amounts": {names.TIERS[tier]: values for tier, values in amounts.items()},
    }


def _amounts(held: dict[str, str]) -> dict[str, dict[str, str]]:
    """Give tier -> kind -> amount; one set may mix dollars and percentages."""
    found: dict[str, dict[str, str]] = {}
    for tier in names.TIERS:
        for ending, kind in _PARTS:
            if text := held.get(f"{tier}{ending}"):
                found.setdefault(tier, {})[kind] = text
    for part, tier in (("employee", "ee"), ("dependent", "ef")):
        for ending, kind in _PARTS:
            if text := held.get(f"{part}{ending}"):
                found.setdefault(tier, {})[kind] = text
    return found


# -- rules ------------------------------------------------------------------------------------------------------------


def rules(
    plan: SeedPlan, product: int, account: Record, summary: int, rate_ids: dict[Key, int], shares: dict[Key, int]
) -> list[Record]:
    """Tie summary, rate and contribution together: one rule per class and day. A plan that states neither has none."""
    texts = plan.texts("benefitpoint")
    stated = any(path.startswith("eligibility.") for path in texts)
    keys = sorted({*rate_ids, *shares}, key=lambda key: (key[1], key[0]))
    if not stated and not shares and all(cls == "*" for cls, _ in keys):
        return []
    newest = dict(keys)
    known = {item["name"]: item["classID"] for item in account["groupAccountInfo"]["accountClasses"]}
    made = []
    for cls, day in keys or [("*", "")]:
        members = classes_of(plan) if cls == "*" else [cls]
        made.append(
            {
                "eligibilityRuleID": None,
                "productID": product,
                "description": " ".join(part for part in ("; ".join(members) or "All employees", day) if part)[:100],
                "active": newest.get(cls, "") == day,
                "waiver": True,
                **terms(texts),
                "benefitSummaryID": summary,
                "rateID": _nearest(rate_ids, cls, day),
                "contributionID": _nearest(shares, cls, day),
                "employeeEligibilityRule": {
                    "employeeTypeIDs": _types(account, texts.get("eligibility.hours")),
                    "accountClassIDs": [known[name] for name in members if name in known],
                },
            }
        )
    return made


def _nearest(made: dict[Key, int], cls: str, day: str) -> int | None:
    """Give the set in force on that day: the class's own, else everybody's."""
    for one in (cls, "*"):
        days = [held for held_class, held in made if held_class == one and held <= day]
        if days:
            return made[one, max(days)]
    return None


def _types(account: Record, hours: str | None) -> list[int]:
    held = account["groupAccountInfo"]["employeeTypes"]
    return [item["employeeTypeID"] for item in held if str(item["value"]) == hours]
