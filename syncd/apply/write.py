"""Write what was begun, one record after the other: read again, compare, write, read back, confirm.

Only a confirmed value becomes a base. What moved is not written and is handed back to be decided again; what was
refused or is unknown stays owed. Confirmations are stored in batches, each one transaction: a crash before it leaves
journal rows that recovery settles by reading.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Self, cast

import orjson

from syncd.apply.begin import Job, Started
from syncd.apply.confirm import unconfirmed
from syncd.apply.look import Look, look, snapshot_of
from syncd.apply.pieces import Piece, pieces_of, split
from syncd.apply.places import place_of
from syncd.apply.world import World
from syncd.errors import (
    CannotHoldError,
    ConnectorError,
    RecordError,
    RefusedError,
    StaleWriteError,
    TransientError,
    UnknownOutcomeError,
)
from syncd.mapping.lens import Lens
from syncd.model import paths
from syncd.model.frozen import frozen_value
from syncd.model.records import Gone, NotSeen, Part, PartWrite, Record
from syncd.model.values import EMPTY, Flat, Value
from syncd.reconcile.constrain import REFUSALS_TO_ASK, wait_s
from syncd.reconcile.identity import is_elsewhere
from syncd.reconcile.types import Link, Member, Owed, Seen, Sight, System
from syncd.store.database import uncollected
from syncd.store.rows import Batch, HistoryRow, Intent, Settlement, Snapshot

BATCH = 256
"""Confirmations stored in one transaction."""


class End(Enum):
    """How one write ended."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"
    NEVER_LANDED = "never_landed"
    OVERTAKEN = "overtaken"
    ECHOED = "echoed"
    """Its system made something else of what it was given."""
    MOVED = "moved"
    UNSENT = "unsent"


@dataclass(slots=True)
class Done:
    """What an apply came to: writes that took effect by system, links to decide again, failures in words."""

    written: dict[System, int] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)
    away: dict[System, str] = field(default_factory=dict)
    windows: dict[System, float] = field(default_factory=dict)
    """System without conditional writes -> longest time in seconds from reading a record to the answer of its write: an
    edit that was saved there in that time may have been overwritten."""

    def __iadd__(self, other: Self) -> Self:
        for system, count in other.written.items():
            self.written[system] = self.written.get(system, 0) + count
        self.failed += other.failed
        self.away |= other.away
        for system, seconds in other.windows.items():
            self.windows[system] = max(seconds, self.windows.get(system, 0.0))
        self.moved = other.moved
        return self


@dataclass(slots=True)
class Ledger:
    """Settlements on their way to the store, and the links as they stand after them."""

    started: Started
    world: World
    waiting: list[Settlement] = field(default_factory=list)

    def place(self, seen: Look, link: Link) -> str | None:
        """Name the client that a record was seen under."""
        return place_of(seen.record, link, self.world, seen.system, self.started.places)

    def settle(
        self,
        intents: list[Intent],
        link: Link,
        system: System,
        snapshot: Snapshot | None = None,
        history: tuple[HistoryRow, ...] = (),
    ) -> None:
        """Take down the end of a record's intents; of the link only the member of `system` has moved."""
        self.started.links[link.id] = link
        first, *rest = intents
        self.waiting.append(Settlement(first, link, snapshot, history, whole=False))
        self.waiting += [Settlement(intent) for intent in rest]
        if len(self.waiting) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Store what waits, in one transaction."""
        if self.waiting:
            with uncollected():
                self.world.store.settle(self.waiting)
            self.waiting = []


@dataclass(slots=True)
class Pauses:
    """What is paused, asked before each send; within 50 ms the answer is not asked for twice."""

    world: World
    scope: str
    _until: float = 0.0
    _known: dict[System, str] = field(default_factory=dict)

    def now(self) -> dict[System, str]:
        """Give the systems that take no write now, with the reason."""
        moment = time.monotonic()
        if moment >= self._until:
            self._known, self._until = self.world.pauses(self.scope), moment + 0.05
        return self._known


async def apply(started: Started, world: World) -> Done:
    """Carry out the jobs of a run in their order."""
    done = Done()
    ledger = Ledger(started, world)
    pauses = Pauses(world, started.run.scope)
    for job in started.jobs:
        why = done.away.get(job.system) or pauses.now().get(job.system)
        if why:
            await _give_up(job, ledger, why)
            continue
        try:
            await _write_record(job, ledger, done)
        except ConnectorError as error:
            done.away[job.system] = str(error)
            done.failed.append(str(error))
            await _give_up(job, ledger, str(error))
    ledger.flush()
    return done


async def _give_up(job: Job, ledger: Ledger, why: str) -> None:
    """Leave a job undone: nothing was sent, everything stays owed."""
    intents = [ended(intent, End.UNSENT, ledger.world.now(), why) for intent in job.intents]
    ledger.settle(intents, ledger.started.links[job.link], job.system)


async def _write_record(job: Job, ledger: Ledger, done: Done) -> None:
    """Do one record: the drawn order, with every way out named."""
    world = ledger.world
    system = world.systems[job.system]
    kind = job.intents[0].kind
    lens = system.lenses[kind]
    source = await unconfirmed(job.link, job.sources, ledger.started, done.away, world)
    if source is not None:
        await _leave(job, ledger, done, source)
        return
    read_at = time.monotonic()
    found = await look(job.system, kind, job.record_id, world)
    if not isinstance(found, Look):
        await _give_up(job, ledger, _absence(found))
        done.failed.append(f"{job.system} {job.record_id}: {_absence(found)}")
        return
    link = ledger.started.links[job.link]
    if found.holds != job.seen.flat or is_elsewhere(link, job.system, ledger.place(found, link)):
        _finish(job, ledger, done, found, End.MOVED, "it moved between read and write")
        return
    try:
        putting = lens.put(found.record, job.changes, frozenset(job.changes))
    except RecordError as error:
        _finish(job, ledger, done, found, End.REFUSED, error.message)
        return
    pieces = pieces_of(found.record, putting.parts, job.changes, lens)
    _name_parts(job, pieces, world)
    unprotected = system.access is None or not system.access.conditional
    if unprotected:
        job.intents = [_with_images(intent, pieces) for intent in job.intents]
    end, note = await _try(job, pieces, found.record, world)
    note = note or "; ".join(loss.why for loss in putting.losses.values())
    if unprotected:
        done.windows[job.system] = max(time.monotonic() - read_at, done.windows.get(job.system, 0.0))
    await _confirm(job, ledger, done, found.holds, end, note)


async def _leave(job: Job, ledger: Ledger, done: Done, source: Look | NotSeen) -> None:
    """Send nothing: the source does not hold the value any more, and the link is decided again, or it does not answer
    and the value stays owed."""
    if isinstance(source, NotSeen):
        await _give_up(job, ledger, source.why)
        done.failed.append(f"{job.system} {job.record_id}: {source.why}")
        return
    world, link = ledger.world, ledger.started.links[job.link]
    now, note = world.now(), f"its source, {source.system} {source.record.id}, moved meanwhile"
    intents = [ended(intent, End.MOVED, now, note) for intent in job.intents]
    rows = moved_row(ledger.started.sights[job.link][source.system], source, link, job.intents[0].run, now)
    ledger.settle(intents, link, job.system, snapshot_of(source, ledger.place(source, link), now), rows)
    done.moved.add(job.link)


def moved_row(before: Sight, now_seen: Look, link: Link, run: str, now: float) -> tuple[HistoryRow, ...]:
    """Write down what a source holds that is not what was decided on."""
    seen = cast("Seen", before)  # whatever is a source was seen
    moves: dict[str, tuple[object, object]] = dict(_moves(seen.flat, now_seen.holds))
    record = now_seen.record
    row = HistoryRow(run, now, "observed", link.id, now_seen.system, link.kind, record.id, moves)
    return (row,) if moves else ()


def _moves(before: Flat, holds: Flat) -> Iterator[tuple[str, tuple[Value, Value]]]:
    """Give what a record holds that is not what it held, by path: before and now."""
    for path in sorted({*before, *holds}):
        old, new = before.get(path, EMPTY), holds.get(path, EMPTY)
        if old != new:
            yield path, (old, new)


async def _try(job: Job, pieces: list[Piece], record: Record, world: World) -> tuple[End, str]:
    """Send, and say how it ended as far as the answer tells. Raises ConnectorError when nothing can have arrived."""
    try:
        await _send(job, pieces, record, world)
    except StaleWriteError as error:
        return End.MOVED, str(error)
    except RecordError as error:
        return End.REFUSED, error.message
    except UnknownOutcomeError as error:
        return End.NEVER_LANDED, error.message
    except ConnectorError as error:
        if not (job.sent or isinstance(error, TransientError)):
            raise
        return End.UNSENT, error.message
    return End.CONFIRMED, ""


def _name_parts(job: Job, pieces: list[Piece], world: World) -> None:
    """Keep a journal row for each part, before the first goes out, where several of a kind are written."""
    intents = split(job.intents, pieces, world.new_id)
    if len(intents) > len(job.intents):
        world.store.begin(Batch(intents=tuple(intents)))
        job.intents = intents


async def _send(job: Job, pieces: list[Piece], record: Record, world: World) -> None:
    """Send the changed parts, each once. One that is refused keeps no other back, and a value that its system has no
    place for no other of its part; the refusal is raised in the end."""
    system = world.systems[job.system]
    kind, refused = job.intents[0].kind, dict[str, RecordError]()
    left = list(pieces)
    while left:
        piece = left.pop(0)
        try:
            await system.connector.write(PartWrite(kind, job.record_id, piece.before, piece.after.data))
        except StaleWriteError:
            raise
        except RecordError as error:
            refused.setdefault(error.message, error)
            if isinstance(error, CannotHoldError):
                left[:0] = _without(piece, error.field or "", job, record, world)
            continue
        job.sent |= piece.paths
        world.effect("after_write")
    if refused:
        raise RefusedError("; ".join(refused)) from next(iter(refused.values()))


def _without(piece: Piece, field: str, job: Job, record: Record, world: World) -> list[Piece]:
    """Give a part without what its system has no place for, tables as a whole; nothing when that is all or none of
    it: each attempt leaves more out, so they come to an end."""
    atoms = {path: world.atoms.get(path) or paths.atom(path) for path in piece.paths}
    lens = world.systems[job.system].lenses[record.kind]
    culprits = {atom for path, atom in atoms.items() if paths.under(path, field)}
    culprits = culprits or {atom for path, atom in atoms.items() if _touches(piece, field, path, job, record, lens)}
    rest = {path: job.changes[path] for path, atom in atoms.items() if atom not in culprits}
    if not culprits or not rest:
        return []
    parts = lens.put(record, rest, frozenset(rest)).parts
    mine = [one for one in parts if (one.kind, one.id) == (piece.after.kind, piece.after.id)]
    return [replace(piece, after=mine[0], paths=frozenset(rest))] if len(mine) == 1 else []


def _touches(piece: Piece, key: str, path: str, job: Job, record: Record, lens: Lens) -> bool:
    """Tell whether a change alters the key of the part that a system named, which does not know our paths."""
    before, after = piece.before, lens.put(record, {path: job.changes[path]}, frozenset({path})).parts
    mine = (part for part in after if (part.kind, part.id) == (before.kind, before.id))
    return any(part.data.get(key) != before.data.get(key) for part in mine)


def _with_images(intent: Intent, pieces: list[Piece]) -> Intent:
    """Keep both images of a part whose system has no conditional write: what we may have overwritten stays known."""
    piece = next((piece for piece in pieces if piece.name == intent.part), None)
    if piece is None:
        return intent
    return replace(intent, raw_before=_json(piece.before), raw_after=_json(piece.after))


def _json(part: Part) -> str:
    return orjson.dumps(part.data, default=dict).decode()


async def _confirm(job: Job, ledger: Ledger, done: Done, before: Flat, end: End, note: str) -> None:
    """Read back and settle: what holds the intended value is confirmed, whatever the system answered."""
    world, kind = ledger.world, job.intents[0].kind
    try:
        found = await look(job.system, kind, job.record_id, world)
        if end in (End.CONFIRMED, End.NEVER_LANDED) and _still(found, before, job.changes):
            # The system said yes, or nothing at all, and shows the old value: it may merely be late.
            await world.clock.sleep(world.settle_s)
            found = await look(job.system, kind, job.record_id, world)
    except ConnectorError as error:
        done.away[job.system] = str(error)
        found = NotSeen(str(error))
    if not isinstance(found, Look):
        done.failed.append(f"{job.system} {job.record_id}: {_absence(found)}")
        return  # the journal rows stay open; recovery settles them when the record can be read
    _finish(job, ledger, done, found, end, note)


def _still(found: Look | Gone | NotSeen, before: Flat, changes: Flat) -> bool:
    """Tell whether a record shows none of the changes yet."""
    if not isinstance(found, Look):
        return True
    holds = found.holds
    for path, value in changes.items():
        held = holds.get(path, EMPTY)
        if held == value or held != before.get(path, EMPTY):
            return False
    return True


def _finish(job: Job, ledger: Ledger, done: Done, seen: Look, end: End, note: str) -> None:
    """Advance the bases of what is confirmed, keep the rest owed, and take it all down."""
    record, holds = seen.record, seen.holds
    world = ledger.world
    link = ledger.started.links[job.link]
    before = job.seen.flat
    exact = holds == job.meant
    found = _Found(frozenset(job.changes)) if exact else _found(before, holds, job.changes)
    if end is End.MOVED:  # what did not go out is somebody else's, even if it is just what we meant
        theirs = found.landed - job.sent
        moved = frozenset(path for path in theirs if holds.get(path, EMPTY) != before.get(path, EMPTY))
        found = _Found(found.landed - theirs, found.other | moved, found.aside)
    if end is not End.MOVED:
        found = _echoes(found, job, end)
    landed, other = found.landed, found.other
    accepted = end is End.CONFIRMED
    if accepted and not (landed or other or found.echoed):
        # Counts as a refusal: a system that says yes and keeps its value would be told the same thing for ever.
        end, note = End.REFUSED, note or "accepted, but the old value is still there"
    now = world.now()
    intents = [ended(i, _end_of(i, found, end), now, note) for i in job.intents]
    result = Result(job.changes, holds, landed, end, note, now, record.modified, found.echoed, accepted)
    snapshot = snapshot_of(seen, ledger.place(seen, link), now, digest=job.digest if exact else b"")
    # Settled is what holds just what was meant; anything beside it wants a look in the next run.
    link = advance(link, job.system, result, b"" if found.unmeant or not link.settled else snapshot.digest)
    ledger.settle(intents, link, job.system, snapshot, histories(job, holds, found, link, record, now))
    if not found.unmeant:
        ledger.started.confirmed.add((job.link, job.system))
    if landed or found.echoed:
        done.written[job.system] = done.written.get(job.system, 0) + 1
    if found.unmeant or end is End.MOVED:
        done.moved.add(job.link)
    missing = [] if len(landed) == len(job.changes) else sorted(job.changes.keys() - landed - found.echoed)
    if missing and end is not End.MOVED and not other:
        done.failed.append(f"{job.system} {job.record_id} {', '.join(missing)}: {note or end.value}")


@frozen_value(frozen=True, slots=True)
class _Found:
    """What a record holds after a write: what of it `landed`, what its system made something else of (`echoed`), what
    became something `other` by somebody else, and what somebody moved `aside` from it."""

    landed: frozenset[str]
    other: frozenset[str] = frozenset()
    aside: frozenset[str] = frozenset()
    echoed: frozenset[str] = frozenset()

    @property
    def unmeant(self) -> bool:
        """Tell whether the record holds anything new that was not meant."""
        return bool(self.other or self.aside or self.echoed)


def _found(before: Flat, holds: Flat, changes: Flat) -> _Found:
    """Compare a record with what was there before and what was meant."""
    landed = frozenset(path for path, value in changes.items() if holds.get(path, EMPTY) == value)
    moved = frozenset(path for path in {*before, *holds} if holds.get(path, EMPTY) != before.get(path, EMPTY))
    return _Found(landed, (moved - landed) & changes.keys(), moved - changes.keys())


def _echoes(found: _Found, job: Job, end: End) -> _Found:
    """Take what a record holds right after our own write, where we wrote, for its system's echo: nobody edited it.

    Of a write without an answer it may be one, and is taken for one: it is asked about and travels nowhere by itself.
    """
    tried = job.changes.keys() if end is End.NEVER_LANDED else job.sent
    return replace(found, other=found.other - tried, echoed=found.other & tried)


def _end_of(intent: Intent, found: _Found, end: End) -> End:
    """Name how one part ended."""
    if found.landed.issuperset(intent.after):
        return End.CONFIRMED
    if end is not End.MOVED and intent.after.keys() & found.echoed:
        return End.ECHOED
    if end is not End.MOVED and intent.after.keys() & (found.landed | found.other):
        return End.OVERTAKEN
    return End.REFUSED if end is End.CONFIRMED else end


def ended(intent: Intent, end: End, now: float, note: str) -> Intent:
    """Give a journal row with its end."""
    return intent.ends(end.value, now, note)


@frozen_value(frozen=True, slots=True)
class Result:
    """What one write to a member came to: what it was to hold, what it holds, which fields landed, and how it ended.

    `echoed`: fields of which its system made something else; `accepted`: the system said yes.
    """

    changes: Flat
    holds: Flat
    landed: frozenset[str]
    end: End
    note: str
    now: float
    modified: float | None
    echoed: frozenset[str] = frozenset()
    accepted: bool = False


def advance(link: Link, system: System, result: Result, settled: bytes = b"") -> Link:
    """Give the link with the member's bases where it was confirmed and its debts where it was not."""
    return link.settles(
        tuple(
            [
                _advanced(member, result, link.revision, settled) if member.system == system else member
                for member in link.members
            ]
        ),
        link.settled,
    )


def _advanced(member: Member, result: Result, revision: int, settled: bytes) -> Member:
    base, behind = dict(member.base), dict(member.behind)
    for path in result.changes:
        if path in result.landed or path in result.echoed:
            if path in result.holds:
                base[path] = result.holds[path]
            else:
                base.pop(path, None)
        if path in result.landed:
            behind.pop(path, None)
        elif path in result.echoed:
            behind[path] = Owed(revision, echo=result.holds.get(path, EMPTY))
        elif result.end not in (End.UNSENT, End.MOVED):  # moved: it is read and decided again
            behind[path] = _again(behind.get(path), result, revision, result.holds.get(path, EMPTY))
    stamp = result.modified if result.landed or result.echoed else member.own_stamp
    return Member(
        member.system, member.id, base, member.unseen, behind, stamp, member.status, b"" if behind else settled
    )


def _again(owed: Owed | None, result: Result, revision: int, holds: Value) -> Owed:
    """Count a refusal and say when to try again; a write that never landed is not a refusal, and one that was accepted
    and changed nothing, again and again, is the system's last word."""
    owed = owed or Owed(revision)
    if result.end is End.NEVER_LANDED:
        return replace(owed, why=result.note)
    refusals = owed.refusals + 1
    echo = holds if result.accepted and refusals >= REFUSALS_TO_ASK else None
    return replace(owed, refusals=refusals, next_at=result.now + wait_s(refusals), why=result.note, echo=echo)


def histories(job: Job, holds: Flat, found: _Found, link: Link, record: Record, now: float) -> tuple[HistoryRow, ...]:
    """Write down what we changed, with what the system made of it, and apart from it what others changed meanwhile."""
    before, run = job.seen.flat, job.intents[0].run
    rows = []
    if ours := sorted(found.landed | found.echoed):
        fields: dict[str, tuple[object, object]] = {path: (before.get(path, EMPTY), job.changes[path]) for path in ours}
        who = next(intent.reasons[ours[0]] for intent in job.intents if ours[0] in intent.reasons)
        back = {path: holds[path] for path in ours if path in holds}
        rows.append(HistoryRow(run, now, "written", link.id, job.system, link.kind, record.id, fields, who, "", back))
    others = found.aside | found.other
    if others:
        moved: dict[str, tuple[object, object]] = {
            path: (before.get(path, EMPTY), holds.get(path, EMPTY)) for path in sorted(others)
        }
        rows.append(HistoryRow(run, now, "observed", link.id, job.system, link.kind, record.id, moved))
    return tuple(rows)


def _absence(answer: Gone | NotSeen) -> str:
    return answer.why if isinstance(answer, NotSeen) else f"the record is gone: {answer.evidence}"
