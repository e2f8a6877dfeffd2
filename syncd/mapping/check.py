"""Check a mapping on real records: its laws have to hold there, and every row has to find something.

Takes a compiled mapping and sample records, gives findings. What can be known without records was checked when the file
was compiled.
"""

from __future__ import annotations

from collections import Counter, abc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from syncd.mapping.compile import Mapping
from syncd.mapping.laws import breaches
from syncd.mapping.record_lens import RecordLens
from syncd.model.records import Kind, Record
from syncd.model.values import EMPTY, Flat, Unparsed

_DONORS = 2
"""How many other samples give the values that are written into a sample."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. An error breaks a promise of syncd; a warning is for a person to look at."""

    level: Literal["error", "warning"]
    kind: Kind
    row: str
    message: str
    file: str
    line: int | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line is not None else self.file
        return f"{where}: {self.kind} {self.row}: {self.message}"


def check(mapping: Mapping, samples: abc.Mapping[Kind, Sequence[Record]]) -> list[Finding]:
    """Check a mapping on sample records by kind; a kind without samples is not judged."""
    return [finding for kind, records in samples.items() if records for finding in _kind(mapping, kind, records)]


def _kind(mapping: Mapping, kind: Kind, records: Sequence[Record]) -> Iterator[Finding]:
    lens = mapping.lens(kind)
    flats = [lens.get(record) for record in records]
    yield from _laws(mapping, kind, records, flats)
    yield from _empty(mapping, kind, lens, flats)
    yield from _not_understood(mapping, kind, lens, flats)


def _laws(mapping: Mapping, kind: Kind, records: Sequence[Record], flats: Sequence[Flat]) -> Iterator[Finding]:
    lens = mapping.lens(kind)
    seen: set[tuple[str, str]] = set()
    for at, record in enumerate(records):
        donors = [flats[(at + step) % len(flats)] for step in range(1, _DONORS + 1)]
        for breach in breaches(lens, record, donors):
            row = lens.row_of(breach.path)
            if (breach.law, row) not in seen:
                seen.add((breach.law, row))
                message = f"{breach.law} does not hold in record {record.id}: {breach.what}"
                yield _finding("error", mapping, kind, row, message)


def _empty(mapping: Mapping, kind: Kind, lens: RecordLens, flats: Sequence[Flat]) -> Iterator[Finding]:
    """Find rows without a value on every sample: a vendor key misspelt, or never used. A hash is not there where the
    account is shown no more than the end of a tax id."""
    filled = {lens.row_of(path) for flat in flats for path, value in flat.items() if value is not EMPTY}
    for row in mapping.row_digests[kind]:
        if row not in filled and row != "details.tax_id_hash":
            yield _finding("error", mapping, kind, row, f"empty on all {len(flats)} samples; is the vendor key right?")


def _not_understood(mapping: Mapping, kind: Kind, lens: RecordLens, flats: Sequence[Flat]) -> Iterator[Finding]:
    """Count the texts that no codec understood: they are kept and shown, and never written."""
    texts = Counter(
        (lens.row_of(path) or path, value.raw)
        for flat in flats
        for path, value in flat.items()
        if isinstance(value, Unparsed)
    )
    for (row, raw), count in texts.items():
        yield _finding("warning", mapping, kind, row, f"not understood in {count} of {len(flats)} samples: {raw!r}")


def _finding(level: Literal["error", "warning"], mapping: Mapping, kind: Kind, row: str, message: str) -> Finding:
    return Finding(level, kind, row, message, mapping.file, mapping.row_lines[kind].get(row))
