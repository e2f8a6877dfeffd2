"""Look at one record: read it, through its lens, and make the snapshot that the store keeps of it."""

from __future__ import annotations

from syncd.apply.world import LiveSystem, World, flat_of, raw_digest, read_through
from syncd.errors import DAMAGED, StoreError
from syncd.mapping.lens import Lens
from syncd.model import encoding
from syncd.model.frozen import frozen_value
from syncd.model.records import Gone, Kind, NotSeen, Present, Record
from syncd.model.values import Flat
from syncd.model.values_text import format_value
from syncd.reconcile.types import Seen, System
from syncd.store.rows import Snapshot


@frozen_value(frozen=True, slots=True)
class Look:
    """A record as it was read: what it holds, the lens that says so, and when it began to be read, in the order of all
    readings."""

    system: System
    record: Record
    holds: Flat
    lens: Lens
    began: int


async def look(system: System, kind: Kind, record_id: str, world: World) -> Look | Gone | NotSeen:
    """Read a record by its key, past any cache, under the lock of its group. Raises ConnectorError."""
    began = world.store.reading_of_run()
    answer = await world.systems[system].connector.read(kind, record_id)
    return seen_in(world.systems[system], answer.record, began) if isinstance(answer, Present) else answer


def seen_in(system: LiveSystem, record: Record, began: int) -> Look:
    """Read what a record holds."""
    lens = system.lenses[record.kind]
    return Look(system.name, record, flat_of(record, lens), lens, began)


def snapshot_of(seen: Look, scope: str | None, now: float, *, raw: bytes = b"", digest: bytes = b"") -> Snapshot:
    """Give the snapshot of a record. `raw`, `digest`: of the record and of what it holds, where they are known."""
    record, lacks = seen.record, seen.lens.lacks(seen.record)
    return Snapshot(
        system=seen.system,
        kind=record.kind,
        id=record.id,
        scope=scope,
        label=label_of(record, seen.holds),
        flat=seen.holds,
        digest=digest if digest and not lacks else encoding.digest(seen.holds, lacks),
        raw=raw or raw_digest(record, seen.lens),
        at=now,
        version=record.parts[0].version if record.parts else None,
        modified=record.modified,
        locked=record.locked,
        lacks=lacks,
        began=seen.began,
    )


def whole(snapshot: Snapshot, where: str) -> Snapshot:
    """Give a stored snapshot whose content has the digest that it was stored with. Raises StoreError: nothing may be
    decided on what no system ever held."""
    if encoding.digest(snapshot.flat, snapshot.lacks) == snapshot.digest:
        return snapshot
    raise StoreError(
        f"the store is damaged: the snapshot of this {snapshot.kind} is not what was stored",
        file=where,
        system=snapshot.system,
        external_id=snapshot.id,
        hint=DAMAGED,
    )


def seen_of(snapshot: Snapshot) -> Seen:
    """Give a stored snapshot as the sight of a member."""
    return Seen(
        snapshot.flat,
        snapshot.digest,
        snapshot.modified,
        snapshot.locked,
        snapshot.version,
        snapshot.lacks,
        snapshot.scope,
    )


def is_read_as_now(snapshot: Snapshot, world: World) -> bool:
    """Tell whether a snapshot was read through the mapping that its system is read through now."""
    lens = world.systems[snapshot.system].lenses.get(snapshot.kind)
    return lens is None or read_through(snapshot.raw, lens)


def label_of(record: Record, flat: Flat) -> str:
    """Give what a person calls a record: its name where it has one, else its id."""
    name = flat.get("details.name")
    return format_value(name) if name is not None else record.id
