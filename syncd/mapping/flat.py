"""A lens for systems that hold canonical paths themselves: scenario tables, simulations, tests.

The data of every part is `path -> text` (plan and group) or `field -> scalar` (generic). Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from syncd.mapping.codecs.base import Loss
from syncd.mapping.lens import Putting
from syncd.model import paths
from syncd.model.fields import value_from_text
from syncd.model.records import Kind, Part, Record
from syncd.model.values import EMPTY, NOT_APPLICABLE, Absent, Flag, Flat, Value
from syncd.model.values_text import format_value

NA = "!na"
"""How a system of canonical paths writes "not applicable"."""


class FlatLens:
    """Paths are keys; texts are read by the type of the path. `nearest` may be given to play a system that rounds."""

    def __init__(
        self,
        kind: Kind,
        *,
        carries: Sequence[str] = ("",),
        writable: Sequence[str] = ("",),
        nearest: Callable[[str, Value], Value] | None = None,
        part_of: Callable[[str], str] = lambda _: "record",
    ) -> None:
        self.kind = kind
        self.digest = f"flat:{kind}:{sorted(carries)}:{sorted(writable)}"
        self.row_digests: Mapping[str, str] = dict.fromkeys(carries, "flat")
        self._carries, self._writable = tuple(carries), tuple(writable)
        self._nearest, self._part_of = nearest, part_of

    def get(self, record: Record) -> Flat:
        """Read every carried path; null is EMPTY and left out."""
        flat: Flat = {}
        for part in record.parts:
            for key, raw in part.data.items():
                if not key.startswith("_") and raw is not None:
                    path = paths.canonical(key)
                    if self.carries(path):
                        flat[path] = self.value(path, raw)
        return flat

    def lacks(self, record: Record) -> frozenset[str]:
        """Name nothing: every record has a place for every path."""
        return frozenset()

    def value(self, path: str, raw: Any) -> Value:  # noqa: ANN401 - a scalar of JSON or YAML
        """Read one scalar."""
        if raw is None:
            return EMPTY
        if raw == NA:
            return NOT_APPLICABLE
        if self.kind != "generic" and not isinstance(raw, str):
            raw = str(raw)
        return value_from_text(path, raw, self.kind)

    def text(self, value: Value) -> Any:  # noqa: ANN401 - a scalar of JSON or YAML
        """Write one scalar back."""
        if value is EMPTY:
            return None
        if value is NOT_APPLICABLE:
            return NA
        if isinstance(value, Flag):
            return value is Flag.TRUE if self.kind == "generic" else value.text
        if isinstance(value, int | str):
            return value
        return getattr(value, "raw", None) or format_value(value)

    def put(self, record: Record, changes: Mapping[str, Value], accept: frozenset[str] = frozenset()) -> Putting:
        """Write changes into the part that holds each path."""
        return self._put(record.parts, changes, accept)

    def new(self, values: Mapping[str, Value], accept: frozenset[str] = frozenset()) -> Putting:
        """Make the parts of a record to create."""
        kinds = sorted({self._part_of(path) for path in values}) or ["record"]
        return self._put(tuple(Part(kind, "", {}) for kind in kinds), values, accept)

    def _put(self, parts: Sequence[Part], changes: Mapping[str, Value], accept: frozenset[str]) -> Putting:
        losses: dict[str, Loss] = {}
        written: dict[str, dict[str, Any]] = {}
        by_kind = {part.kind: part for part in parts}
        for path, value in changes.items():
            nearest = self.nearest(path, value)
            if nearest != value:
                losses[path] = Loss(value, nearest, "the system keeps a nearest value")
                if path not in accept:
                    continue
            part = by_kind[self._part_of(path)]
            keys = {paths.canonical(key): key for key in part.data}
            key = keys.get(path, path)
            if self.value(path, part.data.get(key)) != nearest:
                written.setdefault(part.kind, dict(part.data))[key] = self.text(nearest)
        changed = tuple(
            Part(kind, by_kind[kind].id, data, by_kind[kind].version, by_kind[kind].shared)
            for kind, data in written.items()
        )
        return Putting(changed or (tuple(parts) if not written and not parts[0].data else ()), losses)

    def carries(self, path: str) -> bool:
        """Tell whether the path lies below a carried prefix."""
        return any(paths.under(path, prefix) for prefix in self._carries)

    def unwritable(self, path: str) -> str | None:
        """Give the reason when the path lies below no writable prefix."""
        if any(paths.under(path, prefix) for prefix in self._writable):
            return None
        return f"{paths.section(path)} is read-only here"

    def nearest(self, path: str, value: Value) -> Value:
        """Give what the system keeps of a value."""
        return value if self._nearest is None or isinstance(value, Absent) else self._nearest(path, value)

    def part_of(self, path: str) -> str:
        """Name the kind of part that holds the path."""
        return self._part_of(path)

    def codec_of(self, path: str) -> str:
        """Name the codec: texts as they are."""
        return "flat"

    def row_of(self, path: str) -> str:
        """Name the prefix that stands for a row."""
        return next((prefix for prefix in self._carries if paths.under(path, prefix)), "")
