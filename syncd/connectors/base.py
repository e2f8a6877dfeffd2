"""What a connector is: the one protocol between syncd and a system.

A connector speaks its vendor's words: records and parts go in and out as they are, no canonical path and no mapping in
sight. It raises only `syncd.errors`. Writes and creates are sent once: a connector never repeats one whose outcome it
does not know, it raises `UnknownOutcomeError` and the engine settles the outcome by reading.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from syncd.model.records import Answer, Kind, Page, PartCreate, PartWrite, Record


@dataclass(frozen=True, slots=True)
class Access:
    """What this account may do, found at start-up and before each observation.

    `fingerprint` stands for address, tenant and filter: when it changes, the listing is of another world. `unreadable`
    and `unwritable` map canonical path prefixes to a reason; they narrow what the mapping declares.
    """

    fingerprint: str
    unreadable: Mapping[str, str] = field(default_factory=dict)
    unwritable: Mapping[str, str] = field(default_factory=dict)
    create: bool = True
    update: bool = True
    end: bool = False
    conditional: bool = False
    """Writes carry the version read; the system refuses the write when the part moved."""
    marker: bool = False
    """Creates carry a marker that `find_marked` finds again."""


class Connector(Protocol):
    """One vendor installation."""

    system: str

    async def access(self) -> Access:
        """Say what the account may do now. Raises AuthError, TransientError."""
        ...

    def list(self, kind: Kind) -> AsyncIterator[Page]:
        """List every record of a kind, page by page. An exception, or no page with `last`, means: incomplete."""
        ...

    async def read(self, kind: Kind, record_id: str) -> Answer:
        """Read one record whole, past any cache."""
        ...

    async def write(self, write: PartWrite) -> None:
        """Replace one part, once. Raises StaleWriteError (moved), RefusedError (not applied), TransientError (refused
        before execution, not applied), UnknownOutcomeError (may have been applied)."""
        ...

    async def create(self, create: PartCreate) -> str:
        """Create a record, once, and give its native id. Errors as `write`."""
        ...

    async def find_marked(self, kind: Kind, group: str | None, marker: str) -> tuple[Record, ...]:
        """Find the records that carry a marker; always empty where `Access.marker` is false."""
        ...

    async def end(self, kind: Kind, record_id: str) -> None:
        """End a record in the vendor's own way (cancel, terminate, delete), once. Errors as `write`."""
        ...

    async def aclose(self) -> None:
        """Release what the connector holds."""
        ...
