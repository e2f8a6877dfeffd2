"""What is true of every plan that makes sense.

Takes a flat view, gives what it breaks, by name. A plan as typed by people may break any of them and is synced as it
is; a merge that breaks one which neither of its parents broke is asked about instead of written. Fields that are empty,
not understood or not carried break nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from syncd.model.cost_share.value import Copay, CostShare
from syncd.model.field_table import NETWORKS, TIERS
from syncd.model.paths import SetKey, parse
from syncd.model.values import EMPTY, Flat, Value

_YEAR = timedelta(days=366)
_FULL = Decimal(100)


@dataclass(frozen=True, slots=True)
class Broken:
    """A broken invariant: its stable name, the paths that contradict each other, and what is wrong, in words."""

    name: str
    paths: tuple[str, ...]
    what: str


def broken(flat: Flat) -> tuple[Broken, ...]:
    """Name every invariant that this plan breaks."""
    sets = _sets(flat)
    return tuple(found for rule in _RULES for found in rule(flat, sets))


Sets = Mapping[str, Mapping[SetKey, Mapping[str, Value]]]
Rule = Callable[[Flat, Sets], Iterator[Broken]]


def _sets(flat: Flat) -> Sets:
    """Gather the cells of rate and contribution sets."""
    sets: dict[str, dict[SetKey, dict[str, Value]]] = {"rates": {}, "contributions": {}}
    for path, value in flat.items():
        parsed = parse(path)
        if parsed.section in sets and isinstance(parsed.key, SetKey):
            sets[parsed.section].setdefault(parsed.key, {})[parsed.field] = value
    return sets


def _amount(value: Value) -> Decimal | None:
    """Give the one amount of a deductible or maximum; None when it is anything else."""
    if not isinstance(value, CostShare) or len(value.parts) != 1:
        return None
    charge = value.parts[0].charge
    return charge.amount if isinstance(charge, Copay) else None


def _not_less(name: str, flat: Flat, less: str, more: str) -> Iterator[Broken]:
    low, high = _amount(flat.get(less, EMPTY)), _amount(flat.get(more, EMPTY))
    if low is not None and high is not None and low > high:
        yield Broken(name, (less, more), f"{less} ({low}) is greater than {more} ({high})")


def _family_covers_individual(flat: Flat, _sets: Sets) -> Iterator[Broken]:
    """Find a family's deductible or maximum that is less than one person's."""
    for network in NETWORKS:
        for what in ("deductible", "oop_max"):
            prefix = f"benefits.{what}"
            yield from _not_less(
                f"family-{what.replace('_', '-')}", flat, f"{prefix}.individual.{network}", f"{prefix}.family.{network}"
            )


def _deductible_within_maximum(flat: Flat, _sets: Sets) -> Iterator[Broken]:
    """Find a deductible above the maximum that it counts towards."""
    for network in NETWORKS:
        for level in ("individual", "family"):
            yield from _not_less(
                *("deductible-within-maximum", flat),
                *(f"benefits.deductible.{level}.{network}", f"benefits.oop_max.{level}.{network}"),
            )


def _ends_after_start(flat: Flat, sets: Sets) -> Iterator[Broken]:
    """Find what ends, or renews, before it begins."""
    pairs = [("details.effective_date", "details.expiration_date"), ("details.effective_date", "details.renewal_date")]
    for section, keys in sets.items():
        pairs += [(f"{section}[{key}].effective_date", f"{section}[{key}].expiration_date") for key in keys]
    for first, last in pairs:
        start, end = flat.get(first), flat.get(last)
        if isinstance(start, date) and isinstance(end, date) and end < start:
            yield Broken("ends-after-start", (first, last), f"{last} ({end}) is before {first} ({start})")


def _year_end(flat: Flat) -> tuple[date, date] | None:
    start, end = flat.get("details.effective_date"), flat.get("details.expiration_date")
    if not isinstance(start, date):
        return None
    return (start, end) if isinstance(end, date) and end >= start else (start, start + _YEAR)


def _effective(key: SetKey, cells: Mapping[str, Value]) -> date | None:
    """Give the date a set is in force from: its own cell, else the date in its key."""
    value = cells.get("effective_date")
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(key.effective)
    except ValueError:
        return None


def _rates_of_own_year(flat: Flat, sets: Sets) -> Iterator[Broken]:
    """Find rates in force, of any kind and class, that belong to another year than the plan."""
    year = _year_end(flat)
    latest: dict[tuple[str, str], tuple[date, SetKey]] = {}
    for key, cells in sets["rates"].items():
        effective = _effective(key, cells)
        if effective is not None:
            latest[key.kind, key.cls] = max(
                latest.get((key.kind, key.cls), (effective, key)), (effective, key), key=_first
            )
    for effective, key in latest.values():
        if year is not None and not year[0] <= effective <= year[1]:
            what = f"rates[{key}] are in force from {effective}, the plan from {year[0]} to {year[1]}"
            yield Broken("rates-of-own-year", (f"rates[{key}]", "details.effective_date"), what)


def _first(pair: tuple[date, SetKey]) -> date:
    return pair[0]


def _tiers_complete(_flat: Flat, sets: Sets) -> Iterator[Broken]:
    """Find a set that lacks a tier of its structure (`ee+es+ec+ef`) or holds another."""
    for key, cells in sets["rates"].items():
        structure = cells.get("tier_structure")
        if not isinstance(structure, str) or not set(structure.split("+")) <= TIERS.keys():
            continue
        wanted = set(structure.split("+"))
        held = {tier for tier in TIERS if cells.get(tier, EMPTY) is not EMPTY}
        if held and held != wanted:
            what = f"rates[{key}] hold {'+'.join(sorted(held))}, their structure is {structure}"
            yield Broken("tiers-complete", (f"rates[{key}]",), what)


def _no_negative_amounts(flat: Flat, sets: Sets) -> Iterator[Broken]:
    """Find an amount below zero: nobody is paid for being insured."""
    for section in sets:
        for path, value in flat.items():
            if (
                path.startswith(f"{section}[")
                and isinstance(value, Decimal)
                and value < 0
                and not path.endswith("change_percent")
            ):
                yield Broken("no-negative-amounts", (path,), f"{path} is {value}")


def _contribution_within_rate(_flat: Flat, sets: Sets) -> Iterator[Broken]:
    """Find a share that is more than the whole: the premium of its tier in the same period, or 100 %."""
    for key, cells in sets["contributions"].items():
        for cell, value in cells.items():
            if cell.endswith("_percent") and not cell.endswith("_salary_percent") and _over(value, _FULL):
                path = f"contributions[{key}].{cell}"
                yield Broken("contribution-within-rate", (path,), f"{path} is {value} %")
        rate_key, rates = _rates_for(key, cells, sets)
        for tier in TIERS:
            premium = rates.get(tier)
            if isinstance(premium, Decimal) and _over(cells.get(tier), premium):
                paths = (f"contributions[{key}].{tier}", f"rates[{rate_key}].{tier}")
                yield Broken(
                    "contribution-within-rate", paths, f"{paths[0]} ({cells[tier]}) is more than {paths[1]} ({premium})"
                )


def _over(value: Value | None, limit: Decimal) -> bool:
    return isinstance(value, Decimal) and value > limit


def _rates_for(key: SetKey, cells: Mapping[str, Value], sets: Sets) -> tuple[SetKey | None, Mapping[str, Value]]:
    """Find the premium that a contribution is part of: same class (or all), same period, in force at its date."""
    effective = _effective(key, cells)
    candidates = [
        (since, rate_key.cls == key.cls, rate_key, rates)
        for rate_key, rates in sets["rates"].items()
        if rate_key.kind == "premium"
        and rate_key.cls in (key.cls, "*")
        and rates.get("share", EMPTY) in ("total", EMPTY)
        and rates.get("frequency", EMPTY) == cells.get("frequency", EMPTY)
        and (since := _effective(rate_key, rates)) is not None
        and effective is not None
        and since <= effective
    ]
    if not candidates:
        return None, {}
    _, _, rate_key, rates = max(candidates, key=lambda candidate: (candidate[1], candidate[0]))
    return rate_key, rates


_RULES: tuple[Rule, ...] = (
    _family_covers_individual,
    _deductible_within_maximum,
    _ends_after_start,
    _rates_of_own_year,
    _tiers_complete,
    _no_negative_amounts,
    _contribution_within_rate,
)
