"""What joins several fields of a plan: tiers, ages, dates, who pays how much. Pure: a document in, errors out.

Takes a plan as `schema.check` gave it and what the firm knows (carriers, the group's other plans). Pointers are into
the whole plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations, pairwise
from typing import Any

from syncd.sandbox.perfectquote.problems import FieldError
from syncd.sandbox.perfectquote.words import CATALOGUE, STRUCTURES, TIMES_A_YEAR

_AMOUNT = re.compile(r"\d{1,9}(\.\d{1,4})?")
_KINDS = ("percent", "amount", "percent_of_salary", "defined_amount")
_FOREVER = "9999-12-31"


@dataclass(frozen=True)
class Known:
    """What a plan may refer to."""

    carriers: frozenset[str]
    plans: Mapping[str, str] = field(default_factory=dict)
    """Id -> plan type of the group's other plans."""


def broken(plan: Mapping[str, Any], known: Known) -> list[FieldError]:
    """Find every rule that a plan breaks."""
    return [
        *_details(plan, known),
        *_benefits(plan),
        *_rates(plan),
        *_contributions(plan, known),
    ]


def _details(plan: Mapping[str, Any], known: Known) -> Iterator[FieldError]:
    if plan["plan_type"] == "other" and not plan["other_type"]:
        yield FieldError("/other_type", "invalid_value", "required for plan_type other")
    if plan["carrier_id"] not in known.carriers:
        yield FieldError(
            "/carrier_id", "unknown_carrier", f"{plan['carrier_id']} is not a carrier; see GET /v1/carriers"
        )
    for name in ("end_date", "renewal_date"):
        if plan[name] is not None and plan[name] < plan["effective_date"]:
            yield FieldError(f"/{name}", "invalid_value", f"before effective_date {plan['effective_date']}")
    if plan["prior_plan_id"] is not None:
        yield from _refers("/prior_plan_id", plan["prior_plan_id"], plan, known)
    waiting = (plan["eligibility"] or {}).get("waiting")
    if waiting and waiting["kind"] == "none" and (waiting["days"] or waiting["months"]):
        yield FieldError("/eligibility/waiting", "one_of", "kind none has neither days nor months")
    if waiting and waiting["days"] is not None and waiting["months"] is not None:
        yield FieldError("/eligibility/waiting", "one_of", "days or months, not both")


def _refers(pointer: str, plan_id: str, plan: Mapping[str, Any], known: Known) -> Iterator[FieldError]:
    """Check that a plan refers to another of its group and type."""
    if plan_id not in known.plans:
        yield FieldError(pointer, "invalid_value", f"{plan_id} is not another plan of this group")
    elif known.plans[plan_id] != plan["plan_type"]:
        yield FieldError(pointer, "type_mismatch", f"{plan_id} is {known.plans[plan_id]}, this is {plan['plan_type']}")


# ── Benefits ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _benefits(plan: Mapping[str, Any]) -> Iterator[FieldError]:
    codes = CATALOGUE[plan["plan_type"]]
    variants = plan["benefits"]["variants"]
    yield from _twice("/benefits/variants", "id", [variant["id"] for variant in variants])
    for at, variant in enumerate(variants):
        pointer = f"/benefits/variants/{at}/fields"
        yield from _twice(pointer, "code", [one["code"] for one in variant["fields"]])
        for index, one in enumerate(variant["fields"]):
            if one["code"] not in codes and not one["code"].startswith("x_"):
                message = (
                    f"{one['code']} is not in the catalogue of {plan['plan_type']}; a code of your own starts with x_"
                )
                yield FieldError(f"{pointer}/{index}/code", "invalid_value", message)
            for network in ("in_network", "out_of_network"):
                if one[network] is not None:
                    yield from _value(f"{pointer}/{index}/{network}", one[network])


def _value(pointer: str, value: Mapping[str, Any]) -> Iterator[FieldError]:
    kind, amount = value["kind"], value["amount"]
    if kind in ("money", "copay", "percent"):
        if amount is None or not _AMOUNT.fullmatch(amount):
            yield FieldError(f"{pointer}/amount", "invalid_value", f"{kind} needs an amount such as 30 or 412.5000")
        elif kind == "percent" and Decimal(amount) > 100:
            yield FieldError(f"{pointer}/amount", "invalid_value", "a percent is between 0 and 100")
    elif amount is not None:
        yield FieldError(f"{pointer}/amount", "one_of", f"{kind} has no amount")
    if kind == "text" and not value["text"]:
        yield FieldError(f"{pointer}/text", "invalid_value", "text needs a text")


def _twice(pointer: str, name: str, values: list[Any]) -> Iterator[FieldError]:
    for at, value in enumerate(values):
        if value is not None and value in values[:at]:
            yield FieldError(f"{pointer}/{at}/{name}", "invalid_value", f"{value} stands twice")


# ── Rates ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _rates(plan: Mapping[str, Any]) -> Iterator[FieldError]:
    sets = plan["rates"]["sets"]
    variants = {variant["id"] for variant in plan["benefits"]["variants"]}
    yield from _twice("/rates/sets", "id", [one["id"] for one in sets])
    for at, one in enumerate(sets):
        pointer = f"/rates/sets/{at}"
        if one["expiration_date"] is not None and one["expiration_date"] < one["effective_date"]:
            yield FieldError(f"{pointer}/expiration_date", "invalid_value", "before effective_date")
        if one["benefits_ref"] is not None and one["benefits_ref"] not in variants:
            yield FieldError(f"{pointer}/benefits_ref", "invalid_value", f"no benefits variant {one['benefits_ref']}")
        yield from _priced_one_way(pointer, one)
    for (first, one), (second, other) in combinations(enumerate(sets), 2):
        if one["primary"] and other["primary"] and one["class_ref"] == other["class_ref"] and _overlap(one, other):
            message = f"overlaps /rates/sets/{first}: one primary set per class and day"
            yield FieldError(f"/rates/sets/{second}/effective_date", "invalid_value", message)


def _priced_one_way(pointer: str, one: Mapping[str, Any]) -> Iterator[FieldError]:
    """Check that a set holds what its rate_type says, and nothing else."""
    wanted = {"composite": "tiers", "age_rated": "ages", "unit": "unit"}[one["rate_type"]]
    for name in ("tiers", "ages", "unit"):
        if name == wanted and not one[name]:
            yield FieldError(f"{pointer}/{name}", "one_of", f"required for rate_type {one['rate_type']}")
        elif name != wanted and one[name]:
            yield FieldError(f"{pointer}/{name}", "one_of", f"not for rate_type {one['rate_type']}")
    if one["rate_type"] == "composite" and one["tiers"]:
        yield from _tiers(f"{pointer}/tiers", [tier["tier"] for tier in one["tiers"]])
    if one["rate_type"] == "age_rated" and one["ages"]:
        yield from _ages(f"{pointer}/ages", one["ages"])
    if one["rate_type"] == "unit" and one["unit"]:
        unit = one["unit"]
        if (unit["rate"] is None) == (not unit["age_bands"]):
            yield FieldError(f"{pointer}/unit", "one_of", "a rate, or age_bands")
        yield from _ages(f"{pointer}/unit/age_bands", unit["age_bands"] or [])


def _tiers(pointer: str, tiers: list[str]) -> Iterator[FieldError]:
    if len(set(tiers)) < len(tiers):
        yield FieldError(pointer, "tier_mismatch", "each tier once")
    elif frozenset(tiers) not in STRUCTURES:
        allowed = "; ".join(" ".join(sorted(structure)) for structure in sorted(STRUCTURES, key=len))
        yield FieldError(
            pointer, "tier_mismatch", f"{' '.join(sorted(tiers))} is no tier structure; allowed: {allowed}"
        )


def _ages(pointer: str, bands: list[dict[str, Any]]) -> Iterator[FieldError]:
    """Check that the bands of each gender and tobacco use follow each other without gap or overlap."""
    for at, band in enumerate(bands):
        if band["age_to"] < band["age_from"]:
            yield FieldError(f"{pointer}/{at}/age_to", "invalid_value", "below age_from")
    kinds = {(band["gender"], band["tobacco"]) for band in bands}
    for kind in sorted(kinds, key=str):
        same = sorted((band["age_from"], band["age_to"]) for band in bands if (band["gender"], band["tobacco"]) == kind)
        for (_, last), (first, _) in pairwise(same):
            if first != last + 1:
                what = "overlap" if first <= last else "leave a gap"
                yield FieldError(pointer, "invalid_value", f"the bands ending at {last} and starting at {first} {what}")


def _overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(
        one["effective_date"] <= (other["expiration_date"] or _FOREVER)
        and other["effective_date"] <= (one["expiration_date"] or _FOREVER)
    )


# ── Contributions ────────────────────────────────────────────────────────────────────────────────────────────────────


def _contributions(plan: Mapping[str, Any], known: Known) -> Iterator[FieldError]:
    sets = plan["contributions"]["sets"]
    yield from _twice("/contributions/sets", "id", [one["id"] for one in sets])
    yield from _twice(
        "/contributions/sets",
        "effective_date",
        [(one["class_ref"] or "all classes", one["effective_date"]) for one in sets],
    )
    for at, one in enumerate(sets):
        pointer = f"/contributions/sets/{at}"
        if one["basis"] == "base_plan":
            if one["base_plan_id"] is None:
                yield FieldError(f"{pointer}/base_plan_id", "invalid_value", "required for basis base_plan")
            else:
                yield from _refers(f"{pointer}/base_plan_id", one["base_plan_id"], plan, known)
        rate = _rate_in_force(plan, one)
        keys = [entry["tier"] or entry["part"] for entry in one["entries"]]
        yield from _twice(f"{pointer}/entries", "tier", keys)
        for index, entry in enumerate(one["entries"]):
            yield from _entry(f"{pointer}/entries/{index}", entry, one, rate)


def _entry(
    pointer: str, entry: Mapping[str, Any], one: Mapping[str, Any], rate: Mapping[str, Any] | None
) -> Iterator[FieldError]:
    if (entry["tier"] is None) == (entry["part"] is None):
        yield FieldError(pointer, "one_of", "a tier, or a part")
    elif one["basis"] == "per_tier" and entry["part"] is not None:
        yield FieldError(f"{pointer}/part", "one_of", "basis per_tier pays by tier")
    elif one["basis"] == "employee_dependent" and entry["tier"] is not None:
        yield FieldError(f"{pointer}/tier", "one_of", "basis employee_dependent pays by part")
    given = [kind for kind in _KINDS if entry[kind] is not None]
    if len(given) != 1:
        yield FieldError(pointer, "one_of", f"one of {', '.join(_KINDS)}; there are {len(given)}")
    if rate is None or entry["tier"] is None or rate["rate_type"] != "composite":
        return
    premiums = {tier["tier"]: Decimal(tier["rate"]) for tier in rate["tiers"] or []}
    if entry["tier"] not in premiums:
        yield FieldError(
            f"{pointer}/tier", "tier_mismatch", f"the rate set of {rate['effective_date']} has no such tier"
        )
        return
    paid = _in_period(entry["amount"], one["frequency"], rate["frequency"])
    if one["perspective"] == "employer" and paid is not None and paid > premiums[entry["tier"]]:
        message = f"{entry['amount']} {one['frequency']} is more than {premiums[entry['tier']]} {rate['frequency']}"
        yield FieldError(f"{pointer}/amount", "contribution_exceeds_premium", message)


def _rate_in_force(plan: Mapping[str, Any], one: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Find the primary rate set of a contribution's class, else that of all classes, on its first day."""
    day = one["effective_date"]
    for class_ref in dict.fromkeys((one["class_ref"], None)):
        for rate in plan["rates"]["sets"]:
            in_force = rate["effective_date"] <= day <= (rate["expiration_date"] or _FOREVER)
            if rate["primary"] and rate["class_ref"] == class_ref and in_force:
                return dict(rate)
    return None


def _in_period(amount: str | None, given: str, wanted: str) -> Decimal | None:
    """Convert an amount to another period, cut to the cent; None where the periods do not convert."""
    if amount is None:
        return None
    if given == wanted:
        return Decimal(amount)
    if given not in TIMES_A_YEAR or wanted not in TIMES_A_YEAR:
        return None
    exact = Decimal(amount) * TIMES_A_YEAR[given] / TIMES_A_YEAR[wanted]
    # The whole premium, converted and rounded by whoever typed it, must not count as more than itself.
    return exact.quantize(Decimal("0.01"), rounding="ROUND_DOWN")
