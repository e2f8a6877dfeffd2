"""The identity lens, for records without a mapping: tables, files, benchmarks, scenario worlds.

Every key of a part's data is a path. Booleans are flags, fractions are decimals, null is EMPTY, texts and whole numbers are
themselves, and what memory holds as a value already stays one. `put` writes the JSON type that stood there before.
Thousands of records are read per second, so a record of texts is copied in one call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import orjson

from syncd.errors import MappingError
from syncd.mapping.codecs.base import Loss
from syncd.mapping.lens import Putting
from syncd.model.paths import under
from syncd.model.records import JSON, Part, Record
from syncd.model.values import EMPTY, Absent, Flag, Flat, Unparsed, Value

_PLAIN = frozenset({str, int, Decimal})


class GenericLens:
    """Every key is a field. `carries` narrows it to path prefixes; `part` names the part that new records are made of."""

    def __init__(self, part: str = "record", carries: tuple[str, ...] = ("",)) -> None:
        self._part = part
        self._carries = carries
        self._all = "" in carries
        self.digest = f"generic:{','.join(carries)}"

    def get(self, record: Record) -> Flat:
        """Read a record."""
        parts = record.parts
        data = parts[0].data if len(parts) == 1 else _merged(parts)
        if not self._all:
            data = {path: raw for path, raw in data.items() if self.carries(path)}
        if _PLAIN.issuperset(map(type, data.values())):
            return dict(data)
        return {path: raw if raw.__class__ in _PLAIN else _value(raw) for path, raw in data.items()}

    def put(self, record: Record, changes: Mapping[str, Value], accept: frozenset[str] = frozenset()) -> Putting:
        """Write changes into the parts that hold the keys; a new key goes to the first part."""
        written: dict[int, dict[str, JSON]] = {}
        losses: dict[str, Loss] = {}
        for path, value in changes.items():
            at = next((at for at, part in enumerate(record.parts) if path in part.data), 0)
            held = record.parts[at].data
            if _value(held.get(path)) == value:
                continue
            raw = _raw(path, value, held.get(path))
            if isinstance(raw, Loss):
                losses[path] = raw
            else:
                written.setdefault(at, dict(held))[path] = raw
        return Putting(tuple(_with(record.parts[at], data) for at, data in written.items()), losses)

    def new(self, values: Mapping[str, Value], accept: frozenset[str] = frozenset()) -> Putting:
        """Make a record of one part."""
        return Putting(
            self.put(Record("generic", "", (Part(self._part, "", {}),)), values, accept).parts
            or (Part(self._part, "", {}),)
        )

    def carries(self, path: str) -> bool:
        """Tell whether the path is within what this system holds."""
        return self._all or any(under(path, prefix) for prefix in self._carries)

    def unwritable(self, path: str) -> str | None:
        """Everything that is carried can be written."""
        return None if self.carries(path) else "this system has no such field"

    def nearest(self, path: str, value: Value) -> Value:
        """There is no loss."""
        return value

    def part_of(self, path: str) -> str:
        """Name the one kind of part."""
        return self._part

    def codec_of(self, path: str) -> str:
        """Name the identity."""
        return "generic"
