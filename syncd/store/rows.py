"""What the store keeps, as plain frozen values; `store.py` alone knows how they lie in tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from syncd.model.frozen import frozen_value
from syncd.model.records import Kind
from syncd.model.values import Flat
from syncd.reconcile.types import Decided, Link, Proposal


@frozen_value(frozen=True, slots=True)
class Snapshot:
    """A record as last observed. `raw` is the digest of the vendor's parts and of the lens that read them; `gone` is
    the evidence when a complete listing and a keyed read proved it gone; `at` seconds since 1970; `lacks` the paths
    that the record has no place for. `began`: when it began to be read, in the order of all readings
    (`Snapshots.begin_reading`)."""

    system: str
    kind: Kind
    id: str
    scope: str | None
    label: str
    flat: Flat
    digest: bytes
    raw: bytes
    at: float
    version: str | None = None
    modified: float | None = None
    locked: Mapping[str, str] = field(default_factory=dict)
    gone: str | None = None
    lacks: frozenset[str] = frozenset()
    began: int = 0


@dataclass(frozen=True, slots=True)
class Listing:
    """The last observation of one kind of one system. `good`: complete and past its guards; `known` counts records at
    the last good one; `tripped` names the guard that refused it; `error` says why it is not complete."""

    system: str
    kind: Kind
    at: float
    complete: bool
    count: int
    known: int
    fingerprint: str
    good_at: float | None = None
    tripped: str = ""
    error: str = ""


@frozen_value(frozen=True, slots=True)
class Intent:
    """A journal row: one part write, create or end, stored before it is sent.

    `before` and `after` are the canonical values of the touched paths; `raw_before` and `raw_after` the vendor part as
    JSON. `state`: intended -> confirmed | refused | never_landed | overtaken | moved | unsent | open (a create whose
    outcome only a person can settle).
    """

    id: str
    run: str
    seq: int
    scope: str
    link: str
    system: str
    kind: Kind
    record_id: str
    op: Literal["write", "create", "end"]
    part: str
    before: Flat
    after: Flat
    reasons: Mapping[str, str]
    at: float
    marker: str = ""
    raw_before: str = ""
    raw_after: str = ""
    sent_at: float | None = None
    state: str = "intended"
    settled_at: float | None = None
    note: str = ""

    def ends(self, state: str, settled_at: float, note: str) -> Intent:
        """Give the row with its end (`replace` takes three times as long, and thousands end)."""
        return Intent(
            self.id, self.run, self.seq, self.scope, self.link, self.system, self.kind, self.record_id, self.op,
            self.part, self.before, self.after, self.reasons, self.at, self.marker, self.raw_before, self.raw_after,
            self.sent_at, state, settled_at, note,
        )  # fmt: skip


@frozen_value(frozen=True, slots=True)
class HistoryRow:
    """One append-only line: what happened to fields of one record.

    `what`: first (first snapshot, whole), observed (a person's or vendor's edit), written (ours, confirmed), overruled
    (an edit that a rule or answer decided against), gone, renamed (its vendor gave it another id; the line is under the
    new one, `fields["id"]` has both), linked, unlinked, decided, refused, undone. `fields` maps path to (before,
    after); for written also `readback`. `who` names the rule or the person.
    """

    run: str
    at: float
    what: str
    link: str
    system: str
    kind: Kind
    record_id: str
    fields: Mapping[str, tuple[object, object]]
    who: str = ""
    note: str = ""
    readback: Flat = field(default_factory=dict)
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A proposal with its life: `id` is hash(kind, link, name) + `-n`."""

    id: str
    n: int
    status: Literal["open", "decided", "ignored", "closed", "used"]
    proposal: Proposal
    opened_at: float
    closed_at: float | None = None
    decided: Decided | None = None
    previous: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One sync pass over a scope."""

    id: str
    scope: str
    mode: str
    started_at: float
    ended_at: float | None = None
    result: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


@frozen_value(frozen=True, slots=True)
class Settlement:
    """The end of one intent, stored in one transaction: journal row, link state, fresh snapshot, history.

    `whole`: of the link more may have moved than its members; without it only these are stored, where they are the
    same records of the same revision.
    """

    intent: Intent
    link: Link | None = None
    snapshot: Snapshot | None = None
    history: tuple[HistoryRow, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Batch:
    """What `begin` stores in one transaction before the first write."""

    links: tuple[Link, ...] = ()
    questions: tuple[Question, ...] = ()
    intents: tuple[Intent, ...] = ()
    history: tuple[HistoryRow, ...] = ()
    used: tuple[str, ...] = ()
    """Ids of decided questions whose answer this run consumes."""
