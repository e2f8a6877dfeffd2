"""The words of the merge: what a link holds, what was seen, what is decided.

Frozen values only. `View` goes in, `Changeset` comes out; both are plain enough to print.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from syncd.model.frozen import frozen_value
from syncd.model.records import Kind
from syncd.model.values import Flat, Value


class Unseen(enum.Enum):
    """The base of a member that never agreed on a field: a newcomer, or a field whose mapping row is new."""

    UNSEEN = "unseen"

    def __repr__(self) -> str:
        return self.name


UNSEEN = Unseen.UNSEEN
System: TypeAlias = str


@frozen_value(frozen=True, slots=True)
class Held:
    """What one member holds in one field: its value now, its base, whether it is owed a decided value."""

    value: Value
    base: Value | Unseen
    behind: bool = False
    stamp: float | None = None


@frozen_value(frozen=True, slots=True)
class Owed:
    """Why a member is behind on a field: since which revision, how often it refused, when to try again (epoch s).

    `echo`: what its system made of the value that we wrote (trimmed, cut, rounded, left as it was); None: nothing yet.
    While it holds that, the value is not sent again: a person is asked whether it may stay so.
    """

    revision: int
    refusals: int = 0
    next_at: float = 0.0
    why: str = ""
    echo: Value | None = None


# -- what is remembered of a link ---------------------------------------------------------------------------------


@frozen_value(frozen=True, slots=True)
class Member:
    """One system's record in a link.

    `base`: what the system was confirmed to hold, by path, EMPTY left out. `unseen`: paths, sections and mapping rows
    without a base yet; "" means all of them, a newcomer; a base that stands under one is what the member held when it
    lost the field (`regained.py`). `behind`: paths owed a decided value. `own_stamp`: the record's
    modification time read back after our own last write. `settled`: digest of what the member held when its link was
    last settled. `status`: live; missing, proved gone; awaited, to be created by a decision (its id is a placeholder,
    `behind[""]` counts refused attempts).
    """

    system: System
    id: str
    base: Flat
    unseen: frozenset[str] = frozenset()
    behind: Mapping[str, Owed] = field(default_factory=dict)
    own_stamp: float | None = None
    status: Literal["live", "missing", "awaited"] = "live"
    settled: bytes = b""

    def settles(self, digest: bytes) -> Member:
        """Give the member with what it held when its link was last settled."""
        return Member(self.system, self.id, self.base, self.unseen, self.behind, self.own_stamp, self.status, digest)

    def moved(self, base: Flat, unseen: frozenset[str], behind: Mapping[str, Owed]) -> Member:
        """Give the member with another base and other debts (`replace` takes three times as long, and this is hot)."""
        return Member(self.system, self.id, base, unseen, behind, self.own_stamp, self.status, self.settled)


@frozen_value(frozen=True, slots=True)
class Link:
    """Records that are the same plan (or group), one member per system.

    `scope`: the group whose run handles it (the group link's id, its own id for a group link, a name for generic).
    `agreed`: what the link decided, by path, EMPTY left out. `sources`: section -> system named when linking.
    `settled`: digest of what all members held when nothing was left to do (b"" when something is).
    `accepted`: `path|system|codec` whose loss a person accepted.
    """

    id: str
    kind: Kind
    scope: str
    label: str
    agreed: Flat
    members: tuple[Member, ...]
    revision: int = 0
    sources: Mapping[str, System] = field(default_factory=dict)
    status: Literal["live", "orphaned", "unlinked"] = "live"
    follow: bool = True
    settled: bytes = b""
    accepted: frozenset[str] = frozenset()

    def moved(self, agreed: Flat, members: tuple[Member, ...], revision: int, accepted: frozenset[str]) -> Link:
        """Give the link as it stands after a decision."""
        return Link(
            self.id,
            self.kind,
            self.scope,
            self.label,
            agreed,
            members,
            revision,
            self.sources,
            self.status,
            self.follow,
            self.settled,
            accepted,
        )

    def settles(self, members: tuple[Member, ...], settled: bytes) -> Link:
        """Give the link with its members as they stand now, marked as in step (`settled`) or not (b"")."""
        return Link(
            self.id,
            self.kind,
            self.scope,
            self.label,
            self.agreed,
            members,
            self.revision,
            self.sources,
            self.status,
            self.follow,
            settled,
            self.accepted,
        )


# -- what was seen --------------------------------------------------------------------------------------------------


@frozen_value(frozen=True, slots=True)
class Seen:
    """A member's record as observed: flat view (EMPTY left out), digest, modification time, record-level locks.

    `lacks`: paths that the record has no place for though its system has; there it is asked for nothing and told
    nothing.
    """

    flat: Flat
    digest: bytes
    modified: float | None = None
    locked: Mapping[str, str] = field(default_factory=dict)
    version: str | None = None
    lacks: frozenset[str] = frozenset()
    scope: str | None = ""
    """The group that it was seen in: the link of the groups, None where they are not linked, "" where that says
    nothing."""


@frozen_value(frozen=True, slots=True)
class Away:
    """A member that was not read: never equal, never gone; `why` says so in words."""

    why: str


@dataclass(frozen=True, slots=True)
class Lost:
    """A member whose system proved, after a complete listing, that the record does not exist any more. `since`: when
    that was first seen; `again`: a good listing a period later showed the same."""

    evidence: str
    since: float | None = None
    again: bool = False


Sight: TypeAlias = Seen | Away | Lost


class Surface(Protocol):
    """What a system can take, as the merge needs to know it (a lens narrowed by the account's rights)."""

    @property
    def create(self) -> bool:
        """Tell whether the system takes new records."""
        ...

    @property
    def update(self) -> bool:
        """Tell whether the system takes changes."""
        ...

    @property
    def exact(self) -> bool:
        """Tell whether every value is held as it is: `nearest` never differs."""
        ...

    def carries(self, path: str) -> bool:
        """Tell whether the system holds the field at all."""
        ...

    def unwritable(self, path: str) -> str | None:
        """Give the reason why the field cannot be written, None when it can."""
        ...

    def nearest(self, path: str, value: Value) -> Value:
        """Give what the system would hold when told to hold `value`."""
        ...

    def codec_of(self, path: str) -> str:
        """Name the codec of the field."""
        ...

    def row_of(self, path: str) -> str:
        """Name the mapping row that holds the field, "" when none has a name."""
        ...


@dataclass(frozen=True, slots=True)
class _Nowhere:
    """The surface of a system that is not configured: it may hold anything and takes nothing."""

    create: bool = False
    update: bool = False
    exact: bool = True

    def carries(self, path: str) -> bool:
        return True

    def unwritable(self, path: str) -> str | None:
        return "the system is not configured"

    def nearest(self, path: str, value: Value) -> Value:
        return value

    def codec_of(self, path: str) -> str:
        return ""

    def row_of(self, path: str) -> str:
        return ""


class AllSurfaces(dict[tuple[System, Kind], Surface]):
    """The surfaces of the configured systems; any other one, of which links may still have members, takes nothing."""

    def __missing__(self, _key: tuple[System, Kind]) -> Surface:
        return _Nowhere()


@frozen_value(frozen=True, slots=True)
class LinkView:
    """A link with what was seen of each member, by system. `made`: by this run, so the store does not know it yet;
    `read`: members that were read by their key for this run, not merely listed before it."""

    link: Link
    sights: Mapping[System, Sight]
    made: bool = False
    read: frozenset[System] = frozenset()


@dataclass(frozen=True, slots=True)
class Origin:
    """One kind of origination, as data: what must be known and what comes with it (`reconcile/originate.py`).

    `requires`: paths that must have a value; `defaults`: path -> the paths it is taken from, the first that has one.
    """

    name: str
    title: str
    prior: Literal["required", "optional", "none"] = "optional"
    sold: bool = True
    requires: tuple[str, ...] = ()
    defaults: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Client:
    """A linked group: what it is called, and the systems in which it is there."""

    label: str
    systems: frozenset[System]


@dataclass(frozen=True, slots=True)
class Stray:
    """A record of a linked group that belongs to no link."""

    system: System
    kind: Kind
    id: str
    label: str
    seen: Seen
    first: float | None = None
    """When it was first seen; asked for only where a person may have made it."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A person's answer to a proposal, committed to the store before it is used."""

    id: str
    kind: str
    link: str
    name: str
    digest: str
    choice: str
    value: Value | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    note: str = ""
    ceiling: frozenset[str] = frozenset()
    """What the approved preview showed; an approval lets through at most this."""


@dataclass(frozen=True, slots=True)
class View:
    """All that a decision about one group may look at."""

    scope: str
    links: tuple[LinkView, ...]
    strays: tuple[Stray, ...]
    surfaces: Mapping[tuple[System, Kind], Surface]
    open_creates: frozenset[tuple[str, System]] = frozenset()
    """(link, system) whose create was sent and not settled: never a second one by itself."""
    doubts: Mapping[tuple[str, System], str] = field(default_factory=dict)
    """(link, system) whose create was answered with the id of another record -> that id."""
    clients: Mapping[str, Client] = field(default_factory=dict)
    """The linked groups, where a plan was seen in another one than its link's."""
    plans: int = 0
    """Linked plans of the group; counted only while a record of the group itself is missing."""
    atoms: Mapping[str, str] = field(default_factory=dict)
    """Generic records: field -> name of the atom it merges with."""
    ignore: frozenset[str] = frozenset()
    paused: Mapping[System, str] = field(default_factory=dict)
    """Systems that take no write now (paused, `writes: off`, filtered), with the reason."""
    contested: Mapping[tuple[str, str], Proposal] = field(default_factory=dict)
    """(link id, name) -> conflict that stands."""
    origins: Mapping[str, Origin] = field(default_factory=dict)
    """What a copied plan can be originated as."""
    refused: Mapping[tuple[System, str], str] = field(default_factory=dict)
    """(system, id) of unlinked records whose copy was decided and cannot be made -> why, and what to do."""
    returned: Mapping[tuple[System, str], str] = field(default_factory=dict)
    """(system, id) of unlinked records of which an answer could not be carried out -> why."""
    handed: Mapping[tuple[str, System], float] = field(default_factory=dict)
    """(link, system) whose create was tried in vain or handed off -> since when."""
    left_alone: frozenset[tuple[System, str]] = frozenset()
    """(system, id) of unlinked records that a person left alone, each by itself."""
    whole: bool = True
    """All links and strays of the group are here; a look at some of its links says nothing about the others."""


# -- what is decided ------------------------------------------------------------------------------------------------


@frozen_value(frozen=True, slots=True)
class Change:
    """One field write: old is what the member was seen to hold, reason names the rule or the decision.

    `sources`: the other members that were seen to hold the value; one of them must be read again before it overwrites
    anything. Empty where nobody holds it: a person typed it, or its source is away.
    """

    link: str
    system: System
    id: str
    path: str
    old: Value
    new: Value
    reason: str
    sources: tuple[System, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """A write that is not a field: create a counterpart, end a record."""

    op: Literal["create", "end"]
    link: str
    system: System
    id: str
    values: Flat
    reason: str


@dataclass(frozen=True, slots=True)
class Offer:
    """An answer that a proposal offers, and what it would do."""

    choice: str
    effect: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question that no rule decided. `name` is the path, atom, `system:atom` or guard; `digest` covers what is asked.

    `members`: system -> {"id", "value" | "values", "base" | "bases"} as canonical text, for people.
    """

    kind: str
    scope: str
    link: str
    label: str
    name: str
    why: str
    rule: str
    digest: str
    offers: tuple[Offer, ...]
    members: Mapping[System, Mapping[str, object]] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    ceiling: tuple[str, ...] = ()
    """Keys of the writes that a guard holds back: what an approval lets through, at most."""
    given_back: str = ""
    """Why the answer that was given could not be carried out."""


@frozen_value(frozen=True, slots=True)
class Outcome:
    """What becomes of one link: the state to remember and the writes to send.

    `after` already counts every planned target as behind, so dropping a write (a guard, a pause, a crash) leaves the
    member owed the value and nothing else to mend. `used` are the answers that this outcome consumed, `losers` the
    values that were overruled: (system, path, value, reason), kept in history; `waits` are answers that stay as they
    are, because the system that they are about takes no write now. `again`: it is decided once more in the same run,
    as what a person made of it.
    """

    before: Link
    after: Link
    changes: tuple[Change, ...] = ()
    operations: tuple[Operation, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    used: tuple[str, ...] = ()
    losers: tuple[tuple[System, str, Value, str], ...] = ()
    settled: bool = False
    waits: tuple[str, ...] = ()
    again: bool = False


@dataclass(frozen=True, slots=True)
class Changeset:
    """A run's decisions in order, before anything was written."""

    scope: str
    outcomes: tuple[Outcome, ...]
    proposals: tuple[Proposal, ...] = ()
    """Proposals of no link: strays and guards."""
    tripped: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    judged: frozenset[str] = frozenset()
    """Links that were judged in this run, "" for the group as a whole (its strays and guards); open questions of these
    that were not asked again close themselves."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """All field writes in the order in which they are sent."""
        return tuple(change for outcome in self.outcomes for change in outcome.changes)

    @property
    def questions(self) -> tuple[Proposal, ...]:
        """All proposals, those of links first."""
        return tuple(p for outcome in self.outcomes for p in outcome.proposals) + self.proposals
