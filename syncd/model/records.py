"""What connectors hand over: records made of parts, and what a keyed read can answer.

A `Record` is a system's own payload; nothing in it is canonical. Identity is `(system, kind, id)`. A lens turns it into
a flat view and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from syncd.model.frozen import frozen_value

Kind: TypeAlias = Literal["group", "plan", "generic"]
JSON: TypeAlias = Any


@frozen_value(frozen=True, slots=True)
class Part:
    """A piece of a record with its own id and version; `shared` parts serve several clients."""

    kind: str
    id: str
    data: Mapping[str, JSON]
    version: str | None = None
    shared: bool = False


@frozen_value(frozen=True, slots=True)
class Record:
    """A system's own record.

    `group` is the native id of the group it belongs to (None for groups and generic records). `modified` is the
    system's own time of the last change in seconds since 1970, None when it does not say. `locked` maps a path prefix
    to the reason why this record takes no write there now (confirmed, past-dated); "" locks the whole record.
    """

    kind: Kind
    id: str
    parts: tuple[Part, ...]
    group: str | None = None
    modified: float | None = None
    locked: Mapping[str, str] = field(default_factory=dict)


@frozen_value(frozen=True, slots=True)
class Present:
    """The record is there, read whole."""

    record: Record


@dataclass(frozen=True, slots=True)
class Gone:
    """The system proved that the record does not exist (any more)."""

    evidence: str


@dataclass(frozen=True, slots=True)
class NotSeen:
    """The system did not say: no right to see it, an error, an answer that is no proof.

    `unreadable`: it is there, and something in it cannot be read.
    """

    why: str
    unreadable: bool = False


Answer: TypeAlias = Present | Gone | NotSeen


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing. Only a page with `last` ends a complete listing; a feed without it is partial.

    `unreadable`: id -> why, of records that are there and of which something cannot be read; the others go on.
    """

    records: tuple[Record, ...]
    last: bool = False
    unreadable: Mapping[str, str] = field(default_factory=dict)


@frozen_value(frozen=True, slots=True)
class PartWrite:
    """Replace one part: `before` as just read, `after` the whole part as it shall be (unmapped keys kept)."""

    kind: Kind
    record_id: str
    before: Part
    after: Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class PartCreate:
    """Create a record from parts; `marker` is stored with it where the system has a field for one."""

    kind: Kind
    group: str | None
    parts: tuple[Part, ...]
    marker: str
