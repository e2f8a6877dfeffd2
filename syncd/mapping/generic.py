"""The identity lens, for records without a mapping: tables, files, benchmarks.

Every key of a part's data is a path. Booleans are flags, fractions are decimals, null is EMPTY, texts and whole numbers
are themselves, and what memory holds as a value already stays one; lists and objects are not understood, so they are
shown and never written. `put` writes the JSON type that stood there before. Thousands of records are read per second,
so a record of texts is copied in one call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import NoneType
from typing import Any

from syncd.mapping.codecs.base import Loss
from syncd.mapping.lens import Putting
from syncd.mapping.vendor_path import nested_text
from syncd.model.paths import under
from syncd.model.records import JSON, Part, Record
from syncd.model.values import EMPTY, Flag, Flat, Unparsed, Value

_PLAIN = frozenset({str, int, Decimal})


class GenericLens:
    """Every key is a field. `carries` narrows it to path prefixes; `part` names the part of new records."""

    exact = True

    def __init__(self, part: str = "record", carries: tuple[str, ...] = ("",)) -> None:
        self._part = part
        self._carries = carries
        self._all = "" in carries
        self.digest = f"generic:{','.join(carries)}"
        self.row_digests: Mapping[str, str] = dict.fromkeys(carries, "generic")

    def get(self, record: Record) -> Flat:
        """Read a record."""
        parts = record.parts
        data: Mapping[str, Any] = parts[0].data if len(parts) == 1 else _merged(parts)
        if not self._all:
            data = {path: raw for path, raw in data.items() if self.carries(path)}
        flat: dict[str, Any] = dict(data)
        for path in [path for path, raw in data.items() if raw.__class__ not in _PLAIN]:
            flat[path] = value_of(data[path])
        return flat

    def lacks(self, record: Record) -> frozenset[str]:
        """Name nothing: every record has a place for every key."""
        return frozenset()

    def put(self, record: Record, changes: Mapping[str, Value], accept: frozenset[str] = frozenset()) -> Putting:
        """Write changes into the parts that hold the keys; a new key goes to the first part."""
        written: dict[int, dict[str, JSON]] = {}
        losses: dict[str, Loss] = {}
        parts = record.parts
        for path, value in changes.items():
            at = 0 if len(parts) == 1 else next((at for at, part in enumerate(parts) if path in part.data), 0)
            held = parts[at].data.get(path)
            if value_of(held) == value:
                continue
            if value.__class__ is Unparsed:
                losses[path] = Loss(value, None, "a text that was not understood is never written")
                continue
            if at not in written:
                written[at] = dict(parts[at].data)
            written[at][path] = value if value.__class__ is str else _raw(value, held)
        return Putting(tuple([_with(parts[at], data) for at, data in written.items()]), losses)

    def new(self, values: Mapping[str, Value], accept: frozenset[str] = frozenset()) -> Putting:
        """Make a record of one part."""
        empty = Part(self._part, "", {})
        made = self.put(Record("generic", "", (empty,)), values, accept)
        return Putting(made.parts or (empty,), made.losses)

    def carries(self, path: str) -> bool:
        """Tell whether the path is within what this system holds."""
        return self._all or any(under(path, prefix) for prefix in self._carries)

    def unwritable(self, path: str) -> str | None:
        """Give the reason why a path cannot be written: only what is not carried cannot."""
        return None if self.carries(path) else "this system has no such field"

    def nearest(self, path: str, value: Value) -> Value:
        """Give the value itself: there is no loss."""
        return value

    def part_of(self, path: str) -> str:
        """Name the one kind of part."""
        return self._part

    def codec_of(self, path: str) -> str:
        """Name the identity."""
        return "generic"

    def row_of(self, path: str) -> str:
        """Name the prefix that stands for a row."""
        return next((prefix for prefix in self._carries if under(path, prefix)), "")


def value_of(raw: Any) -> Value:  # noqa: ANN401 - JSON
    """Read one JSON value."""
    reader = _READERS.get(raw.__class__)
    value: Value = raw if reader is None else reader(raw)
    return value


def _unparsed(raw: Any) -> Unparsed:  # noqa: ANN401 - JSON
    return Unparsed(nested_text(raw))


_READERS: Mapping[type, Callable[[Any], Value]] = {
    bool: lambda raw: Flag.TRUE if raw else Flag.FALSE,
    NoneType: lambda _raw: EMPTY,
    float: lambda raw: Decimal(repr(raw)),
    list: _unparsed,
    dict: _unparsed,
}


def _raw(value: Value, held: JSON) -> JSON:
    """Give the JSON form; what JSON has no type for stays a value, as memory may hold it."""
    if value is EMPTY:
        return None
    if isinstance(value, Flag):
        return value is Flag.TRUE
    if isinstance(value, Decimal) and not isinstance(held, Decimal):
        return _number(value, anyhow=isinstance(held, float))
    return value


def _number(value: Decimal, *, anyhow: bool) -> JSON:
    """Give a float where it says the same digits; where a float stood before, the same amount is enough."""
    number = float(value)
    again = Decimal(repr(number))
    return number if again == value and (anyhow or str(again) == str(value)) else value


def _merged(parts: tuple[Part, ...]) -> dict[str, Any]:
    """Join the parts of a record; where two hold one key, the first speaks."""
    merged: dict[str, Any] = {}
    for part in reversed(parts):
        merged.update(part.data)
    return merged


def _with(part: Part, data: Mapping[str, JSON]) -> Part:
    return Part(part.kind, part.id, data, part.version, part.shared)
