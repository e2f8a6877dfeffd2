"""Recover: settle what a killed run left in the journal, by reading, before anything else is done.

A row landed (the system holds what was meant), never landed (it holds what it held before, on two reads apart), or was
overtaken (it holds something else: the next merge decides). Nothing is sent from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from syncd.apply.create import SeveralMarkedError, find_created, give_back, settle_end, take_in
from syncd.apply.look import Look, look, seen_in, snapshot_of
from syncd.apply.places import place_of
from syncd.apply.renumber import in_question
from syncd.apply.world import World
from syncd.apply.write import End, Result, advance, ended
from syncd.errors import ConnectorError
from syncd.mapping.lens import Lens
from syncd.model.records import Gone
from syncd.model.values import EMPTY, Flat
from syncd.reconcile.echo import made_of
from syncd.reconcile.types import Link, Member, System
from syncd.store.rows import HistoryRow, Intent, Settlement


async def recover(scope: str, world: World) -> list[str]:
    """Settle every unsettled journal row of a group; give the systems that could not be asked, with the reason."""
    pending = world.store.pending(scope)
    if not pending:
        return []
    unread: list[str] = []
    late: list[Intent] = []
    for again in (False, True):
        rows = late if again else pending
        if again and rows:
            await world.clock.sleep(world.settle_s)
        for intent in rows:
            if in_question(intent.system, intent.kind, world):
                # Under its old id nothing is found now, and that would tell of another end than the true one.
                unread.append(f"{intent.system} {intent.record_id}: the ids of {intent.system} are in question")
                continue
            try:
                settled = await _settle(intent, world, _meant(pending, intent), last=again)
            except (ConnectorError, SeveralMarkedError) as error:
                unread.append(str(error))  # the row stays, the next run looks again
                continue
            if not settled and not again:
                late.append(intent)
    return unread


def _meant(pending: Iterable[Intent], intent: Intent) -> Flat:
    """Give all that was to be written to a record, whichever of its parts."""
    return {
        path: value
        for one in pending
        if one.op == "write" and (one.system, one.kind, one.record_id) == (intent.system, intent.kind, intent.record_id)
        for path, value in one.after.items()
    }


async def _settle(intent: Intent, world: World, meant: Flat, *, last: bool) -> bool:
    """Settle one row; False asks for a second look."""
    link = world.store.link(intent.link)
    system = world.systems.get(intent.system)
    if link is None or system is None:
        return True
    if system.access is None:
        system.access = await system.connector.access()  # a new process: whether there are markers is not known yet
    if intent.op == "create":
        return await _settle_create(intent, link, world, last=last)
    answer = await look(intent.system, intent.kind, intent.record_id, world)
    if intent.op == "end":
        return _settle_end(intent, link, world, gone=isinstance(answer, Gone), last=last)
    if isinstance(answer, Gone):
        world.store.settle([Settlement(ended(intent, End.OVERTAKEN, world.now(), "the record is gone"))])
        return True
    if not isinstance(answer, Look):
        return True  # not to be read now: the row stays, the next run looks again
    return _settle_write(intent, link, answer, world, meant, last=last)


def _settle_write(intent: Intent, link: Link, seen: Look, world: World, meant: Flat, *, last: bool) -> bool:
    """Say landed, never landed or overtaken. `meant`: all that was to be written to the record, of which what is there
    is nobody else's edit."""
    record, holds, lens = seen.record, seen.holds, seen.lens
    landed = frozenset(path for path, value in intent.after.items() if holds.get(path, EMPTY) == value)
    untouched = all(holds.get(path, EMPTY) == intent.before.get(path, EMPTY) for path in intent.after)
    if untouched and not last:
        return False
    echoed = _echoed(intent, link, seen)
    end = End.NEVER_LANDED if untouched else End.ECHOED if echoed else End.OVERTAKEN
    end = End.CONFIRMED if landed == intent.after.keys() else end
    result = Result(intent.after, holds, landed, End.UNSENT, "", world.now(), record.modified, echoed)
    link = _owing(advance(link, intent.system, result), link, intent.system, lens)
    history = (_written(intent, link, landed | echoed, holds, world),) if landed or echoed else ()
    known = world.store.snapshots(intent.system, intent.kind, [intent.record_id]).get(intent.record_id)
    ours = [path for path, value in meant.items() if path in echoed or holds.get(path, EMPTY) == value]
    others = _others(known.flat if known is not None else {}, holds, ours)
    if others:
        history = (
            *history,
            replace(_written(intent, link, frozenset(), holds, world), what="observed", fields=others, who=""),
        )
    snapshot = snapshot_of(seen, place_of(seen.record, link, world, seen.system), world.now())
    world.store.settle([Settlement(ended(intent, end, world.now(), "found by recovery"), link, snapshot, history)])
    return True


def _echoed(intent: Intent, link: Link, seen: Look) -> frozenset[str]:
    """Name the fields that hold what their system plainly made of what the killed run wrote, while that is still
    wanted. Whatever else stands there may be a person's edit."""
    return frozenset(
        path
        for path, value in intent.after.items()
        if value in (agreed := link.agreed.get(path, EMPTY), seen.lens.nearest(path, agreed))
        and (held := seen.holds.get(path, EMPTY)) not in (value, intent.before.get(path, EMPTY))
        and made_of(held, value)
    )


def _owing(link: Link, before: Link, system: System, lens: Lens) -> Link:
    """Keep what is owed of values decided after the write that is being settled: it paid only for its own."""

    def still(member: Member, old: Member) -> Member:
        later = {
            path: owed
            for path, owed in old.behind.items()
            if (agreed := link.agreed.get(path, EMPTY)) != (holds := member.base.get(path, EMPTY))
            and lens.nearest(path, agreed) != holds
        }
        return replace(member, behind={**later, **member.behind})

    members = {member.system: member for member in before.members}
    return replace(
        link,
        members=tuple(still(m, members[m.system]) if m.system == system else m for m in link.members),
    )


def _written(intent: Intent, link: Link, landed: frozenset[str], holds: Flat, world: World) -> HistoryRow:
    fields: dict[str, tuple[object, object]] = {
        path: (intent.before.get(path, EMPTY), intent.after[path]) for path in sorted(landed)
    }
    return HistoryRow(
        intent.run,
        world.now(),
        "written",
        link.id,
        intent.system,
        link.kind,
        intent.record_id,
        fields,
        next(iter(intent.reasons.values()), ""),
        "confirmed by recovery",
        {path: holds[path] for path in landed if path in holds},
    )


def _others(known: Flat, holds: Flat, landed: Iterable[str]) -> dict[str, tuple[object, object]]:
    """Name what moved besides our write since the last snapshot."""
    ours = set(landed)
    return {
        path: (known.get(path, EMPTY), holds.get(path, EMPTY))
        for path in sorted({*known, *holds})
        if path not in ours and known.get(path, EMPTY) != holds.get(path, EMPTY)
    }


async def _settle_create(intent: Intent, link: Link, world: World, *, last: bool) -> bool:
    """Find what a create made, or say that it made nothing; without a marker only a person may say so."""
    if intent.sent_at is None:
        world.store.settle([Settlement(ended(intent, End.UNSENT, world.now(), "the run ended before it was sent"))])
        return True
    began = world.store.reading_of_run()
    found = await find_created(intent, link, world)
    if found is not None:
        take_in(seen_in(world.systems[intent.system], found, began), link, intent, world)
        return True
    if not last:
        return False
    access = world.systems[intent.system].access
    if access is not None and access.marker:
        world.store.settle([Settlement(ended(intent, End.NEVER_LANDED, world.now(), "no record carries its marker"))])
    else:
        world.store.settle([Settlement(replace(intent, state="open", note="sent, no reply, no marker to search by"))])
    return True


def _settle_end(intent: Intent, link: Link, world: World, *, gone: bool, last: bool) -> bool:
    """Close an end when the record is gone; else the decision that asked for it still waits to be carried out."""
    if not gone and not last and intent.sent_at is not None:
        return False
    if gone:
        settle_end(link, intent, world, gone=gone)
    else:
        give_back(intent, "the record is still there", world)
    return True
