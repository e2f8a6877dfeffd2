"""The live schema in the words that a mapping uses: part -> vendor path -> type.

The contract gives the fields, the tenant the names: every attribute and column of every product type's summaries, every
tier of its contributions, every price of its rates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from syncd.connectors.benefitpoint import accounts
from syncd.connectors.benefitpoint.client import Client
from syncd.connectors.benefitpoint.contract import Slot
from syncd.connectors.benefitpoint.parts import contribution, product, rate, rule, summary
from syncd.connectors.benefitpoint.structures import Structures
from syncd.errors import RecordError
from syncd.model.records import Kind

_TYPES = {
    "int": "integer",
    "boolean": "boolean",
    "optional_boolean": "boolean",
    "double": "number",
    "date": "date",
    "text": "text",
    "enum": "text",
}
_OBJECTS = {
    accounts.KIND: ("getAccount", "account"),
    product.KIND: ("getProduct", "result"),
    summary.KIND: ("getBenefitSummary", "benefitSummary"),
    rate.KIND: ("getRate", "rate"),
    contribution.KIND: ("getContribution", "contribution"),
    rule.KIND: ("getEligibilityRule", "eligibilityRule"),
}
_NAMED: Mapping[str, Mapping[str, str]] = {
    accounts.KIND: {"_office": "text", "_taxIdLast4": "text", "_taxIdHash": "text"},
    product.KIND: {
        **{f"_type.{name}": "text" for name in ("line", "plan", "name")},
        "_type": "object",
        "_carrier": "object",
        "_carrier.name": "text",
        "_funding": "text",
        "_planCode": "text",
        "_guaranteeMonths": "integer",
    },
    summary.KIND: {"_benefits": "object"},
    rate.KIND: {
        **dict.fromkeys(("_class", "_schedule", "_basis", "_unit", "_frequency"), "text"),
        "_effective": "date",
        "_sold": "boolean",
        "_unitRate": "number",
        "_guaranteeMonths": "integer",
        **{f"rateFieldValues.{name}": "text" for name in ("_cell", "_tier", "_ages", "_sex", "_label", "_per")},
        "rateFieldValues._tobacco": "boolean",
    },
    contribution.KIND: {
        "_class": "text",
        "_basis": "text",
        "_effective": "date",
        "_sold": "boolean",
        "contributionValues._tier": "text",
    },
    rule.KIND: {
        "_all": "object",
        **{
            f"_all.{name}": "text"
            for name in ("classes", "waiting", "waitingText", "coverageEnd", "notes", "employment")
        },
        **{f"_all.{name}": "integer" for name in ("waitingDays", "waitingMonths", "dependentAge", "hours")},
        "_all.domesticPartners": "boolean",
    },
}
_DEEPEST = 6


async def schema(client: Client, structures: Structures, kind: Kind) -> Mapping[str, Mapping[str, str]]:
    """Give the schema of a kind of record."""
    parts = [accounts.KIND] if kind == "group" else [part for part in _OBJECTS if part != accounts.KIND]
    found = {part: {**dict(_paths(client.contract.type_slots(*_OBJECTS[part]))), **_NAMED[part]} for part in parts}
    if kind == "plan":
        found[summary.KIND] |= dict.fromkeys(await _benefits(structures), "text")
    return found


async def ambiguous(structures: Structures) -> dict[str, frozenset[str]]:
    """Give, by product type, the names of attributes and columns that stand twice and are therefore not mapped."""
    found: dict[str, frozenset[str]] = {}
    for number, kind in (await structures.product_types()).items():
        try:
            shape = await structures.summary(number)
        except RecordError:
            continue
        if shape.ambiguous:
            found[product.type_word(kind)] = shape.ambiguous
    return found


async def _benefits(structures: Structures) -> list[str]:
    """Give the mapping's paths of every attribute and column of every product type that has summaries."""
    found: dict[str, None] = {}
    for number in await structures.product_types():
        try:
            shape = await structures.summary(number)
        except RecordError:  # additional products have no summaries
            continue
        found |= {
            f"_benefits.{quoted(path)}.{quoted(column)}": None for path in shape.attributes for column in shape.columns
        }
    return list(found)


def quoted(name: str) -> str:
    """Write a name as a vendor path has it: in quotes unless it is one plain word."""
    return name if re.fullmatch(r"\w+", name) else f'"{name}"'


def _paths(slots: Mapping[str, Slot], above: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Give every path below a type; types may hold themselves, so there is a deepest one."""
    for name, slot in slots.items():
        path = f"{above}{name}"
        if slot.inner is None:
            yield path, "list" if slot.repeated else _TYPES[slot.kind]
            continue
        yield path, "list" if slot.repeated else "object"
        if depth < _DEEPEST:
            yield from _paths(slot.inner, f"{path}.", depth + 1)
