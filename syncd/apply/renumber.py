"""Take over ids that a vendor gave anew: which known record is which listed one, and how all that is remembered of it
moves to its new id.

The guard `identity-epoch` asks; here its table is made from what was seen, and carried out once it was approved. Only
ids move: what was agreed, bases, debts, journal rows and history stay with their link. Nothing is sent to a system.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count

from syncd.apply.intake import Intake
from syncd.apply.world import World, flat_of
from syncd.model import encoding
from syncd.model.records import Kind
from syncd.model.values import Flat
from syncd.reconcile.guards import Twin
from syncd.reconcile.guards.identity_epoch import NAME, twins_of
from syncd.reconcile.questions import question_id
from syncd.reconcile.strays import digest
from syncd.reconcile.types import Decided, Link, Member, System
from syncd.store.rows import HistoryRow, Intent, Question, Settlement, Snapshot

STANDING = ("open", "decided", "ignored")


def in_question(system: System, kind: Kind, world: World) -> bool:
    """Tell whether it is not known now which of a system's records is which: its ids were given anew."""
    listing = world.store.listing(system, kind)
    return listing is not None and listing.tripped == NAME


# -- the table ---------------------------------------------------------------------------------------------------------


def table(
    missing: Collection[str], listed: Collection[str], intake: Intake
) -> tuple[tuple[Twin, ...], tuple[str, ...]]:
    """Give the missing records that are listed under a new id, and the listed ids that are nobody's twin.

    A plan has a twin only in its own group, which has to be linked: of others it is not known which group they are of.
    A record that another link holds already (its member was missing, and its id is used again) is nobody's twin.
    """
    name, kind, world = intake.system.name, intake.kind, intake.world
    before = world.store.snapshots(name, kind, missing)
    held = {
        member.id
        for link in world.store.links(kind=kind, status=None)
        if link.status != "unlinked"
        for member in link.members
        if member.system == name
    }
    lens = intake.system.lenses[kind]
    old = {id_: (_place(kind, row.scope), _content(row.flat, world)) for id_, row in before.items()}
    new = {
        id_: (_place(kind, row.scope), _content(row.flat, world))
        for id_, row in world.store.snapshots(name, kind, listed).items()
    }
    for record, _ in intake.moved:
        new[record.id] = (_place(kind, intake.scope(record)), _content(flat_of(record, lens), world))
    new = {id_: told for id_, told in new.items() if id_ not in held}
    found = twins_of(_told(old), _told(new))
    twins = tuple(Twin(one, found[one], before[one].label, old[one][1]) for one in sorted(found))
    return twins, tuple(sorted(set(listed) - set(found.values())))


def _place(kind: Kind, scope: str | None) -> str | None:
    """Say where a record belongs, as far as its id plays no part in it: groups are told apart by what they hold."""
    return "" if kind == "group" else scope


def _content(flat: Flat, world: World) -> str:
    """Digest what is compared of a record; "" when that is nothing. A system's own ids, which it gave anew, are not."""
    told = {path: value for path, value in flat.items() if path not in world.uncarried}
    return encoding.digest(told).hex() if told else ""


def _told(records: Mapping[str, tuple[str | None, str]]) -> dict[str, tuple[str, str]]:
    return {id_: (place, content) for id_, (place, content) in records.items() if place is not None and content}


# -- taking it over ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Takeover:
    """An approved table of one kind of one system: old id -> new id, and the answer that approved it."""

    system: System
    kind: Kind
    ids: Mapping[str, str]
    answer: Decided


@asynccontextmanager
async def locked(takeover: Takeover, world: World) -> AsyncIterator[None]:
    """Lock every group of which a member is renamed: a run under way would write back the ids it began with.

    Raises LockedError; then nothing was done, and the next observation tries again.
    """
    async with AsyncExitStack() as locks:
        for scope in sorted({link.scope for link in _holders(takeover, world)}):
            await locks.enter_async_context(world.lock(scope))
        yield


def take_over(takeover: Takeover, world: World) -> None:
    """Move all that is remembered of the old ids to the new ones. Call it inside a transaction of the store."""
    store, now, ids = world.store, world.now(), takeover.ids
    held: dict[str, str] = {}
    renamed: list[Link] = []
    for link in _holders(takeover, world):
        held |= {ids[member.id]: link.id for member in link.members if _is_renamed(member, takeover)}
        renamed.append(replace(link, members=tuple(_renamed(member, takeover) for member in link.members)))
    who = f"decision {takeover.answer.id}" + (f" by {takeover.answer.by}" if takeover.answer.by else "")
    history = [
        HistoryRow("", now, "renamed", held.get(new, ""), takeover.system, takeover.kind, new, {"id": (old, new)}, who)
        for old, new in ids.items()
    ]
    store.save_links(renamed, history)
    moved = list(_moved(takeover, world))
    store.save_snapshots(moved)
    scopes = sorted({link.scope for link in renamed} | {row.scope for row in moved if row.scope is not None})
    store.settle([Settlement(one) for scope in scopes for one in _journalled(scope, takeover, world)])
    store.save_questions([row for scope in scopes for row in _asked(scope, takeover, world)])
    _set_aside(takeover, world)
    world.effect("in_takeover")


def _holders(takeover: Takeover, world: World) -> list[Link]:
    """Give the standing links that hold a renamed record."""
    return [
        link
        for link in world.store.links(kind=takeover.kind, status=None)
        if link.status != "unlinked" and any(_is_renamed(member, takeover) for member in link.members)
    ]


def _is_renamed(member: Member, takeover: Takeover) -> bool:
    return member.system == takeover.system and member.status == "live" and member.id in takeover.ids


def _renamed(member: Member, takeover: Takeover) -> Member:
    return replace(member, id=takeover.ids[member.id]) if _is_renamed(member, takeover) else member


def _moved(takeover: Takeover, world: World) -> Iterator[Snapshot]:
    """Give each snapshot under its new id; under the old one the record is gone, and where to is said."""
    now, ids = world.now(), takeover.ids
    for old, row in world.store.snapshots(takeover.system, takeover.kind, ids).items():
        yield replace(row, id=ids[old], at=now)
        yield replace(row, gone=f"{takeover.system} gave it the id {ids[old]}", at=now)


def _journalled(scope: str, takeover: Takeover, world: World) -> Iterator[Intent]:
    """Let journal rows without an end follow their record: recovery then reads what they were about.

    Under its old id the record is gone, which would tell of a write that something overtook it, and of an end that it
    was carried out.
    """
    for intent in world.store.pending(scope):
        if (intent.system, intent.kind) == (takeover.system, takeover.kind) and intent.record_id in takeover.ids:
            yield replace(intent, record_id=takeover.ids[intent.record_id])


def _asked(scope: str, takeover: Takeover, world: World) -> Iterator[Question]:
    """Let standing questions name the new ids. A record that a person left alone stays left alone."""
    for question in world.store.questions(scope, status=STANDING):
        proposal = question.proposal
        said = proposal.members.get(takeover.system, {})
        new = takeover.ids.get(str(said.get("id", "")))
        if new is None or _kind_of(question, takeover, world) != takeover.kind:
            continue
        proposal = replace(proposal, members={**proposal.members, takeover.system: {**said, "id": new}})
        if proposal.link:
            yield replace(question, proposal=proposal)
        elif question.decided is not None and question.decided.choice == "ignore":
            yield replace(question, status="closed", closed_at=world.now())
            yield _left_alone(replace(question, proposal=proposal), question.decided, world)


def _kind_of(question: Question, takeover: Takeover, world: World) -> Kind | None:
    """Tell the kind of the records that a question is about; one about a stray record is never about a group."""
    if not question.proposal.link:
        return takeover.kind if takeover.kind != "group" else None
    link = world.store.link(question.proposal.link)
    return link.kind if link is not None else None


def _left_alone(question: Question, decided: Decided, world: World) -> Question:
    """Give the answered question about stray records under their ids of now."""
    proposal = question.proposal
    ids = {system: str(said.get("id", "")) for system, said in proposal.members.items()}
    own = proposal.name.partition(":")[0]
    name, told = f"{own}:{ids[own]}", digest(ids)
    stem = question_id(proposal.kind, "", name, proposal.scope)
    n = next(n for n in count(1) if world.store.question(f"{stem}-{n}") is None)
    id_ = f"{stem}-{n}"
    return replace(
        question,
        id=id_,
        n=n,
        proposal=replace(proposal, name=name, digest=told),
        decided=replace(decided, id=id_, name=name, digest=told),
    )


def _set_aside(takeover: Takeover, world: World) -> None:
    """Keep aside under their new ids the records that an unlink set aside."""
    aside = world.store.items("aside")
    for old, new in takeover.ids.items():
        key = f"{takeover.system}|{takeover.kind}|{old}"
        if key in aside:
            world.store.put("aside", f"{takeover.system}|{takeover.kind}|{new}", aside[key])
            world.store.put("aside", key, None)
