"""The lens of a mapping file: rows and sets of one kind of record, in both directions.

Takes records and changes, gives flat views and parts. What no row maps is copied; a key that already decodes to the
value is left as it is, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from syncd.errors import MappingError
from syncd.mapping.codecs.base import Loss
from syncd.mapping.draft import Draft, Scope
from syncd.mapping.lens import Putting
from syncd.mapping.rows import Row
from syncd.mapping.sets import CellSets, Losses
from syncd.mapping.vendor_path import MISSING, copied
from syncd.model import paths
from syncd.model.paths import Path, SetKey, parse
from syncd.model.records import JSON, Kind, Record
from syncd.model.values import EMPTY, Flat, Value

_NO_ROW = "this system has no such field"


@dataclass(eq=False)
class RecordLens:
    """A compiled kind of a mapping file. `barred`: kinds of parts that cannot be made, with the reason; `refuses`: why
    records of this kind are never created here, None when they are."""

    kind: Kind
    digest: str
    part: str
    rows: Mapping[str, Row]
    sets: tuple[CellSets, ...] = ()
    barred: Mapping[str, str] = field(default_factory=dict)
    template: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict)
    refuses: str | None = None
    row_digests: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # A lens lives as long as the process, and the same paths are asked for with every record.
        self._rows: Callable[[str], Row | None] = lru_cache(maxsize=65536)(self._search)
        self._differ = {path: row for path, row in self.rows.items() if row.missing != "empty"}
        self._sets_differ = tuple([block for block in self.sets if block.differ])

    def get(self, record: Record) -> Flat:
        """Read a record. A part that is not there reads as empty."""
        flat: Flat = {}
        scopes = _scopes(record)
        for path, row in self.rows.items():
            value = row.get(_first(scopes, row.part))
            if value is not MISSING:
                flat[path] = value
        for block in self.sets:
            block.read(scopes.get(block.part, []), flat)
        return flat

    def lacks(self, record: Record) -> frozenset[str]:
        """Name the fields that this record has no place for, by rows that say so of an absent key (`missing`)."""
        if not (self._differ or self._sets_differ):
            return frozenset()
        scopes = _scopes(record)
        found = [path for path, row in self._differ.items() if row.get(_first(scopes, row.part)) is MISSING]
        for block in self._sets_differ:
            found += block.lacks(scopes.get(block.part, []))
        return frozenset(found)

    def put(self, record: Record, changes: Mapping[str, Value], accept: frozenset[str] = frozenset()) -> Putting:
        """Write changes. Raises MappingError for a path that is not carried or never writable here."""
        held = self.get(record)
        moved = {path: value for path, value in changes.items() if held.get(path, EMPTY) != value}
        for path in moved:
            reason = self.unwritable(path)
            if reason is not None:
                raise MappingError(reason, field=path)
        if not moved:
            return Putting(())
        draft = Draft.of(record)
        losses = self._write(draft, moved, accept, new=False)
        return Putting(draft.changed(), losses)

    def new(self, values: Mapping[str, Value], accept: frozenset[str] = frozenset()) -> Putting:
        """Make the parts of a record to create. A value that cannot be given to a new record is a loss. Raises
        MappingError when records are not created here, or a required field has no value."""
        if self.refuses is not None:
            raise MappingError(self.refuses)
        draft = Draft([], [], [])
        for part in dict.fromkeys((self.part, *self.template)):
            draft.add(part, self._started(part))
        wanted = {path: value for path, value in values.items() if value is not EMPTY and self.row(path) is not None}
        given = {path: value for path, value in wanted.items() if self.barred_at_birth(path) is None}
        losses = self._write(draft, given, accept, new=True)
        made = self.get(Record(self.kind, "", draft.current()))
        for path in wanted.keys() - given.keys():
            if made.get(path, EMPTY) != wanted[path]:
                losses[path] = Loss(wanted[path], None, self.barred_at_birth(path) or "")
        for path, row in self.rows.items():
            if row.required and made.get(path, EMPTY) is EMPTY:
                raise MappingError(f"a {self.kind} cannot be created here without it", field=path)
        return Putting(draft.changed(), losses)

    def carries(self, path: str) -> bool:
        """Tell whether this system holds the field at all; a row of a table whose name was not understood counts."""
        return self.row(path) is not None or (".unknown_" in path and self._is_unknown(path))

    def unwritable(self, path: str) -> str | None:
        """Give the reason why the field can never be written here, None when it can."""
        row = self.row(path)
        return _NO_ROW if row is None else row.unwritable

    def nearest(self, path: str, value: Value) -> Value:
        """Give what the system would hold when told to hold `value` (itself when there is no loss)."""
        row = self.row(path)
        return value if row is None or value is EMPTY else row.nearest(value)

    def part_of(self, path: str) -> str:
        """Name the kind of part that holds the field."""
        row = self.row(path)
        return self.part if row is None else row.part

    def codec_of(self, path: str) -> str:
        """Name the codec of the field."""
        row = self.row(path)
        return "" if row is None else "constant" if row.constant is not None else row.codec.name

    def row_of(self, path: str) -> str:
        """Name the row that holds a field, as in `row_digests`; empty when none does."""
        row = self.row(path)
        return "" if row is None else row.name

    def row(self, path: str) -> Row | None:
        """Find the row that holds a field."""
        return self._rows(path)

    def part_ids(self, record: Record) -> dict[str, str]:
        """Give the vendor's own id of each set that has one, by atom: `rates[2026-01-01]` -> "41"."""
        scopes = _scopes(record)
        return {atom: own for block in self.sets for atom, own in block.ids(scopes.get(block.part, [])).items()}

    def missing(self, record: Record) -> tuple[str, ...]:
        """Name the fields whose vendor keys this record does not even have: renamed, or hidden by rights."""
        scopes = _scopes(record)
        return tuple(
            path
            for path, row in self.rows.items()
            if row.sources and all(_first(scopes, row.part).read(source) is MISSING for source in row.sources)
        )

    def _search(self, path: str) -> Row | None:
        if path in self.rows:
            return self.rows[path]
        parsed = parse(path)
        return next((row for row in (block.row_of(parsed) for block in self.sets) if row is not None), None)

    def _is_unknown(self, path: str) -> bool:
        parsed = parse(path)
        return any(block.may_be_unknown(parsed) for block in self.sets)

    def barred_at_birth(self, path: str) -> str | None:
        """Give the reason why a new record cannot be given the field, None when it can."""
        row = self.row(path)
        return None if row is None or row.on_create else row.unwritable

    def _write(self, draft: Draft, changes: Mapping[str, Value], accept: frozenset[str], *, new: bool) -> Losses:
        """Write rows and sets, and read back what was written. A new set may take its date from a row, so in a new
        record rows come first; in an old one a row may move a set that another change speaks of, so they come last."""
        rows = {path: value for path, value in changes.items() if path in self.rows}
        cells = {path: value for path, value in changes.items() if path not in self.rows}
        steps = [(self._write_rows, rows), (self._write_sets, cells)]
        losses: Losses = {}
        for write, values in steps if new else reversed(steps):
            if values:
                found = write(draft, values, accept)
                losses |= _unheld(values, self.get(Record(self.kind, "", draft.current()))) | found
        return losses

    def _write_rows(self, draft: Draft, changes: Mapping[str, Value], accept: frozenset[str]) -> Losses:
        """Write rows, clears before values."""
        losses: Losses = {}
        for path, value in sorted(changes.items(), key=lambda change: change[1] is not EMPTY):
            loss = self._write_row(draft, self.rows[path], value, accept=path in accept)
            if loss is not None:
                losses[path] = loss
        return losses

    def _write_sets(self, draft: Draft, changes: Mapping[str, Value], accept: frozenset[str]) -> Losses:
        """Write the cells of each set together."""
        cells: dict[tuple[int, str | SetKey | None], dict[str, tuple[str, Value]]] = {}
        for path, value in changes.items():
            parsed = parse(path)
            cells.setdefault((self._block(parsed), parsed.key), {})[parsed.field] = (path, value)
        losses: Losses = {}
        for (at, key), wanted in cells.items():
            accepted = frozenset(cell for cell, (path, _) in wanted.items() if path in accept)
            values = {cell: value for cell, (_, value) in wanted.items()}
            for cell, loss in self.sets[at].write(draft, key, values, accepted).items():
                losses[wanted[cell][0]] = loss
        return losses

    def _started(self, part: str) -> dict[str, JSON]:
        data: dict[str, JSON] = copied(dict(self.template.get(part, {})))
        return data

    def _block(self, path: Path) -> int:
        return next(at for at, block in enumerate(self.sets) if block.row_of(path) is not None)

    def _write_row(self, draft: Draft, row: Row, value: Value, *, accept: bool) -> Loss | None:
        scopes = draft.scopes(row.part)
        if scopes:
            return row.put(scopes[0], value, accept=accept)
        if row.part in self.barred:
            return Loss(value, None, self.barred[row.part])
        scope = draft.add(row.part, self._started(row.part))
        loss = row.put(scope, value, accept=accept)
        if row.value(scope) is EMPTY:
            draft.drop(scope)
        return loss


def _unheld(changes: Mapping[str, Value], again: Flat) -> Losses:
    """Find values that were written and do not read back: two changes that one vendor key cannot hold together."""
    dates = {
        paths.atom(path): value.isoformat()
        for path, value in changes.items()
        if isinstance(value, date) and path.endswith("].effective_date")
    }
    found: Losses = {}
    for path, value in changes.items():
        held = again.get(_at_date(path, dates.get(paths.atom(path))), EMPTY)
        if held != value:
            found[path] = Loss(value, held, "another value that was written with it excludes it")
    return found


def _at_date(path: str, effective: str | None) -> str:
    """Give the path of a cell whose set was moved to another date."""
    parsed = paths.parse(path)
    if effective is None or not isinstance(parsed.key, SetKey):
        return path
    return str(Path(parsed.section, SetKey(parsed.key.kind, parsed.key.cls, effective), parsed.field))


def _scopes(record: Record) -> dict[str, list[Scope]]:
    scopes: dict[str, list[Scope]] = {}
    for part in record.parts:
        data = part.data if isinstance(part.data, dict) else dict(part.data)
        scopes.setdefault(part.kind, []).append(Scope(data, data))
    return scopes


def _first(scopes: Mapping[str, list[Scope]], part: str) -> Scope:
    found = scopes.get(part)
    return found[0] if found else _NOTHING


_NOTHING = Scope({}, {})
