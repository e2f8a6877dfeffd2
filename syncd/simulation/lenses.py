"""The lens of a simulated system, whose mapping rows come and go: a person edits the mapping between two runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from syncd.mapping.flat import FlatLens
from syncd.mapping.lens import Putting
from syncd.model import paths
from syncd.model.records import JSON, Kind, Part, Record
from syncd.model.values import Flat, Value
from syncd.simulation.setting import FIXED, POOLS

MORE = (
    "details.carrier_plan_code",
    "details.custom.status",
    "details.status",
    "rates[2026-01-01].effective_date",
    "rates[2026-01-01].share",
    "contributions[2026-01-01].effective_date",
)
"""Paths of rows that no pool has."""


class RowLens(FlatLens):
    """Paths are keys, but for rows that are missing (`without`: path prefixes) or read another's key (`swapped`)."""

    def __init__(
        self,
        kind: Kind,
        *,
        carries: tuple[str, ...],
        nearest: Callable[[str, Value], Value] | None,
        part_of: Callable[[str], str],
        without: frozenset[str] = frozenset(),
        swapped: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind, carries=carries, nearest=nearest, part_of=part_of)
        self.without, self.swapped = without, dict(swapped or {})
        self._made = (carries, nearest, part_of)
        self.digest += f":{sorted(without)}:{sorted(self.swapped.items())}"
        rows = [path for path in {**POOLS[kind], **FIXED, **dict.fromkeys(MORE)} if self.carries(path)]
        self.row_digests: Mapping[str, str] = {path: f"reads {self.swapped.get(path, path)}" for path in rows}

    def edited(self, without: frozenset[str], swapped: Mapping[str, str]) -> RowLens:
        """Give the lens of the mapping as a person left it."""
        carries, nearest, part_of = self._made
        return RowLens(self.kind, carries=carries, nearest=nearest, part_of=part_of, without=without, swapped=swapped)

    def carries(self, path: str) -> bool:
        """Tell whether there is a row for the path."""
        return super().carries(path) and not any(paths.under(path, one) for one in self.without)

    def row_of(self, path: str) -> str:
        """Name the row of a path: every path has its own."""
        return path if path in self.row_digests else ""

    def get(self, record: Record) -> Flat:
        """Read every carried path."""
        return super().get(replace(record, parts=tuple(map(self._turned, record.parts))) if self.swapped else record)

    def put(self, record: Record, changes: Mapping[str, Value], accept: frozenset[str] = frozenset()) -> Putting:
        """Write changes into the part that holds each path."""
        if not self.swapped:
            return super().put(record, changes, accept)
        put = super().put(replace(record, parts=tuple(map(self._turned, record.parts))), changes, accept)
        return replace(put, parts=tuple(map(self._turned, put.parts)))

    def new(self, values: Mapping[str, Value], accept: frozenset[str] = frozenset()) -> Putting:
        """Make the parts of a record to create."""
        new = super().new(values, accept)
        return replace(new, parts=tuple(map(self._turned, new.parts)))

    def _turned(self, part: Part) -> Part:
        data: dict[str, JSON] = {self.swapped.get(key, key): value for key, value in part.data.items()}
        return replace(part, data=data)
