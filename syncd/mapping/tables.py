"""Cells that a vendor keeps one per row: `{tier: employee_only, rate: 512.40}`, `{from: 30, to: 34, rate: 388.10}`.

Takes the rows of one set, gives cells by canonical name; takes a cell and its value, finds or makes the row. A label
that is not understood, and two rows that say different things about one cell, are cells that are not understood: shown,
compared, never written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from syncd.mapping.codecs.base import Loss, text_of
from syncd.mapping.draft import Scope, Where, chosen, same
from syncd.mapping.homes import Home
from syncd.mapping.rows import Row
from syncd.mapping.vendor_path import MISSING, VendorPath
from syncd.model.records import JSON
from syncd.model.values import EMPTY, Unparsed, Value

_AGE = re.compile(r"age_(?P<low>\d+)_(?P<high>\d+|plus)(?:\.(?P<gender>[fm]))?(?P<tobacco>\.tobacco)?")
_NO_NAME = re.compile(r"[^a-z0-9]+")
UNKNOWN = "unknown_"
"""How the name of a cell begins whose row was not understood."""


def merged(values: Iterable[Value]) -> Value:
    """Give the value that all of them are; several are one that is not understood."""
    first, *others = values
    if all(other == first for other in others):
        return first
    return Unparsed(" | ".join(dict.fromkeys(_shown(value) for value in (first, *others))))


def _shown(value: Value) -> str:
    return value.raw if isinstance(value, Unparsed) else repr(value) if value is EMPTY else str(value)


@dataclass(frozen=True, slots=True)
class Tiers:
    """The column that names a tier."""

    row: Row
    known: frozenset[str]
    listed: bool
    """The mapping lists the tiers, so that one without a row is EMPTY rather than unknown."""

    def name(self, scope: Scope) -> str | Unparsed | None:
        """Name the cell of a row; None when the column is empty."""
        value = self.row.value(scope)
        if isinstance(value, str):
            return value
        return value if isinstance(value, Unparsed) else None

    def knows(self, cell: str) -> bool:
        """Tell whether this column can name a cell."""
        return cell in self.known

    def write(self, scope: Scope, cell: str) -> None:
        """Name a new row."""
        self.row.put(scope, cell)


@dataclass(frozen=True, slots=True)
class Ages:
    """The columns that name an age: first and last, first alone for single years, or a band; gender and tobacco
    where they count."""

    low: VendorPath | None
    high: VendorPath | None
    band: Row | None
    gender: VendorPath | None
    tobacco: VendorPath | None
    words: Mapping[str, JSON]
    text: bool

    def name(self, scope: Scope) -> str | Unparsed | None:
        """Name the cell of a row; None when the columns are empty."""
        band = self._band(scope)
        if not isinstance(band, str):
            return band
        genders = [code for code in ("f", "m") if self._says(scope, self.gender, code)]
        smokes = ["tobacco"] if self._says(scope, self.tobacco, "tobacco") else []
        return ".".join((band, *genders, *smokes))

    def knows(self, cell: str) -> bool:
        """Tell whether these columns can name a cell."""
        found = _AGE.fullmatch(cell)
        if found is None:
            return False
        single = self.band is None and self.high is None
        return bool(
            (self.gender or not found["gender"])
            and (self.tobacco or not found["tobacco"])
            and (not single or found["low"] == found["high"])
        )

    def write(self, scope: Scope, cell: str) -> None:
        """Name a new row."""
        found = cast("re.Match[str]", _AGE.fullmatch(cell))
        self._write_band(scope, found)
        for path, word in (
            (self.gender, found["gender"]),
            (self.tobacco, "tobacco" if found["tobacco"] else "no_tobacco"),
        ):
            if path is not None:
                scope.write(path, self.words.get(word) if word else None)

    def _band(self, scope: Scope) -> str | Unparsed | None:
        if self.band is not None:
            value = self.band.value(scope)
            return value if isinstance(value, str | Unparsed) else None
        low, high = (_age(scope, path) for path in (self.low, self.high or self.low))
        if not low and not high:
            return None
        if not low.isdecimal() or not (high.isdecimal() or not high):
            return Unparsed(f"{low}-{high}")
        return f"age_{int(low)}_{int(high) if high else 'plus'}"

    def _write_band(self, scope: Scope, found: re.Match[str]) -> None:
        if self.band is not None:
            self.band.put(scope, f"age_{found['low']}_{found['high']}")
            return
        for path, age in ((self.low, found["low"]), (self.high, found["high"])):
            if path is not None:
                scope.write(path, None if age == "plus" else age if self.text else int(age))

    def _says(self, scope: Scope, path: VendorPath | None, word: str) -> bool:
        return path is not None and word in self.words and same(scope.read(path), self.words[word])


def _age(scope: Scope, path: VendorPath | None) -> str:
    raw = MISSING if path is None else scope.read(path)
    return "" if raw is MISSING else text_of(raw).strip().removesuffix(".0")


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a set that each hold one cell, or a few that differ by a suffix (`_percent`)."""

    path: VendorPath | None
    where: Where
    names: Tiers | Ages
    values: Mapping[str, Row]
    template: Mapping[str, JSON]
    remove: bool
    lacks: Mapping[str, Row] = field(default_factory=dict)
    """Cells that the vendor has no name for, each with the row that says why it is never written."""

    def split(self, cell: str) -> tuple[str, str] | None:
        """Part a cell in the row's name and the suffix of its column; None when this table has no such cell."""
        for suffix in sorted(self.values, key=len, reverse=True):
            base = cell.removesuffix(suffix)
            if cell.endswith(suffix) and self.names.knows(base):
                return base, suffix
        return None

    def row_of(self, cell: str) -> Row | None:
        """Find the row that reads and writes a cell, or says why it cannot."""
        found = self.split(cell)
        return self.lacks.get(cell) if found is None else self.values[found[1]]

    def rows(self, item: Scope) -> list[Scope]:
        """Give the rows inside an item."""
        held = MISSING if self.path is None else item.read(self.path)
        rows = held if isinstance(held, list) else []
        return [
            row
            for row in (Scope(data, item.root) for data in rows if isinstance(data, dict))
            if chosen(row, self.where)
        ]

    def read(self, rows: Iterable[Scope], prefix: str, flat: dict[str, Value]) -> None:
        """Read all cells. Tiers that the mapping names and no row holds are EMPTY."""
        cells: dict[str, list[Value]] = {}
        for scope in rows:
            name = self.names.name(scope)
            for suffix, row in self.values.items():
                value = row.value(scope)
                if isinstance(name, str) and self.split(name + suffix):
                    cells.setdefault(name + suffix, []).append(value)
                elif value is not EMPTY:
                    label = name.raw if isinstance(name, Unparsed) else name or ""
                    cells.setdefault(f"{UNKNOWN}{_slug(label)}{suffix}", []).append(
                        Unparsed(f"{label}: {_shown(value)}")
                    )
        if isinstance(self.names, Tiers) and self.names.listed:
            for tier in self.names.known:
                for suffix in self.values:
                    cells.setdefault(tier + suffix, [EMPTY])
        for cell, values in cells.items():
            flat[prefix + cell] = merged(values)

    def put(self, rows: list[Scope], cell: str, value: Value, home: Home, *, accept: bool) -> Loss | None:
        """Write one cell, into its row or a new one."""
        base, suffix = self.split(cell) or (cell, "")
        found = [scope for scope in rows if self.names.name(scope) == base]
        if len(found) > 1:
            return Loss(value, None, f"{len(found)} rows of the record say something about this cell")
        if found:
            loss = self.values[suffix].put(found[0], value, accept=accept)
            if self.remove and value is EMPTY and self.blank(found[0]):
                rows.remove(found[0])
                home.drop(found[0])
            return loss
        return None if value is EMPTY else self._add(rows, base, suffix, value, home, accept=accept)

    def _add(self, rows: list[Scope], base: str, suffix: str, value: Value, home: Home, *, accept: bool) -> Loss | None:
        """Write a cell into a new row, which is kept if it holds anything of it."""
        why = home.why_not()
        if why is not None:
            return Loss(value, None, why)
        scope = home.begin()
        self.names.write(scope, base)
        loss = self.values[suffix].put(scope, value, accept=accept)
        if self.values[suffix].value(scope) is not EMPTY:
            home.attach(scope)
            rows.append(scope)
        return loss

    def blank(self, scope: Scope) -> bool:
        """Tell whether a row holds no value any more."""
        return all(row.value(scope) is EMPTY for row in self.values.values())


def _slug(label: str) -> str:
    return _NO_NAME.sub("_", label.lower()).strip("_")
