"""Lineage: which plan year follows which, over all systems; where a chain breaks off, and why.

Takes what each system says of its records (id, the id of the plan before it, effective date), gives chains, oldest plan
first. A link's records are one plan, so systems that know of different years complete each other. One plan may be
followed by several (a plan that splits in two): the others begin a chain of their own that says whom it follows. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from syncd.model.values import Flat, Value
from syncd.reconcile.originate import LINK, PRIOR_PLAN
from syncd.reconcile.types import Link, System

_LINE, _STARTS = "details.line", "details.effective_date"
_CARRIERS = ("details.carrier", "details.carrier_id")
_YEAR_MONTHS = range(10, 15)
"""How many months lie between the starts of two plan years that follow each other, short and long years included."""


@dataclass(frozen=True, slots=True)
class PlanYear:
    """What one system says of one record. `plan`: id of the link that holds it, "" when none does; `prior`: native id
    of the plan before it, or `link:` and the id of a link."""

    system: System
    id: str
    prior: str = ""
    starts: date | None = None
    plan: str = ""

    @property
    def key(self) -> str:
        """Name the plan: its link, or the record itself when nothing links it."""
        return self.plan or f"{self.system} {self.id}"


@dataclass(frozen=True, slots=True)
class Step:
    """A plan year in a chain. `gaps`: why nothing certain stands before it, one sentence each."""

    plan: str
    starts: date | None
    records: Mapping[System, str]
    linked: bool
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """Plan years that follow each other, oldest first. `follows`: the plan of another chain that it splits off from."""

    steps: tuple[Step, ...]
    follows: str = ""


@dataclass(slots=True)
class _Plan:
    """One plan: all that its records say."""

    key: str
    years: list[PlanYear]
    before: str = ""
    gaps: list[str] = field(default_factory=list)

    @property
    def starts(self) -> date | None:
        return min((year.starts for year in self.years if year.starts is not None), default=None)

    @property
    def order(self) -> tuple[date, str]:
        return self.starts or date.max, self.key

    def step(self) -> Step:
        records = {year.system: year.id for year in sorted(self.years, key=lambda year: (year.system, year.id))}
        return Step(self.key, self.starts, records, any(year.plan for year in self.years), tuple(self.gaps))


def lineage(years: Iterable[PlanYear]) -> tuple[Chain, ...]:
    """Put plan years in chains, in the order of their first year. Every plan stands in exactly one chain."""
    plans: dict[str, _Plan] = {}
    for year in years:
        plans.setdefault(year.key, _Plan(year.key, [])).years.append(year)
    records = {(year.system, year.id): plan.key for plan in plans.values() for year in plan.years}
    for plan in plans.values():
        _find_before(plan, plans, records)
    _break_circles(plans)
    after: dict[str, list[_Plan]] = {}
    for plan in sorted(plans.values(), key=lambda one: one.order):
        after.setdefault(plan.before, []).append(plan)
    return tuple(chain for first in after.get("", ()) for chain in _chains(first, "", after))


def _find_before(plan: _Plan, plans: Mapping[str, _Plan], records: Mapping[tuple[System, str], str]) -> None:
    """Work out which plan comes before, and what speaks against being sure of it."""
    named: dict[str, list[System]] = {}
    for year in sorted(plan.years, key=lambda one: (one.system, one.id)):
        if not year.prior:
            continue
        is_link = year.prior.startswith(LINK)
        key = year.prior.removeprefix(LINK) if is_link else records.get((year.system, year.prior), "")
        if key not in plans:
            told = "the linked plan" if is_link else year.prior
            plan.gaps.append(f"{year.system} names {told} as the plan before it, which is not there")
        elif key == plan.key:
            plan.gaps.append(f"{year.system} names the plan itself as the plan before it")
        else:
            named.setdefault(key, []).append(year.system)
    if not named:
        return
    plan.before = max(named, key=lambda key: (len(named[key]), plans[key].order))
    for key, systems in named.items():
        if key != plan.before:
            plan.gaps.append(f"{', '.join(systems)} names another plan before it: {key}")
    before = plans[plan.before]
    if not any(year.plan for year in before.years):
        plan.gaps.append(f"the plan before it, {plan.before}, is not linked")
    if plan.starts is not None and before.starts is not None and plan.starts <= before.starts:
        plan.gaps.append(f"it does not start after the plan before it, {plan.before}")


def _break_circles(plans: Mapping[str, _Plan]) -> None:
    """Let a chain begin with the earliest plan of a circle, and say so."""
    for plan in sorted(plans.values(), key=lambda one: one.order):
        seen, at = {plan.key}, plan.before
        while at and at not in seen:
            seen.add(at)
            at = plans[at].before
        if at == plan.key:
            plan.gaps.append(f"it follows {plan.before}, which follows it: a circle")
            plan.before = ""


def _chains(first: _Plan, follows: str, after: Mapping[str, Sequence[_Plan]]) -> Iterator[Chain]:
    """Follow a plan to its end; what splits off on the way comes behind it."""
    steps, splits = [first.step()], []
    at = first
    while followers := after.get(at.key, ()):
        splits += [(other, at.key) for other in followers[1:]]
        at = followers[0]
        steps.append(at.step())
    yield Chain(tuple(steps), follows)
    for other, of in splits:
        yield from _chains(other, of, after)


# -- likely plans before one that is to be created ---------------------------------------------------------------------


def likely_priors(flat: Flat, links: Iterable[Link]) -> tuple[Link, ...]:
    """Give the linked plans that a plan may follow: the same line and carrier, a year before. Names are no evidence."""
    starts = flat.get(_STARTS)
    if not isinstance(starts, date):
        return ()
    return tuple(link for link in links if link.kind == "plan" and _may_precede(link.agreed, flat, starts))


def _may_precede(earlier: Flat, flat: Flat, starts: date) -> bool:
    before = earlier.get(_STARTS)
    if not isinstance(before, date) or earlier.get(_LINE) is None or earlier.get(_LINE) != flat.get(_LINE):
        return False
    months = (starts.year - before.year) * 12 + starts.month - before.month
    return months in _YEAR_MONTHS and any(_same(earlier.get(path), flat.get(path)) for path in _CARRIERS)


def _same(one: Value | None, other: Value | None) -> bool:
    return isinstance(one, str) and isinstance(other, str) and one.strip().casefold() == other.strip().casefold()


def plan_year(system: System, record_id: str, flat: Flat, link: Link | None = None) -> PlanYear:
    """Read a record as a plan year. A link that knows the plan before it as a link goes before what the record says;
    any other agreed value is the native id of one of its systems, and no record's own."""
    agreed = link.agreed.get(PRIOR_PLAN) if link is not None else None
    said = agreed if isinstance(agreed, str) and agreed.startswith(LINK) else flat.get(PRIOR_PLAN)
    starts = flat.get(_STARTS)
    return PlanYear(
        system,
        record_id,
        said.strip() if isinstance(said, str) else "",
        starts if isinstance(starts, date) else None,
        link.id if link is not None else "",
    )
