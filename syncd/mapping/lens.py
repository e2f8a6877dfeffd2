"""The lens protocol: one declaration that reads a vendor record into a flat view and writes changes back.

Pure: values in, values out. Laws (held by every implementation, property-tested):
`put(get(r), r) == r` on mapped keys byte for byte; `get(put(changes, r)) == changes` on writable fields; keys that no
row maps survive; a value the target cannot hold is reported as a loss, never rounded silently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Protocol

from syncd.mapping.codecs.base import Loss
from syncd.model.frozen import frozen_value
from syncd.model.records import Part, Record
from syncd.model.values import Flat, Value


@frozen_value(frozen=True, slots=True)
class Putting:
    """What `put` gives: the parts that change (whole, with unmapped keys kept) and the losses, by path.

    A field with a loss is written as its nearest value when `accept` named it, else left as it was.
    """

    parts: tuple[Part, ...]
    losses: Mapping[str, Loss] = field(default_factory=dict)


class Lens(Protocol):
    """Two-way mapping of one kind of record of one system."""

    digest: str
    """Changes whenever a row changes; kept with each snapshot."""
    row_digests: Mapping[str, str]
    """Row -> digest, which changes when the row reads otherwise; what a base means depends on it."""

    def get(self, record: Record) -> Flat:
        """Read a record: every carried path with its value, EMPTY included. Never raises on data; what a codec does not
        understand is `Unparsed`."""
        ...

    def lacks(self, record: Record) -> frozenset[str]:
        """Name the fields that this record has no place for, though other records of its system have: not to be
        carried is not to be empty."""
        ...

    def put(self, record: Record, changes: Mapping[str, Value], accept: frozenset[str] = frozenset()) -> Putting:
        """Write changes into the parts of a record just read. `accept` names paths whose loss was accepted."""
        ...

    def new(self, values: Mapping[str, Value], accept: frozenset[str] = frozenset()) -> Putting:
        """Make the parts of a record to create."""
        ...

    def carries(self, path: str) -> bool:
        """Tell whether this system holds the field at all."""
        ...

    def unwritable(self, path: str) -> str | None:
        """Give the reason why the field can never be written here, None when it can."""
        ...

    def nearest(self, path: str, value: Value) -> Value:
        """Give what the system would hold when told to hold `value` (itself when there is no loss)."""
        ...

    def part_of(self, path: str) -> str:
        """Name the kind of part that holds the field."""
        ...

    def codec_of(self, path: str) -> str:
        """Name the codec of the field, for loss acceptance per link, path and codec."""
        ...

    def row_of(self, path: str) -> str:
        """Name the row that holds a field, as in `row_digests`; empty when none does."""
        ...
