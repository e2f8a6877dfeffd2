"""Rate sets, contribution sets and variants of benefits: items of the vendor that become `section[key].cell`.

Takes the parts of one kind. An item is an element of a list, a part of its own, or the part itself (wide rows); what
tells items apart is their key: kind, class and effective date, or a variant. Items that share a key read as one set
whose differing cells are not understood; they are never written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from syncd.mapping.codecs.base import Loss, text_of
from syncd.mapping.draft import Draft, Scope, Where, chosen
from syncd.mapping.homes import ListHome, SetHome
from syncd.mapping.rows import Row
from syncd.mapping.tables import UNKNOWN, Table, merged
from syncd.mapping.vendor_path import MISSING, VendorPath
from syncd.model.paths import Path, SetKey
from syncd.model.records import JSON
from syncd.model.values import EMPTY, Unparsed, Value

# A class may be called anything; these would break the path that it stands in.
_UNSAFE = re.compile(r"[%;\[\]]")
_QUOTED = re.compile(r"%([0-9A-F]{2})")


@dataclass(frozen=True, slots=True)
class CellSets:
    """One `sets` block of a mapping, compiled."""

    section: str
    part: str
    path: VendorPath | None
    parts: bool
    where: Where
    id: VendorPath | None
    effective: Row | None
    cls: Row | None
    kind: Row | None
    variant: Row | None
    cells: Mapping[str, Row]
    tables: tuple[Table, ...]
    template: Mapping[str, JSON]
    remove: bool
    barred: str | None
    """Why a missing part cannot be made."""

    @property
    def differ(self) -> bool:
        """Tell whether items may lack cells: rows of `cells` say so of an absent key."""
        return any(row.missing != "empty" for row in self.cells.values())

    # -- what there is ----------------------------------------------------------------------------------------------

    def row_of(self, path: Path) -> Row | None:
        """Find the row that holds a path; None when these sets do not hold it."""
        if path.section != self.section or not self._may_key(path.key):
            return None
        if path.field == "effective_date" and self.effective is not None:
            return self.effective
        if path.field in self.cells:
            return self.cells[path.field]
        return next((row for row in (table.row_of(path.field) for table in self.tables) if row is not None), None)

    def may_be_unknown(self, path: Path) -> bool:
        """Tell whether a path is a row that these sets could hold under a name that nobody understood.

        Such a cell is compared and asked about, never written: a table that misses it is one that no system held.
        """
        named = path.section == self.section and path.field.startswith(UNKNOWN)
        return named and bool(self.tables) and self._may_key(path.key)

    def _may_key(self, key: str | SetKey | None) -> bool:
        if not isinstance(key, SetKey):
            return self.section == "benefits"
        kind = "" if self.section == "contributions" else self._constant(self.kind, "premium")
        return kind in (key.kind, None) and self._constant(self.cls, "*") in (key.cls, None)

    @staticmethod
    def _constant(row: Row | None, default: str) -> str | None:
        """Give the one value of a key; None when records differ in it."""
        if row is None:
            return default
        return None if row.constant is None else str(row.constant)

    # -- reading ----------------------------------------------------------------------------------------------------

    def read(self, parts: list[Scope], flat: dict[str, Value]) -> None:
        """Read all sets into a flat view."""
        for key, items in self._read_groups(parts).items():
            self._read_group(items, self._prefix(key), flat)

    def lacks(self, parts: list[Scope]) -> Iterator[str]:
        """Name the cells that no item of their set has a place for."""
        for key, items in self._read_groups(parts).items():
            for name, row in self.cells.items():
                if row.missing != "empty" and all(row.get(item) is MISSING for item in items):
                    yield self._prefix(key) + name

    def _read_groups(self, parts: list[Scope]) -> dict[str, list[Scope]]:
        """Gather the items of each key; benefits are there even when nothing holds them yet."""
        groups = self.groups(parts)
        return groups or ({"": [Scope({}, {})]} if self.section == "benefits" else {})

    def groups(self, parts: list[Scope]) -> dict[str, list[Scope]]:
        """Gather the items of each key. A wide row without a date and without a value holds no set.

        The first summary of benefits has no key, so that a second one does not rename what the first one holds.
        """
        groups: dict[str, list[Scope]] = {}
        for at, item in enumerate(self._items(parts)):
            if self.section == "benefits":
                groups.setdefault(self._variant(item, at), []).append(item)
            elif not self._free(item):
                groups.setdefault(self._key(item), []).append(item)
        return groups

    def ids(self, parts: list[Scope]) -> dict[str, str]:
        """Give the vendor's own id of each set that has one."""
        if self.id is None:
            return {}
        groups = self.groups(parts)
        found: dict[str, str] = {}
        for key, items in groups.items():
            raw = items[0].read(self.id)
            if len(items) == 1 and raw is not MISSING and raw is not None:
                found[self._prefix(key)[:-1]] = text_of(raw)
        return found

    def _free(self, item: Scope) -> bool:
        """Tell whether the one item of a wide row has room for a set."""
        if self.path is not None or self.parts or self.effective is None:
            return False
        return self.effective.value(item) is EMPTY and self.blank(item)

    def _key(self, item: Scope) -> str:
        """Give what stands between the brackets."""
        key = (row.value(item) if row is not None else EMPTY for row in (self.kind, self.cls, self.effective))
        return str(self._set_key(*key))

    def _variant(self, item: Scope, at: int) -> str:
        return "" if at == 0 else (self.variant is not None and _quoted(self.variant.value(item))) or str(at + 1)

    def blank(self, item: Scope) -> bool:
        """Tell whether an item holds no value at all."""
        cells = all(row.constant is not None or row.value(item) is EMPTY for row in self.cells.values())
        return cells and all(table.blank(row) for table in self.tables for row in self._table_rows(table, [item]))

    def _items(self, parts: list[Scope]) -> Iterator[Scope]:
        for part in parts:
            if self.path is None:
                items = [part]
            else:
                held = part.read(self.path)
                items = (
                    [Scope(item, part.root) for item in held if isinstance(item, dict)]
                    if isinstance(held, list)
                    else []
                )
            yield from (item for item in items if chosen(item, self.where))

    def _prefix(self, key: str) -> str:
        return "benefits." if self.section == "benefits" and not key else f"{self.section}[{key}]."

    def _read_group(self, items: list[Scope], prefix: str, flat: dict[str, Value]) -> None:
        if self.effective is not None:
            flat[f"{prefix}effective_date"] = merged(self.effective.value(item) for item in items)
        if len(items) == 1:  # nearly always, and files name hundreds of cells
            self._read_item(items[0], prefix, flat)
        else:
            for name, row in self.cells.items():
                values = [value for value in (row.get(item) for item in items) if value is not MISSING]
                if values:
                    flat[prefix + name] = merged(values)
        for table in self.tables:
            table.read(self._table_rows(table, items), prefix, flat)

    def _read_item(self, item: Scope, prefix: str, flat: dict[str, Value]) -> None:
        for name, row in self.cells.items():
            value = row.get(item)
            if value is not MISSING:
                flat[prefix + name] = value

    @staticmethod
    def _table_rows(table: Table, items: list[Scope]) -> list[Scope]:
        if table.path is None:
            return [item for item in items if chosen(item, table.where)]
        return [row for item in items for row in table.rows(item)]

    # -- writing ----------------------------------------------------------------------------------------------------

    def write(
        self, draft: Draft, key: str | SetKey | None, cells: Mapping[str, Value], accept: frozenset[str]
    ) -> Losses:
        """Write cells of one set. `accept` names cells whose loss was accepted."""
        groups = self.groups(draft.scopes(self.part))
        items = groups.get("" if key is None else str(key), [])
        live = {cell: value for cell, value in cells.items() if value is not EMPTY}
        if not items and not live:
            return {}
        why = self._ambiguous(groups, items, key) or self._collides(groups, items, cells)
        if why is not None:
            return _refused(cells, why)
        home = self._home(draft, items, self._keys(key, cells), held=bool(groups))
        if items:
            return self._put_all(items, cells, home, accept)
        return self._begin(live, home, accept)

    def _begin(self, cells: dict[str, Value], home: SetHome, accept: frozenset[str]) -> Losses:
        """Write the cells of a set that is not there yet."""
        why = home.why_not()
        if why is not None:
            return _refused(cells, why)
        since = {name: cells.pop(name) for name in ("effective_date",) if name in cells}
        if not cells and (self.remove or self._grouped()):
            return _refused(since, "a set that holds nothing is not kept here")
        items = [] if self._grouped() else [home.begin()]
        losses = self._put_all(items, cells, home, accept)
        if self._grouped():
            return losses if items else {**losses, **_refused(since, "no row of the set could be written")}
        if cells and self.blank(items[0]):
            return {**losses, **_refused(since, "no cell of the set could be written")}
        home.attach(items[0])
        return losses

    def _home(self, draft: Draft, items: list[Scope], keys: tuple[tuple[Row, Value], ...], *, held: bool) -> SetHome:
        shared = [(row, row.value(items[0])) for row in self.cells.values() if row.constant is None] if items else []
        return SetHome(
            draft=draft,
            part=self.part,
            path=self.path,
            parts=self.parts,
            template=self.template,
            where=self.where,
            keys=keys,
            shared=tuple(shared),
            barred=self.barred,
            taken=held and self.path is None and not self.parts,
        )

    def _ambiguous(self, groups: Mapping[str, list[Scope]], items: list[Scope], key: str | SetKey | None) -> str | None:
        if len(items) > 1 and not self._grouped():
            return f"{len(items)} sets of the record share this key"
        if isinstance(key, str) and not items and (not groups or self.variant is None):
            return "a further summary stands beside a first one and has a name of its own"
        return None

    def _collides(
        self, groups: Mapping[str, list[Scope]], items: list[Scope], cells: Mapping[str, Value]
    ) -> str | None:
        """Refuse to move a set onto the date of another."""
        moved = cells.get("effective_date")
        if not items or not isinstance(moved, date):
            return None
        kind, cls = (row.value(items[0]) if row is not None else EMPTY for row in (self.kind, self.cls))
        target = str(self._set_key(kind, cls, moved))
        return f"{self.section}[{target}] exists already" if target in groups and groups[target] != items else None

    def _grouped(self) -> bool:
        return any(table.path is None for table in self.tables)

    def _keys(self, key: str | SetKey | None, cells: Mapping[str, Value]) -> tuple[tuple[Row, Value], ...]:
        """Give what a new item of this key holds in its key fields."""
        if not isinstance(key, SetKey):
            pairs: tuple[tuple[Row | None, Value], ...] = ((self.variant, EMPTY if key is None else _unquoted(key)),)
        else:
            since = cells.get("effective_date", EMPTY)
            pairs = (
                (self.kind, key.kind),
                (self.cls, EMPTY if key.cls == "*" else _unquoted(key.cls)),
                (self.effective, since if isinstance(since, date) else _date(key.effective)),
            )
        return tuple((row, value) for row, value in pairs if row is not None and row.constant is None)

    def _put_all(self, items: list[Scope], cells: Mapping[str, Value], home: SetHome, accept: frozenset[str]) -> Losses:
        """Write cells: clears first, for what excludes another cell must not erase it after it was written; then what
        has a row of its own, which may be the first of its set."""
        losses: Losses = {}
        for cell, value in sorted(
            cells.items(), key=lambda pair: (pair[1] is not EMPTY, self._row(pair[0]) is not None)
        ):
            loss = self._put(items, cell, value, home, accept=cell in accept)
            if loss is not None:
                losses[cell] = loss
        if self.remove and any(value is EMPTY for value in cells.values()):
            self._tidy(items, home)
        return losses

    def _row(self, cell: str) -> Row | None:
        return self.effective if cell == "effective_date" and self.effective is not None else self.cells.get(cell)

    def _put(self, items: list[Scope], cell: str, value: Value, home: SetHome, *, accept: bool) -> Loss | None:
        row = self._row(cell)
        if row is not None:
            if not items:
                return Loss(value, None, "no row of the set could be written")
            losses = [row.put(item, value, accept=accept) for item in items if row.value(item) != value]
            return next((loss for loss in losses if loss is not None), None)
        table = next(table for table in self.tables if table.split(cell) is not None)
        if table.path is None:
            return table.put(items, cell, value, home, accept=accept)
        inner = ListHome(items[0], table.path, table.template, table.where)
        return table.put(table.rows(items[0]), cell, value, inner, accept=accept)

    def _tidy(self, items: list[Scope], home: SetHome) -> None:
        """Take out items that hold nothing any more."""
        for item in [item for item in items if self.blank(item)]:
            items.remove(item)
            home.drop(item)

    def _set_key(self, kind: Value, cls: Value, effective: Value) -> SetKey:
        since = effective.isoformat() if isinstance(effective, date) else _quoted(effective)
        if self.section == "contributions":
            return SetKey("", _quoted(cls) or "*", since)
        return SetKey(_quoted(kind) or ("premium" if self.kind is None else "unknown"), _quoted(cls) or "*", since)


Losses = dict[str, Loss]


def _refused(cells: Mapping[str, Value], why: str) -> Losses:
    return {cell: Loss(value, None, why) for cell, value in cells.items()}


def _date(text: str) -> Value:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return EMPTY


def _quoted(value: Value) -> str:
    """Write a key word so that it can stand in a path."""
    text = value.raw if isinstance(value, Unparsed) else value if isinstance(value, str) else ""
    return "%2A" if text == "*" else _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", text)


def _unquoted(text: str) -> str:
    return _QUOTED.sub(lambda found: chr(int(found[1], 16)), text)
