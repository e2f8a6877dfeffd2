"""Take in what was seen: records become snapshots with their history, and their groups are marked as dirty.

Takes records and proofs that records are gone, writes to the store alone. A record that is as it was leaves no trace.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from syncd.apply.look import seen_in, snapshot_of
from syncd.apply.places import note_moves
from syncd.apply.world import LiveSystem, World, raw_digest
from syncd.model.records import Gone, Kind, Present, Record
from syncd.model.values import EMPTY
from syncd.store.database import uncollected
from syncd.store.rows import HistoryRow, Snapshot

if TYPE_CHECKING:
    from syncd.store.store import Store

GENERIC_SCOPE = "default"
"""The one group of generic records."""
QUARANTINE = "quarantine"
"""Area of the store: system -> "kind id" -> why that record cannot be read; it is left as it was last seen."""
DIRTY = "dirty"
"""Area of the store: groups of which something was seen that no run has looked at yet, with the time."""


@dataclass(slots=True)
class Observed:
    """What one observation of a system came to, by kind: how many records, how many changed, what was wrong."""

    system: str
    counts: dict[Kind, int] = field(default_factory=dict)
    changed: dict[Kind, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    tripped: list[str] = field(default_factory=list)
    scopes: set[str] = field(default_factory=set)
    """Groups whose records changed."""
    unreadable: dict[tuple[Kind, str], str] = field(default_factory=dict)
    """Records that are there and cannot be read, with the reason; the others go on."""
    by_feed: bool = False
    """The feed told what moved; nothing was listed."""


def linked_groups(system: str, world: World) -> dict[str, str]:
    """Give the groups of a system that are linked and there: native id -> the scope that handles its plans."""
    return {
        member.id: link.id
        for link in world.store.links(kind="group", status=None)
        if link.status != "unlinked"
        for member in link.members
        if member.system == system and member.status == "live"
    }


def quarantine(observed: Observed, world: World, read: Collection[tuple[Kind, str]] | None) -> None:
    """Remember which records cannot be read, and name them all. `read`: those that were read this time and are well
    unless told otherwise; None: all that are listed."""
    was: dict[str, str] = world.store.get(QUARANTINE, observed.system) or {}
    found: dict[tuple[Kind, str], str] = {}
    for name, why in was.items() if read is not None else ():
        kind, _, record_id = name.partition(" ")
        found[cast("Kind", kind), record_id] = why
    stay = {key: why for key, why in found.items() if key not in (read or ())}
    observed.unreadable = stay | observed.unreadable
    now = {f"{kind} {record_id}": why for (kind, record_id), why in sorted(observed.unreadable.items())}
    if now != was:
        world.store.put(QUARANTINE, observed.system, now)


def quarantined(store: Store, system: str) -> dict[tuple[Kind, str], str]:
    """Give the records of a system that are there and cannot be read, each with the reason."""
    held: dict[str, str] = store.get(QUARANTINE, system) or {}
    parted = ((name.partition(" "), why) for name, why in held.items())
    return {(cast("Kind", kind), record_id): why for (kind, _, record_id), why in parted}


@dataclass(slots=True)
class Intake:
    """What was seen of one kind of one system, on its way to the store.

    It is made before the first request: `began` is when its readings began, in the order of all readings. `moved`:
    records that are not as they were, with their raw digests; `gone`: id -> evidence; `anew`: ids that were read again
    (`refresh`), and when.
    """

    system: LiveSystem
    kind: Kind
    world: World
    moved: list[tuple[Record, bytes]] = field(default_factory=list)
    gone: dict[str, str] = field(default_factory=dict)
    anew: dict[str, int] = field(default_factory=dict)
    began: int = field(init=False)
    _groups: dict[str, str] | None = None

    def __post_init__(self) -> None:
        self.began = self.world.store.begin_reading()

    def digest(self, record: Record) -> bytes:
        """Give what tells whether a record is as it was."""
        return raw_digest(record, self.system.lenses[self.kind])

    def take(self, record: Record) -> None:
        """Take a record in."""
        self.moved.append((record, self.digest(record)))

    def take_moved(self, records: Iterable[Record]) -> None:
        """Take in those of some records that are not as they were."""
        found = [(record, self.digest(record)) for record in records]
        known = self.world.store.snapshots(self.system.name, self.kind, [record.id for record, _ in found])
        for record, raw in found:
            old = known.get(record.id)
            if old is None or old.gone is not None or old.raw != raw:
                self.moved.append((record, raw))

    async def refresh(self) -> None:
        """Read again, by their keys, the records of which something was stored since this observation began.

        What it saw of them may be older than what a run wrote and read back meanwhile, and then it is not stored; or
        younger, and then a feed would not tell it again. Raises ConnectorError.
        """
        ids = {record.id for record, _ in self.moved} | self.gone.keys()
        known = self.world.store.begun(self.system.name, self.kind, ids)
        for record_id in sorted(one for one, began in known.items() if began > self.began):
            self.anew[record_id] = self.world.store.begin_reading()
            answer = await self.system.connector.read(self.kind, record_id)
            self.moved = [(record, raw) for record, raw in self.moved if record.id != record_id]
            self.gone.pop(record_id, None)
            if isinstance(answer, Present):
                self.take(answer.record)
            elif isinstance(answer, Gone):
                self.gone[record_id] = answer.evidence

    @uncollected()
    def save(self, observed: Observed) -> int:
        """Store what moved and what is gone, with what changed in it; but for what began to be read earlier than what
        is known. Gives how many records there are more (or, below zero, less) than before."""
        ids = [record.id for record, _ in self.moved] + list(self.gone)
        if not ids:
            return 0
        store, now = self.world.store, self.world.now()
        with store.transaction():
            before = store.snapshots(self.system.name, self.kind, ids)
            rows, history, more = self._rows(before, now)
            scopes = {row.scope for row in rows if row.scope is not None} | note_moves(before, rows, self.world)
            store.save_snapshots(rows, history)
            store.put_all(DIRTY, {scope: {"at": now} for scope in sorted(scopes)})
        observed.changed[self.kind] = len(rows)
        observed.scopes |= scopes
        return more

    def _rows(self, before: Mapping[str, Snapshot], now: float) -> tuple[list[Snapshot], list[HistoryRow], int]:
        """Give what is to be stored of what moved and what is gone, and how many records there are more."""
        name = self.system.name
        rows: list[Snapshot] = []
        history: list[HistoryRow] = []
        more = 0
        for record, raw in self.moved:
            old = before.get(record.id)
            row = self._snapshot(record, raw, now)
            if old is not None and old.began > row.began:
                continue
            rows.append(row)
            history += observed_rows(row, old, now)
            more += old is None or old.gone is not None
        for record_id, evidence in self.gone.items():
            old = before.get(record_id) or _unknown(name, self.kind, record_id, now)
            if old.gone is not None or old.began > self._began(record_id):
                continue
            rows.append(replace(old, gone=evidence, at=now, began=self._began(record_id)))
            history.append(HistoryRow("", now, "gone", "", name, self.kind, record_id, {}, note=evidence))
            more -= record_id in before
        return rows, history, more

    def _began(self, record_id: str) -> int:
        return self.anew.get(record_id, self.began)

    def _snapshot(self, record: Record, raw: bytes, now: float) -> Snapshot:
        seen = seen_in(self.system, record, self._began(record.id))
        return snapshot_of(seen, self.scope(record), now, raw=raw)

    def scope(self, record: Record) -> str | None:
        """Name the group whose run handles the record; None while its group is not linked."""
        if self.world.scope_of is not None:
            return self.world.scope_of(self.system.name, record)
        if self.kind == "generic":
            return GENERIC_SCOPE
        if self.kind == "plan":
            if self._groups is None:
                self._groups = linked_groups(self.system.name, self.world)
            return self._groups.get(record.group or "")
        link = self.world.store.find_link(self.system.name, "group", record.id)
        return link.id if link is not None else None


def observed_rows(row: Snapshot, before: Snapshot | None, now: float) -> list[HistoryRow]:
    """Write down what moved since the last snapshot."""
    if before is None:
        fields: dict[str, tuple[object, object]] = {path: (EMPTY, value) for path, value in row.flat.items()}
        return [HistoryRow("", now, "first", "", row.system, row.kind, row.id, fields)]
    old, new = before.flat if before.gone is None else {}, row.flat
    moved = [path for path, value in new.items() if old.get(path) != value]
    if len(old) + len([path for path in moved if path not in old]) != len(new):
        moved += old.keys() - new.keys()
    if not moved:
        return []
    moves: dict[str, tuple[object, object]] = {p: (old.get(p, EMPTY), new.get(p, EMPTY)) for p in sorted(moved)}
    return [HistoryRow("", now, "observed", "", row.system, row.kind, row.id, moves)]


def _unknown(system: str, kind: Kind, record_id: str, now: float) -> Snapshot:
    """Stand for a member that was never seen: all that is known is its id."""
    return Snapshot(system, kind, record_id, None, record_id, {}, b"", b"", now)
