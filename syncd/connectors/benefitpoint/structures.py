"""What a tenant calls things: product types, carriers, offices, users, and the structures of summaries and rates.

BenefitPoint publishes none of the ids and names in here; each brokerage is asked for its own, once a day and again when
an id is not known. Ids are never carried from one brokerage to another.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from syncd.connectors.benefitpoint.client import Client
from syncd.connectors.benefitpoint.contract import Data

T = TypeVar("T")
BETWEEN = " > "


@dataclass(frozen=True, slots=True)
class SummaryShape:
    """The attributes and columns of one product type's benefit summaries.

    `attributes`: path -> attribute id, `columns`: name -> column id, both without the names that stand twice, which
    `ambiguous` lists: a value written under one of two equal names would land anywhere.
    """

    attributes: Mapping[str, int]
    columns: Mapping[str, int]
    levels: Sequence[Mapping[str, Any]]
    ambiguous: frozenset[str]


@dataclass(frozen=True, slots=True)
class TierSchedule:
    """A tier schedule: its name and the names of its tiers by id."""

    name: str
    tiers: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class RateShape:
    """The fields and tier schedules of one rate type."""

    fields: Mapping[int, str]
    schedules: Mapping[int, TierSchedule]
    """By rateTypeTierID."""


class Structures:
    """Asked once, remembered for `structure_age_s`."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._clock = client, clock
        self._age_s = client.settings.structure_age_s
        self._held: dict[str, tuple[float, Any]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def product_types(self, *, need: int | None = None) -> Mapping[int, Data]:
        """Give the product types by id; asked again when `need` is not among them."""
        return await self._by_id("getProductTypes", "productTypes", "productTypeID", need)

    async def carriers(self, *, need: int | None = None) -> Mapping[int, Data]:
        """Give the carriers available here, by id. Plans may use others."""
        return await self._by_id("getAvailableCarriers", "carriers", "carrierID", need)

    async def offices(self) -> Mapping[int, Data]:
        """Give the offices that this user sees, by id."""
        return await self._by_id("findOffices", "offices", "officeID", None, criteria={})

    async def users(self) -> Mapping[int, Data]:
        """Give the active users by id."""
        return await self._by_id("findUsers", "summaries", "ID", None, criteria={"active": True})

    async def summary(self, product_type: int) -> SummaryShape:
        """Give the shape of a product type's summaries. The parameter planTypeID takes a productTypeID."""

        async def ask() -> SummaryShape:
            reply = await self._client.call("getBenefitSummaryStructure", planTypeID=product_type)
            return _summary_shape(reply.get("benefitSummaryStructure", {}))

        return await self._once(f"summary {product_type}", ask)

    async def rate(self, rate_type: int) -> RateShape:
        """Give the shape of a rate type."""

        async def ask() -> RateShape:
            return _rate_shape(
                (await self._client.call("getRateStructure", rateTypeID=rate_type)).get("rateStructure", {})
            )

        return await self._once(f"rate {rate_type}", ask)

    async def contribution(self, product_type: int) -> Mapping[int, TierSchedule]:
        """Give the tier schedules of a product type's contributions, by id; they need not be those of its rates."""

        async def ask() -> Mapping[int, TierSchedule]:
            reply = await self._client.call("getContributionStructure", productTypeID=product_type)
            found = reply.get("contributionStructure", {}).get("contributionTierSchedules", [])
            return {schedule["rateTierScheduleID"]: _schedule(schedule) for schedule in found}

        return await self._once(f"contribution {product_type}", ask)

    async def subjects(self) -> Sequence[Data]:
        """Give the subjects of the activity log."""
        return await self._once("subjects", lambda: self._list("getActivityLogSubjects", "subjects"))

    async def plan_fields(self) -> Mapping[str, int]:
        """Give the custom fields of plans: label -> id, without labels that stand twice."""

        async def ask() -> Mapping[str, int]:
            reply = await self._client.call("getCustomFieldStructure", customizationArea="Plan_Info")
            sections = reply.get("customFieldStructure", {}).get("sections", [])
            found = [field for section in sections for field in section.get("customFields", [])]
            return _single((field.get("label", ""), field["customFieldID"]) for field in found)[0]

        return await self._once("plan fields", ask)

    async def _by_id(
        self,
        operation: str,
        child: str,
        key: str,
        need: int | None,
        **values: Any,  # noqa: ANN401 - SOAP
    ) -> Mapping[int, Data]:
        async def ask() -> Mapping[int, Data]:
            return {item[key]: item for item in await self._list(operation, child, **values) if key in item}

        found = await self._once(operation, ask)
        if need is not None and need not in found and self._clock() - self._held[operation][0] > 1:
            del self._held[operation]
            found = await self._once(operation, ask)
        return found

    async def _list(self, operation: str, child: str, **values: Any) -> list[Data]:  # noqa: ANN401 - SOAP
        found: list[Data] = (await self._client.call(operation, **values)).get(child, [])
        return found

    async def _once(self, key: str, ask: Callable[[], Awaitable[T]]) -> T:
        """Give what is remembered under a key, or ask; one asker at a time."""
        async with self._locks.setdefault(key, asyncio.Lock()):
            held = self._held.get(key)
            if held is not None and self._clock() - held[0] < self._age_s:
                value: T = held[1]
                return value
            fresh = await ask()
            self._held[key] = (self._clock(), fresh)
            return fresh


# -- shapes -----------------------------------------------------------------------------------------------------------


def _single(pairs: Iterator[tuple[str, int]] | Sequence[tuple[str, int]]) -> tuple[dict[str, int], frozenset[str]]:
    """Give the names that stand once with their ids, and the names that stand for several."""
    listed = list(dict.fromkeys(pairs))
    times = Counter(name for name, _ in listed)
    return (
        {name: number for name, number in listed if times[name] == 1},
        frozenset(name for name, count in times.items() if count > 1),
    )


def _summary_shape(structure: Mapping[str, Any]) -> SummaryShape:
    attributes, twice = _single(_attributes(structure.get("attributeSection", {}), ()))
    columns = [
        (" ".join(column["description"].split()), column["benefitColumnID"])
        for column in structure.get("benefitColumns", [])
    ]
    named, twice_columns = _single(columns)
    return SummaryShape(attributes, named, structure.get("attributeViewLevels", []), twice | twice_columns)


def _attributes(section: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """Name every attribute by the sections below the root and by the attributes it belongs to."""
    held = {attribute["attributeID"]: attribute for attribute in section.get("attributes", [])}
    for number, attribute in held.items():
        names = [attribute.get("name", "")]
        parent, seen = attribute.get("parentID"), {number}
        while parent in held and parent not in seen:
            seen.add(parent)
            names.insert(0, held[parent].get("name", ""))
            parent = held[parent].get("parentID")
        yield BETWEEN.join(" ".join(name.split()) for name in (*above, *names)), number
    for inner in section.get("attributeSections", []):
        yield from _attributes(inner, (*above, inner.get("name", "")))


def _rate_shape(structure: Mapping[str, Any]) -> RateShape:
    groups = [group for section in structure.get("sections", []) for group in section.get("rateFieldGroups", [])]
    fields = [field for group in groups for field in group.get("rateFields", [])]
    return RateShape(
        {field["rateFieldID"]: field.get("label", "") for field in fields},
        {
            tier["rateTypeTierID"]: _schedule(tier.get("rateTierSchedule", {}))
            for tier in structure.get("rateTypeTiers", [])
        },
    )


def _schedule(schedule: Mapping[str, Any]) -> TierSchedule:
    tiers = {tier["rateTierID"]: tier.get("description", "") for tier in schedule.get("rateTiers", [])}
    return TierSchedule(schedule.get("description", ""), tiers)
