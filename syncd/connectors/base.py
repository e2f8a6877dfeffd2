"""What a connector is: the one protocol between syncd and a system.

A connector speaks its vendor's words: records and parts go in and out as they are, no canonical path and no mapping in
sight. It raises only `syncd.errors`. Writes and creates are sent once: a connector never repeats one whose outcome it
does not know, it raises `UnknownOutcomeError` and the engine settles the outcome by reading.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

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
    by_group: bool = False
    """Plans are listed group by group: only those of linked groups are asked for."""


class Connector(Protocol):
    """One vendor installation."""

    system: str

    async def access(self) -> Access:
        """Say what the account may do now. Raises AuthError, TransientError."""
        ...

    def list(self, kind: Kind, groups: Collection[str] | None = None) -> AsyncIterator[Page]:
        """List every record of a kind, page by page. An exception, or no page with `last`, means: incomplete.

        `groups`: native ids of the groups whose plans are wanted, where `Access.by_group` says so; None: of all.
        """
        ...

    async def read(self, kind: Kind, record_id: str) -> Answer:
        """Read one record whole, past any cache."""
        ...

    async def write(self, write: PartWrite) -> None:
        """Replace one part, once; a `before` without id and data means that the part is new.

        Raises StaleWriteError (moved), RefusedError (not applied), TransientError (refused before execution, not
        applied), UnknownOutcomeError (may have been applied).
        """
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


# -- what some systems can do besides; the engine asks `isinstance(connector, Feed)` and so on -------------------------


@dataclass(frozen=True, slots=True)
class Changes:
    """What moved since a position of the feed, all kinds together.

    `records`: as they are now, read whole; `gone`: (kind, id) -> evidence that the record was removed; `unreadable`:
    (kind, id) -> why it cannot be read. `position`: where to go on. `expired`: why the feed cannot say what moved
    (older than it remembers); a complete listing is due.
    """

    position: str
    records: tuple[Record, ...] = ()
    gone: Mapping[tuple[Kind, str], str] = field(default_factory=dict)
    expired: str = ""
    unreadable: Mapping[tuple[Kind, str], str] = field(default_factory=dict)


@runtime_checkable
class Feed(Protocol):
    """A system that tells what moved, so that a quiet observation costs a few requests, not a listing."""

    async def position(self) -> str:
        """Give the feed's end as it is now. Taken before a listing, so that what moves during it is seen again."""
        ...

    async def changes(self, position: str, groups: Collection[str] | None = None) -> Changes:
        """Give what moved since `position`, the same twice rather than never. `groups` as in `list`."""
        ...


@dataclass(frozen=True, slots=True)
class Note:
    """A hand-off as a person sees it in the system: an activity-log record, a task.

    The system keeps `marker` with it and finds it again by it; `subject`: one line; `text`: what to enter, by value.
    """

    group: str
    marker: str
    subject: str
    text: str
    done: bool = False


@runtime_checkable
class Notebook(Protocol):
    """A system in which hand-offs can be left for the people who work there."""

    async def find_note(self, group: str, marker: str) -> tuple[str, Note] | None:
        """Find a note by its marker: its native id and what it says now; None: there is none."""
        ...

    async def write_note(self, note: Note, note_id: str | None = None) -> str:
        """Create a note, or bring the one named up to date, once; give its native id. Errors as `Connector.write`."""
        ...


@dataclass(frozen=True, slots=True)
class Account:
    """A group as a directory shows it; `number` is what people know it by. Names identify nothing."""

    id: str
    name: str
    number: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    """More that helps to tell groups apart: city, office, status."""


@runtime_checkable
class Directory(Protocol):
    """A system whose groups are searched by name or number before any of them is linked."""

    async def find_groups(
        self, *, name: str = "", number: str = "", refresh: bool = False
    ) -> tuple[tuple[Account, ...], str]:
        """Find groups whose name contains `name` (any case) or whose number is `number`, and say when the list that was
        searched is from (ISO time). An index that has no answer is refreshed once before it says so; `refresh`: always.
        """
        ...


@dataclass(frozen=True, slots=True)
class Need:
    """Something that must be known before a record can be created in a group: asked once, then remembered.

    `choices`: value -> what it is called; empty: free text. `suggested`: the likely one, "" for none.
    """

    key: str
    title: str
    choices: Mapping[str, str] = field(default_factory=dict)
    suggested: str = ""


@runtime_checkable
class Needing(Protocol):
    """A system that wants to know more about a group than any record says before it takes a new plan."""

    async def needs(self, group: str) -> tuple[Need, ...]:
        """Name what is not known yet; empty: plans can be created in this group."""
        ...

    async def settle(self, group: str, answers: Mapping[str, str]) -> None:
        """Remember what a person answered. Raises RefusedError that names the key and what was expected."""
        ...


@runtime_checkable
class Checking(Protocol):
    """A system that can tell before the first call whether it would take a new record."""

    async def check(self, create: PartCreate) -> None:
        """Look at all that a create needs besides `needs`, and change nothing. Raises RefusedError that names all that
        is wrong at once, with the next step as its hint; ConnectorError when it cannot be told now."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `syncd doctor`: what was looked at, whether it is well, and what to do if not."""

    what: str
    ok: bool
    detail: str = ""
    hint: str = ""


@runtime_checkable
class Examined(Protocol):
    """A system that can say how it is: connection, rights, permissions, and its live schema."""

    async def examine(self) -> tuple[Finding, ...]:
        """Look at connection, login, rights and everything else that a start-up check would want to know."""
        ...

    async def schema(self, kind: Kind) -> Mapping[str, Mapping[str, str]]:
        """Give the live schema: kind of part -> vendor path (as in a mapping) -> type (text, number, integer, boolean,
        date, object, list; "" unknown). List elements are named by their selector where the vendor names them."""
        ...
