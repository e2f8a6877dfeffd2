"""Create a counterpart or end a record: the two writes that are not a field.

A create is searched for before any second attempt: by its marker where the system keeps one, else among records that
appeared since the intent with the same content. What only a person can settle stays open; it is never sent again by
itself.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from syncd.apply.begin import Started, put_aside, set_aside
from syncd.apply.look import Look, look, snapshot_of
from syncd.apply.references import translated
from syncd.apply.world import LiveSystem, World, flat_of
from syncd.apply.write import Done, End, Pauses, ended
from syncd.connectors.base import Access
from syncd.connectors.paging import pages_of
from syncd.errors import ConnectorError, RecordError, TransientError, UnknownOutcomeError
from syncd.model import paths
from syncd.model.records import Gone, Kind, NotSeen, Part, PartCreate, Record
from syncd.model.values import EMPTY, Flat, Unparsed
from syncd.reconcile.constrain import wait_s
from syncd.reconcile.types import Link, Member, Operation, Owed, System
from syncd.store.rows import HistoryRow, Intent, Settlement


class SeveralMarkedError(RecordError):
    """Several records carry the marker of one create, so none of them is taken for it."""

    hint = "Delete the copy in its system, or take the marker out of it; the next run goes on by itself."


async def operate(started: Started, world: World, done: Done) -> None:
    """Carry out the creates and ends of a run."""
    pauses = Pauses(world, started.run.scope)
    for operation, intent in started.operations:
        why = done.away.get(operation.system) or pauses.now().get(operation.system)
        if why:
            give_back(intent, why, world)
            continue
        try:
            if operation.op == "create":
                await _create(operation, intent, started, world, done)
            else:
                await _end(operation, intent, started, world, done)
        except ConnectorError as error:
            done.away[operation.system] = str(error)
            done.failed.append(str(error))


def _close(intent: Intent, end: End, note: str, world: World) -> None:
    world.store.settle([Settlement(ended(intent, end, world.now(), note))])


def give_back(intent: Intent, note: str, world: World) -> None:
    """Close an operation that was never sent. The answer that asked for an end counts again: its link remembers
    nothing of it, while a create goes on being awaited."""
    answer = intent.reasons.get("", "").removeprefix("decision ")
    question = world.store.question(answer) if intent.op == "end" else None
    with world.store.transaction():
        _close(intent, End.UNSENT, note, world)
        if question is not None and question.status == "used":
            world.store.save_questions([replace(question, status="decided", closed_at=None)])


async def _create(operation: Operation, intent: Intent, started: Started, world: World, done: Done) -> None:
    """Send one create, once, and take in what came of it."""
    link = started.links[operation.link]
    group = group_of(link, operation.system, world)
    if link.kind == "plan" and group is None:
        _close(intent, End.UNSENT, f"the group is not linked in {operation.system}", world)
        done.failed.append(f"{operation.system}: the group is not linked, so {link.label} cannot be created there")
        return
    _close_earlier(operation, started, world)
    try:
        parts = new_parts(link, operation.system, operation.values, world)
        intent = _marked_sent(intent, world)
        record_id = await _send(PartCreate(link.kind, group, parts, intent.marker), intent, link, world)
    except RecordError as error:
        _refused(link, operation.system, intent, error.message, started, world)
        done.failed.append(str(error))
        return
    except UnknownOutcomeError as error:
        done.failed.append(str(error))
        return  # the row stays open: recovery searches again before anything is repeated
    except ConnectorError as error:
        _close(intent, End.UNSENT, error.message, world)
        if not isinstance(error, TransientError):
            raise
        done.failed.append(str(error))
        return
    found = await _read_new(link, operation.system, record_id, world)
    if not isinstance(found, Look):
        done.failed.append(f"{operation.system} {record_id}: created, but not to be read yet")
        return
    link = take_in(found, link, intent, world)
    started.links[link.id] = link
    done.written[operation.system] = done.written.get(operation.system, 0) + 1
    if link.status == "live":
        done.moved.add(link.id)  # what a create could not carry is owed


def _close_earlier(operation: Operation, started: Started, world: World) -> None:
    """Settle the create that a person says did not happen."""
    for earlier in world.store.open_creates(started.run.scope):
        if (earlier.link, earlier.system) == (operation.link, operation.system):
            _close(earlier, End.NEVER_LANDED, f"{operation.reason} says that it did not happen", world)


def _marked_sent(intent: Intent, world: World) -> Intent:
    """Store that a create is about to be sent; from here on a record may exist."""
    world.store.mark_sent(intent.id, world.now())
    world.effect("after_mark")
    return replace(intent, sent_at=world.now())


async def _send(create: PartCreate, intent: Intent, link: Link, world: World) -> str:
    """Send a create, once; when no reply came, search what it made. Raises what it raised when nothing is found."""
    try:
        record_id = await world.systems[intent.system].connector.create(create)
    except UnknownOutcomeError:
        with suppress(ConnectorError, SeveralMarkedError):
            found = await find_created(intent, link, world)
            if found is not None:
                return found.id
        raise
    world.effect("after_write")
    return record_id


async def _read_new(link: Link, system: System, record_id: str, world: World) -> Look | Gone | NotSeen:
    """Read a record just made; it may be shown a little late."""
    found = await look(system, link.kind, record_id, world)
    if not isinstance(found, Look):
        await world.clock.sleep(world.settle_s)
        found = await look(system, link.kind, record_id, world)
    return found


def new_parts(link: Link, system: System, values: Flat, world: World) -> tuple[Part, ...]:
    """Give the parts of a record to create: all that is agreed and that the system can hold."""
    live = world.systems[system]
    surface, lens = live.surface(link.kind), live.lenses[link.kind]
    wanted = {path: value for path, value in values.items() if path not in world.uncarried}
    wanted |= translated(link, system, world)[0]
    carried = {path: value for path, value in wanted.items() if surface.carries(path)}
    inexact = {
        world.atoms.get(path) or paths.atom(path)
        for path, value in carried.items()
        if isinstance(value, Unparsed) or surface.nearest(path, value) != value or _barred(path, live, link.kind)
    }
    # A table of which one cell cannot be held is not written in part: no system ever held it.
    exact = {p: value for p, value in carried.items() if (world.atoms.get(p) or paths.atom(p)) not in inexact}
    return lens.new(exact).parts


def _barred(path: str, system: LiveSystem, kind: Kind) -> bool:
    """Tell whether a new record cannot be given a field. What can never be changed may still be given at birth, and
    what is always the same in a system comes by itself."""
    lens = system.lenses[kind]
    access = system.access or Access("")
    if any(paths.under(path, prefix) for prefix in access.unwritable):
        return True
    barred = getattr(lens, "barred_at_birth", lens.unwritable)
    return lens.codec_of(path) != "constant" and barred(path) is not None


def group_of(link: Link, system: System, world: World) -> str | None:
    """Give the native id of the plan's group in a system, None when the group has no member there."""
    if link.kind != "plan":
        return None
    group = world.store.link(link.scope)
    found = [m.id for m in group.members if m.system == system and m.status == "live"] if group is not None else []
    return found[0] if found else None


def _refused(link: Link, system: System, intent: Intent, note: str, started: Started, world: World) -> None:
    """Count the refusal on the awaited member, so that it is tried again later and asked about in the end."""
    members = tuple(
        replace(member, behind={"": _again(member, note, world, link)}) if member.system == system else member
        for member in link.members
    )
    link = replace(link, members=members)
    started.links[link.id] = link
    world.store.settle([Settlement(ended(intent, End.REFUSED, world.now(), note), link)])


def _again(member: Member, note: str, world: World, link: Link) -> Owed:
    owed = member.behind.get("", Owed(link.revision))
    refusals = owed.refusals + 1
    return replace(owed, refusals=refusals, next_at=world.now() + wait_s(refusals), why=note)


async def find_created(intent: Intent, link: Link, world: World) -> Record | None:
    """Search what a create may have made: by marker, else the one new record that holds all that was sent.

    Raises SeveralMarkedError when it cannot be told which one is ours.
    """
    system = world.systems[intent.system]
    group = group_of(link, intent.system, world)
    marked = await system.connector.find_marked(intent.kind, group, intent.marker)
    if len(marked) > 1:  # somebody made a copy of it, marker and all: which one is ours is not ours to guess
        told = " and ".join(record.id for record in marked)
        raise SeveralMarkedError(f"{told} carry the marker of one create", system=intent.system)
    if marked:
        return marked[0]
    if system.access is not None and system.access.marker:
        return None
    known = world.store.heads(intent.system, intent.kind)
    members = world.store.members_of(intent.system, intent.kind)
    lens = world.systems[intent.system].lenses[intent.kind]
    same = []
    by_group = system.access is not None and system.access.by_group
    wanted = (group,) if by_group and group is not None else None
    async for page in pages_of(system.connector, intent.kind, wanted):
        for record in page.records:
            if record.id in members or (record.id in known and not _appeared_since(intent, record, world)):
                continue
            if holds_all(flat_of(record, lens), flat_of(_as_sent(intent, link, world), lens), record.group, group):
                same.append(record)
    return same[0] if len(same) == 1 else None


def _appeared_since(intent: Intent, record: Record, world: World) -> bool:
    """Tell whether a record that is known already was first seen after the intent."""
    rows = world.store.history(system=intent.system, record_id=record.id)
    return any(row.what == "first" and row.at >= intent.at for row in rows)


def _as_sent(intent: Intent, link: Link, world: World) -> Record:
    return Record(intent.kind, "", new_parts(link, intent.system, intent.after, world))


def holds_all(holds: Flat, sent: Flat, group: str | None, wanted_group: str | None) -> bool:
    """Tell whether a record holds all that a create sent."""
    return group == wanted_group and bool(sent) and all(holds.get(path, EMPTY) == value for path, value in sent.items())


def take_in(seen: Look, link: Link, intent: Intent, world: World) -> Link:
    """Make the created record the awaited member: its base is what was read back, the rest is owed."""
    system = intent.system
    surface = world.systems[system].surface(link.kind)
    record, holds, lacks = seen.record, seen.holds, seen.lens.lacks(seen.record)
    sent = flat_of(_as_sent(intent, link, world), seen.lens)
    behind = {
        path: Owed(link.revision, echo=holds[path] if path in sent and path in holds else None)
        for path, value in link.agreed.items()
        if path not in world.ignored
        and surface.carries(path)
        and path not in lacks
        and holds.get(path, EMPTY) not in (value, surface.nearest(path, value))
    }
    made = Member(system, record.id, holds, lacks & link.agreed.keys(), behind, record.modified)
    members = tuple(made if member.system == system else member for member in link.members)
    over = not link.follow and not any(member.status == "awaited" for member in members)
    link = replace(link, members=members, status="unlinked" if over else "live", settled=b"")
    fields: dict[str, tuple[object, object]] = {path: (EMPTY, value) for path, value in sorted(holds.items())}
    who = intent.reasons.get("", "")
    history = HistoryRow(
        intent.run, world.now(), "written", link.id, system, link.kind, record.id, fields, who, "created", holds
    )
    snapshot = snapshot_of(seen, link.scope, world.now())
    note = "; ".join(translated(link, system, world)[1])
    done = replace(ended(intent, End.CONFIRMED, world.now(), note), record_id=record.id)
    with world.store.transaction():
        world.store.settle([Settlement(done, link, snapshot, (history,))])
        if over:  # copied once: the two part, and are not asked about as if they were new
            set_aside(link, world)
    return link


async def _end(operation: Operation, intent: Intent, started: Started, world: World, done: Done) -> None:
    """End a record in its system's own way, as a person decided."""
    link = started.links[operation.link]
    system = world.systems[operation.system]
    world.store.mark_sent(intent.id, world.now())
    try:
        await system.connector.end(link.kind, operation.id)
        world.effect("after_write")
    except RecordError as error:
        _close(intent, End.REFUSED, error.message, world)
        done.failed.append(str(error))
        return
    answer = await system.connector.read(link.kind, operation.id)
    link = settle_end(link, intent, world, gone=isinstance(answer, Gone))
    started.links[link.id] = link
    done.written[operation.system] = done.written.get(operation.system, 0) + 1


def settle_end(link: Link, intent: Intent, world: World, *, gone: bool) -> Link:
    """Take down an end. When no record of the link is left, it is over; all records and the history stay known."""
    ended_one = tuple(
        replace(member, status="missing") if member.system == intent.system else member for member in link.members
    )
    over = all(member.status != "live" for member in ended_one)
    link = replace(link, members=ended_one, status="unlinked" if over else link.status, settled=b"")
    note = "ended and gone" if gone else "ended"
    who = intent.reasons.get("", "")
    row = HistoryRow(
        intent.run, world.now(), "ended", link.id, intent.system, link.kind, intent.record_id, {}, who, note
    )
    with world.store.transaction():
        world.store.settle([Settlement(ended(intent, End.CONFIRMED, world.now(), note), link, None, (row,))])
        put_aside(link, intent.system, intent.record_id, world)
    return link
