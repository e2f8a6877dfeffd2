"""Check a mapping on real records: its laws have to hold there, and its vendor keys have to be there.

Takes a compiled mapping, sample records and what a system says of its fields, gives findings. What can be known without
records was checked when the file was compiled. Every value of every sample is written with the others of its record;
by itself a row is tried on a few different values, because that reads the record again for each.
"""

from __future__ import annotations

from collections import Counter, abc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from syncd.mapping.compile import Mapping
from syncd.mapping.laws import breaches
from syncd.mapping.live import Schema, against
from syncd.mapping.record_lens import RecordLens
from syncd.model.records import Kind, Record
from syncd.model.values import EMPTY, Flat, Unparsed, Value

_ALONE: Final = 6
"""So many different values of a row are written by themselves, into a place that is empty and into one that is not."""

Level = Literal["error", "warning", "note"]
What = Literal["law", "field", "key", "empty", "text"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. An error breaks a promise of syncd: a law does not hold, or the system has no such field. A
    warning is for a person to look at; a note says what the samples could not show."""

    level: Level
    what: What
    kind: Kind
    row: str
    message: str
    file: str
    line: int | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line is not None else self.file
        return f"{where}: {self.kind} {self.row}: {self.message}"


def check(
    mapping: Mapping,
    samples: abc.Mapping[Kind, Sequence[Record]],
    schemas: abc.Mapping[Kind, Schema] | None = None,
    progress: Callable[[Kind, int], None] = lambda _kind, _at: None,
) -> list[Finding]:
    """Check a mapping on sample records by kind, and against the schema of a kind where the system tells one.

    `progress` is told how many records of a kind are done.
    """
    found: list[Finding] = []
    for kind, records in samples.items():
        schema = (schemas or {}).get(kind) or {}
        found += _against(mapping, kind, schema)
        if records:
            found += _kind(mapping, kind, records, bool(schema), progress)
    return found


def _kind(
    mapping: Mapping,
    kind: Kind,
    records: Sequence[Record],
    has_schema: bool,  # noqa: FBT001 - of the kind
    progress: Callable[[Kind, int], None],
) -> Iterator[Finding]:
    lens = mapping.lens(kind)
    flats = [lens.get(record) for record in records]
    yield from _laws(mapping, kind, records, flats, progress)
    gone = set() if has_schema else _gone(lens, records)
    for path in sorted(gone):
        names = " or ".join(map(str, lens.rows[path].sources))
        yield _finding("warning", "key", mapping, kind, path, f"{names} is in none of {len(records)} records")
    yield from _empty(mapping, kind, lens, flats, gone)
    yield from _not_understood(mapping, kind, lens, flats)


def _against(mapping: Mapping, kind: Kind, schema: Schema) -> Iterator[Finding]:
    """Compare with the live schema, as `syncd doctor` does; what a row itself calls optional is only noted."""
    for one in against(mapping.lens(kind), schema):
        level: Level = "note" if one.optional else "error"
        yield _finding(level, "field", mapping, kind, one.path, str(one).removeprefix(f"{one.path}: "))


class _Trials:
    """Chooses the values of each row that are written by themselves."""

    def __init__(self, lens: RecordLens) -> None:
        self._lens = lens
        self._tried: dict[tuple[str, bool], set[Value]] = {}

    def wanted(self, path: str, value: Value, held: Value) -> bool:
        """Take the first few different values of a row, apart for places that are empty and places that are not."""
        tried = self._tried.setdefault((self._lens.row_of(path) or path, held is EMPTY), set())
        if value in tried or len(tried) >= _ALONE:
            return False
        tried.add(value)
        return True


def _laws(
    mapping: Mapping,
    kind: Kind,
    records: Sequence[Record],
    flats: Sequence[Flat],
    progress: Callable[[Kind, int], None],
) -> Iterator[Finding]:
    lens = mapping.lens(kind)
    trials = _Trials(lens)
    seen: set[tuple[str, str]] = set()
    for at, record in enumerate(records):
        progress(kind, at)
        for breach in breaches(lens, record, [flats[(at + 1) % len(flats)]], alone=trials.wanted):
            row = lens.row_of(breach.path)
            if (breach.law, row) not in seen:
                seen.add((breach.law, row))
                message = f"{breach.law} does not hold in record {record.id}: {breach.what}"
                yield _finding("error", "law", mapping, kind, row, message)


def _gone(lens: RecordLens, records: Sequence[Record]) -> set[str]:
    """Name the rows whose vendor keys no record has: renamed, hidden, or never there."""
    return set(lens.missing(records[0])).intersection(*(lens.missing(record) for record in records[1:]))


def _empty(
    mapping: Mapping, kind: Kind, lens: RecordLens, flats: Sequence[Flat], gone: abc.Set[str]
) -> Iterator[Finding]:
    """Find rows without a value on every sample: nobody filled them in, or the vendor key is another's."""
    filled = {lens.row_of(path) for flat in flats for path, value in flat.items() if value is not EMPTY}
    for row in mapping.row_digests[kind]:
        if row not in filled and row not in gone:
            yield _finding("note", "empty", mapping, kind, row, f"empty on all {len(flats)} samples")


def _not_understood(mapping: Mapping, kind: Kind, lens: RecordLens, flats: Sequence[Flat]) -> Iterator[Finding]:
    """Count the texts that no codec understood: they are kept and shown, and never written."""
    texts = Counter(
        (lens.row_of(path) or path, value.raw)
        for flat in flats
        for path, value in flat.items()
        if isinstance(value, Unparsed)
    )
    for (row, raw), count in texts.items():
        message = f"not understood in {count} of {len(flats)} samples: {raw!r}"
        yield _finding("warning", "text", mapping, kind, row, message)


def _finding(level: Level, what: What, mapping: Mapping, kind: Kind, row: str, message: str) -> Finding:
    return Finding(level, what, kind, row, message, mapping.file, mapping.row_lines[kind].get(row))
