"""Make the world of the sandboxes from the seed files.

Takes a seed number and the shipped files, gives a frozen `World`. The number changes the order of employers and plans
and their native ids, never a figure, a name or an account number: so nothing can come to depend on an order or an id.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from syncd.sandbox.seed.files import SeedError, folders, read
from syncd.sandbox.seed.model import WRITTEN_TAGS, SeedGroup, SeedPlan, SeedSource, Side, World

# The day as of which `details.status` of the seed was said; a rate that ended before it has expired.
AS_OF: Final = "2025-11-20"
_THREE: Final = 3
_END = re.compile(r"rates\[[^\]]*\]\.expiration_date")


@lru_cache(maxsize=8)
def load(seed: int = 1, places: tuple[Path, ...] | None = None) -> World:
    """Make the world. `places`: folders to read instead of the shipped ones. Raises SeedError."""
    files = [content for folder in places or folders() for content in read(folder)]
    more = {key: extra for _, data in files for key, extra in data.get("more", {}).items()}
    groups = [_group(data, more, file) for file, data in files if "group" in data]
    if not groups:
        raise SeedError(f"no seed files in {', '.join(str(folder) for folder in places or folders())}")
    _check(groups, more)
    return World(_numbered(groups, seed), seed)


def _group(data: Mapping[str, Any], more: Mapping[str, Any], file: str) -> SeedGroup:
    item = data["group"]
    extra = more.get(item["key"], {})
    sources = {name: SeedSource(**source) for name, source in data["sources"].items()}
    fields = {**item["fields"], **extra.get("fields", {})}
    return SeedGroup(
        key=item["key"],
        name=fields["details.name"],
        # The demo's employers have no account number of their own: the CRM's id stands in it.
        number=item.get("number") or f"A-{item['ids']['crm']}",
        state=fields.get("details.address.state", ""),
        sides=frozenset(item["sides"]),
        ids={},
        fields=_frozen(fields),
        plans=tuple(_plan(plan, more.get(plan["key"], {}), sources, file) for plan in data["plans"]),
        differs=_frozen(item["differs"]),
        facts=_frozen({**item.get("facts", {}), **extra.get("facts", {})}),
    )


def _plan(item: Mapping[str, Any], extra: Mapping[str, Any], sources: Mapping[str, SeedSource], file: str) -> SeedPlan:
    named = item["source"] if isinstance(item["source"], list) else [item["source"]]
    if missing := [name for name in named if name not in sources]:
        raise SeedError(f"{file}, {item['key']}: no such source: {', '.join(missing)}; there are {sorted(sources)}")
    fields = {**item["fields"], **extra.get("fields", {})}
    facts = {**item.get("facts", {}), **extra.get("facts", {})}
    written = frozenset((*item.get("tags", ()), *extra.get("tags", ())))
    if unknown := written - WRITTEN_TAGS:
        raise SeedError(f"{file}, {item['key']}: tag {', '.join(sorted(unknown))} is not one of {sorted(WRITTEN_TAGS)}")
    plan = SeedPlan(
        key=item["key"],
        line=fields["details.line"],
        sides=frozenset(item["sides"]),
        ids={},
        fields=_frozen(fields),
        sources=tuple(sources[name] for name in named),
        year=int(fields["details.effective_date"][:4]),
        row=_frozen(item["row"]),
        differs=_frozen(item["differs"]),
        facts=_frozen(facts),
        prior=extra.get("prior") or item.get("prior"),
    )
    return replace(plan, tags=written | derived_tags(plan))


def derived_tags(plan: SeedPlan) -> frozenset[str]:
    """Tell what a plan is good for, from its own fields: a tag that is not written cannot be wrong."""
    fields = plan.fields
    ends = [text for path, text in fields.items() if _END.fullmatch(path)]
    rules = {
        "details_only": not any(path.startswith(("benefits", "rates", "contributions")) for path in fields),
        "expired_rate": any(end < AS_OF for end in ends),
        "two_summaries": len(plan.summaries) > 1,
        "three_rates": len({day for _, day in plan.sets("rates")}) >= _THREE,
        "multi_class": len(plan.classes) > 1,
        "prospective": fields.get("details.origination") == "prospective",
        "presented": plan.stage == "presentation",
        "confirmed": plan.stage == "confirmed",
    }
    return frozenset(tag for tag, holds in rules.items() if holds)


# -- order and ids --------------------------------------------------------------------------------------------------


def _numbered(groups: Iterable[SeedGroup], seed: int) -> tuple[SeedGroup, ...]:
    """Shuffle and give native ids. Each thing has its own, whatever else is in the world."""
    chance = random.Random(f"order {seed}")  # noqa: S311 - an order, no secret
    shuffled = sorted(groups, key=lambda group: group.key)
    chance.shuffle(shuffled)
    taken: set[str] = set()
    return tuple(_with_ids(group, seed, chance, taken) for group in shuffled)


def _with_ids(group: SeedGroup, seed: int, chance: random.Random, taken: set[str]) -> SeedGroup:
    plans = list(group.plans)
    chance.shuffle(plans)
    numbered = tuple(replace(plan, ids=_ids(plan.key, plan.sides, "pln", seed, taken)) for plan in plans)
    return replace(group, ids=_ids(group.key, group.sides, "grp", seed, taken), plans=numbered)


def _ids(key: str, sides: Iterable[Side], prefix: str, seed: int, taken: set[str]) -> dict[Side, str]:
    """PerfectQuote: `pln_` and 16 characters (our own contract). BenefitPoint: a number (documented as xs:int)."""
    chance = random.Random(f"{seed} {prefix} {key}")  # noqa: S311 - an id, no secret
    made: dict[Side, str] = {}
    while True:
        text = "".join(chance.choices("0123456789abcdefghjkmnpqrstvwxyz", k=16))
        number = str(chance.randrange(100_000, 9_999_999))
        if not {text, number} & taken:
            break
    taken |= {text, number}
    for side in sorted(sides):
        made[side] = f"{prefix}_{text}" if side == "perfectquote" else number
    return made


# -- checks ---------------------------------------------------------------------------------------------------------


def _check(groups: Iterable[SeedGroup], more: Mapping[str, Any]) -> None:
    """Refuse a key or account number that stands twice, and a prior plan or addition that leads nowhere."""
    keys: set[str] = set()
    for group in groups:
        plans = {plan.key for plan in group.plans}
        for name in (group.key, f"account number {group.number}", *(plan.key for plan in group.plans)):
            if name in keys:
                raise SeedError(f"{name} stands twice; see {group.key}")
            keys.add(name)
        for plan in group.plans:
            referred = plan.prior, plan.facts.get("benefitpoint", {}).get("response_to")
            if missing := {key for key in referred if key} - plans:
                raise SeedError(f"{plan.key}: no such plan of {group.key}: {', '.join(sorted(missing))}")
            if plan.prior == plan.key or not plan.sides <= group.sides:
                raise SeedError(f"{plan.key}: it is its own prior plan, or on a side where {group.key} is not")
    if missing := more.keys() - keys:
        raise SeedError(f"`more` names what is not there: {', '.join(sorted(missing))}")


def _frozen(value: Any) -> Any:
    """Give a read-only view of nested mappings: the world is shared by vendors, tests and resets."""
    return MappingProxyType({key: _frozen(item) for key, item in value.items()}) if isinstance(value, dict) else value
