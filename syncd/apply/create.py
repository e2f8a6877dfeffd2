"""Create a counterpart or end a record: the two writes that are not a field.

A create is searched for before any second attempt: by its marker where the system keeps one, else among records that
appeared since the intent with the same content. What only a person can settle stays open; it is never sent again by
itself.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from syncd.apply.begin import Started, put_aside, set_aside
from syncd.apply.confirm import unconfirmed
from syncd.apply.look import Look, look, seen_in, snapshot_of
from syncd.apply.places import place_of
from syncd.apply.references import translated
from syncd.apply.world import LiveSystem, World, flat_of
from syncd.apply.write import Done, End, Pauses, ended, moved_row
from syncd.connectors.base import Access
from syncd.connectors.paging import pages_of
from syncd.errors import ClaimedTwiceError, ConnectorError, RecordError, TransientError, UnknownOutcomeError
from syncd.model import paths
from syncd.model.records import Gone, Kind, NotSeen, Part, PartCreate, Record
from syncd.model.values import EMPTY, Flat, Unparsed
from syncd.reconcile.constrain import wait_s
from syncd.reconcile.relink import newcomer
from syncd.reconcile.strays import is_about
from syncd.reconcile.types import Link, Member, Operation, Owed, Seen, System
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
                if await _holds_still(operation, intent, started, world, done):
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


async def _holds_still(operation: Operation, intent: Intent, started: Started, world: World, done: Done) -> bool:
    """Read again what is about to be copied; a record that moved has its link decided anew, and nothing is sent."""
    link, sights = started.links[operation.link], started.sights.get(operation.link, {})
    sources = [(system,) for system, sight in sights.items() if isinstance(sight, Seen)]
    source = await unconfirmed(link.id, sources, started, done.away, world)
    if source is None:
        return True
    if isinstance(source, NotSeen):
        _close(intent, End.UNSENT, source.why, world)
        done.failed.append(f"{operation.system}: {link.label} is not created: {source.why}")
        return False
    place = place_of(source.record, link, world, source.system, started.places)
    now, note = world.now(), f"its source, {source.system} {source.record.id}, moved meanwhile"
    row = moved_row(sights[source.system], source, link, intent.run, now)
    unsent = ended(intent, End.UNSENT, now, note)
    world.store.settle([Settlement(unsent, None, snapshot_of(source, place, now), row)])
    done.moved.add(link.id)
    return False


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
        began = world.store.reading_of_run()
        found = await find_marked(intent, link, world)
        if found is not None:
            there = seen_in(world.systems[operation.system], found, began)
            _made(take_in(there, link, intent, world), started, done)
            return
        intent = _marked_sent(intent, world)
        record_id = await _send(PartCreate(link.kind, group, parts, intent.marker), intent, link, world)
    except RecordError as error:
        _refused(link, operation.system, intent, error.message, started, world)
        done.failed.append(" ".join(filter(None, (f"{str(error).rstrip('.')}.", error.hint))))
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
    if _is_known(record_id, intent, world):
        why = f"{operation.system} gave the new record the id {record_id}, which another one has or had"
        _doubt(replace(intent, record_id=record_id), why, world)
        done.failed.append(f"{operation.system} {record_id}: {why}")
        return
    seen = await _read_new(link, operation.system, record_id, world)
    if not isinstance(seen, Look):
        done.failed.append(f"{operation.system} {record_id}: created, but not to be read yet")
        return
    _made(take_in(seen, link, intent, world), started, done)
    done.written[operation.system] = done.written.get(operation.system, 0) + 1


def _is_known(record_id: str, intent: Intent, world: World) -> bool:
    """Tell whether an id that was given to a new record is that of another one, there or gone: no id is given twice."""
    if _is_held(record_id, intent, world):
        return True
    rows = world.store.history(system=intent.system, record_id=record_id)
    mine = [row for row in rows if row.kind == intent.kind]
    return any(row.at < intent.at for row in mine) or (
        not mine and record_id in world.store.snapshots(intent.system, intent.kind, [record_id])
    )


def _doubt(intent: Intent, why: str, world: World) -> None:
    """Leave it to a person what a create made; it is never sent again by itself."""
    world.store.settle([Settlement(replace(intent, state="open", note=why))])


def _made(link: Link, started: Started, done: Done) -> None:
    """Go on with a link whose awaited record is there: what a create could not carry is owed."""
    started.links[link.id] = link
    if link.status == "live":
        done.moved.add(link.id)


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
    marked = await find_marked(intent, link, world)
    system = world.systems[intent.system]
    if marked is not None or (system.access is not None and system.access.marker):
        return marked
    group = group_of(link, intent.system, world)
    known = world.store.heads(intent.system, intent.kind)
    taken = world.store.members_of(intent.system, intent.kind) | _set_apart(intent, world)
    lens = system.lenses[intent.kind]
    same = []
    by_group = system.access is not None and system.access.by_group
    wanted = (group,) if by_group and group is not None else None
    async for page in pages_of(system.connector, intent.kind, wanted):
        for record in page.records:
            if record.id in taken or (record.id in known and not _appeared_since(intent, record, world)):
                continue
            if holds_all(flat_of(record, lens), flat_of(_as_sent(intent, link, world), lens), record.group, group):
                same.append(record)
    return same[0] if len(same) == 1 else None


async def find_marked(intent: Intent, link: Link, world: World) -> Record | None:
    """Search the record that carries a create's marker; what a person set apart or another link holds is not it.

    Raises SeveralMarkedError when it cannot be told which one is ours.
    """
    group = group_of(link, intent.system, world)
    marked = await world.systems[intent.system].connector.find_marked(intent.kind, group, intent.marker)
    if marked:
        apart = _set_apart(intent, world)
        marked = tuple(record for record in marked if record.id not in apart and not _is_held(record.id, intent, world))
    if len(marked) > 1:  # somebody made a copy of it, marker and all: which one is ours is not ours to guess
        told = " and ".join(record.id for record in marked)
        raise SeveralMarkedError(f"{told} carry the marker of one create", system=intent.system)
    return marked[0] if marked else None


def _is_held(record_id: str, intent: Intent, world: World) -> bool:
    """Tell whether a link holds a record, there or missing."""
    return world.store.find_link(intent.system, intent.kind, record_id) is not None


def _set_apart(intent: Intent, world: World) -> set[str]:
    """Give the records of a system that a person set apart."""
    prefix = f"{intent.system}|{intent.kind}|"
    return {key.removeprefix(prefix) for key in world.store.items("aside") if key.startswith(prefix)}


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
    """Make the created record the awaited member: its base is what was read back, the rest is owed.

    A record that carries the marker though this store knows of no attempt (an older store was restored) may have been
    edited since: it is a newcomer, which may agree or ask.
    """
    before, system, record = link, intent.system, seen.record
    ours = _was_sent(intent, world)
    made = _member(seen, link, intent, world) if ours else newcomer(system, record.id)
    members = tuple(made if member.system == system else member for member in link.members)
    over = not link.follow and not any(member.status == "awaited" for member in members)
    link = replace(link, members=members, status="unlinked" if over else "live", settled=b"")
    note = "; ".join(translated(link, system, world)[1]) if ours else "it was there, with the marker of this decision"
    done = replace(ended(intent, End.CONFIRMED, world.now(), note), record_id=record.id)
    history = _taken(seen, link, intent, world, ours=ours)
    snapshot = snapshot_of(seen, place_of(record, before, world, system), world.now())
    try:
        with world.store.transaction():
            world.store.settle([Settlement(done, link, snapshot, (history,))])
            close_stray(system, record.id, link.scope, world)
            if over:  # copied once: the two part, and are not asked about as if they were new
                set_aside(link, world)
    except ClaimedTwiceError as error:
        _doubt(replace(intent, record_id=record.id), error.message, world)
        return before
    return link


def _was_sent(intent: Intent, world: World) -> bool:
    """Tell whether this create, or an earlier attempt of the same decision, was ever sent."""
    attempts = (intent, *world.store.intents(link=intent.link))
    return any(one.marker == intent.marker and one.sent_at is not None for one in attempts)


def _member(seen: Look, link: Link, intent: Intent, world: World) -> Member:
    """Give the member that a record just created is."""
    sent = flat_of(_as_sent(intent, link, world), seen.lens)
    surface, lacks, holds = world.systems[seen.system].surface(link.kind), seen.lens.lacks(seen.record), seen.holds
    behind = {
        path: Owed(link.revision, echo=holds[path] if path in sent and path in holds else None)
        for path, value in link.agreed.items()
        if path not in world.ignored
        and surface.carries(path)
        and path not in lacks
        and holds.get(path, EMPTY) not in (value, surface.nearest(path, value))
    }
    return Member(seen.system, seen.record.id, holds, lacks & link.agreed.keys(), behind, seen.record.modified)


def _taken(seen: Look, link: Link, intent: Intent, world: World, *, ours: bool) -> HistoryRow:
    """Write down that a record was created, or was there already."""
    record, holds = seen.record, seen.holds
    fields: dict[str, tuple[object, object]] = {path: (EMPTY, value) for path, value in sorted(holds.items())}
    who, now = intent.reasons.get("", ""), world.now()
    if not ours:
        note = "it carries the marker of this decision"
        return HistoryRow(intent.run, now, "linked", link.id, intent.system, link.kind, record.id, {}, who, note)
    return HistoryRow(
        intent.run, now, "written", link.id, intent.system, link.kind, record.id, fields, who, "created", holds
    )


def close_stray(system: System, record_id: str, scope: str, world: World) -> None:
    """Close the question about a record that was linked to nothing: it is a member now."""
    standing = world.store.questions(scope, status=("open", "decided", "ignored"))
    mine = [one for one in standing if is_about(one.proposal, system, record_id)]
    world.store.save_questions([replace(one, status="closed", closed_at=world.now()) for one in mine])


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
