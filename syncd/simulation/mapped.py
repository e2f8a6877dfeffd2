"""Simulated vendors whose plans are as a mapping file describes them: columns, nested objects, several parts.

People enter canonical values here too; the mapping puts them where the vendor keeps them, as its own screens would.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from syncd.connectors.memory import REMOVE, Remove
from syncd.connectors.memory.behaviour import DEFAULT_PART
from syncd.errors import MappingError
from syncd.mapping.flat import FlatLens
from syncd.mapping.lens import Lens
from syncd.mapping.load import load_mapping
from syncd.model.fields import value_from_text
from syncd.model.records import JSON, Kind, Part, Record
from syncd.model.values import EMPTY, Flat
from syncd.model.values_text import format_value
from syncd.simulation.setting import FIXED
from syncd.simulation.vendor import SimSystem

MAPPINGS = ("crm", "quote", "perfectquote", "benefitpoint")


@cache
def plan_lens(mapping: str, kind: Kind = "plan") -> Lens:
    """Give the lens of the plans (or groups) of a shipped mapping."""
    return load_mapping(mapping).lens(kind)


@cache
def adds(mapping: str) -> frozenset[str]:
    """Name the fields that a new plan of a mapping has by itself."""
    lens = plan_lens(mapping)
    given = {path: value_from_text(path, text, "plan") for path, text in {**FIXED, "details.name": "A plan"}.items()}
    return frozenset(read(lens, new_parts(lens, given)).keys() - given.keys())


def several_of(mapping: str) -> tuple[str, ...]:
    """Name the kinds of parts that a plan of a mapping is made of, but for the one that every record has."""
    lens: Any = plan_lens(mapping)
    kinds = [lens.part, *(row.part for row in lens.rows.values()), *(block.part for block in lens.sets)]
    return tuple(dict.fromkeys(kind for kind in kinds if kind != DEFAULT_PART))


def held_alike(base: Mapping[str, str], mappings: Iterable[str]) -> dict[str, str]:
    """Give what of a plan all of some vendors can hold, with what they add by themselves: all then hold the same."""
    lenses = [plan_lens(one) for one in mappings]
    held = {path: value_from_text(path, text, "plan") for path, text in base.items()}
    for _ in range(4):
        seen = [read(lens, new_parts(lens, held)) for lens in lenses]
        kept: Flat = {}
        for path in {*held, *(path for flat in seen for path in flat)}:
            values = {flat.get(path, EMPTY) for flat, lens in zip(seen, lenses, strict=True) if lens.carries(path)}
            if len(values) <= 1 and EMPTY not in values:
                kept[path] = next(iter(values), held.get(path, EMPTY))
        if kept == held:
            break
        held = kept
    return {path: format_value(value) for path, value in held.items()}


def new_parts(lens: Lens, values: Flat) -> tuple[Part, ...]:
    """Give the parts of a plan that a person enters; what cannot be held is left out."""
    carried = {path: value for path, value in values.items() if lens.carries(path)}
    return lens.new(carried, frozenset(carried)).parts


def read(lens: Lens, parts: tuple[Part, ...]) -> Flat:
    """Read parts; what is empty is left out."""
    return {path: value for path, value in lens.get(Record("plan", "", parts)).items() if value is not EMPTY}


class SimMapped(SimSystem):
    """A vendor whose plans a mapping file describes."""

    def put_record(
        self,
        kind: Kind,
        record_id: str,
        data: Mapping[str, JSON],
        *,
        group: str | None = None,
        modified: float | None = None,
        version: str | None = None,
        marker: str | None = None,
    ) -> Record:
        """Add a record, or replace it whole."""
        if isinstance(self.whole[kind], FlatLens):
            return super().put_record(
                kind, record_id, data, group=group, modified=modified, version=version, marker=marker
            )
        texts = {**(FIXED if kind == "plan" else {}), "details.name": "A plan", **data}
        values = {path: value_from_text(path, str(text), kind) for path, text in texts.items() if text is not None}
        parts = new_parts(self.whole[kind], values)
        return self.put_parts(kind, record_id, *((part.kind, part.data) for part in parts), group=group)

    def edit(
        self,
        kind: Kind,
        record_id: str,
        changes: Mapping[str, JSON | Remove],
        *,
        modified: float | None = None,
        version: str | None = None,
    ) -> Record:
        """Change some fields of a record; REMOVE clears one. What its vendor lets nobody change stays."""
        if isinstance(self.whole[kind], FlatLens):
            return super().edit(kind, record_id, changes, modified=modified, version=version)
        record, lens = self._known(kind, record_id), self.whole[kind]
        for path, text in changes.items():
            value = EMPTY if text is REMOVE else value_from_text(path, str(text), kind)
            with suppress(MappingError):
                for part in lens.put(record, {path: value}, frozenset({path})).parts:
                    record = self._with_whole_part(record, part)
        self._store(record)
        return record

    def _with_whole_part(self, record: Record, part: Part) -> Record:
        """Put a part, as a lens gives it, into a record."""
        before = next((one for one in record.parts if (one.kind, one.id) == (part.kind, part.id)), None)
        return self._with_part(record, before or Part(part.kind, "", {}), part.data)  # type: ignore[arg-type]
