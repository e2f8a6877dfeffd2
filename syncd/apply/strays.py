"""Strays: the unlinked records of a group as a run sees them, and what people said of them or may have made of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from syncd.apply.look import is_read_as_now, seen_of, whole
from syncd.apply.world import World
from syncd.model.records import Kind
from syncd.reconcile.types import LinkView, Stray, System
from syncd.store.rows import Snapshot

_KINDS: tuple[Kind, ...] = ("plan", "generic", "group")


def _named(scope: str, world: World) -> frozenset[tuple[System, str]]:
    """Give the records that answers which wait to be carried out name."""
    return frozenset(
        (key.partition(".")[2], record_id)
        for answer in world.answers(scope).values()
        for key, record_id in answer.options.items()
        if key.startswith(("record.", "member."))
    )


def joined_in(scope: str, world: World) -> Iterator[str]:
    """Give the links of a group that hold records which answers name: others may join them."""
    for system, record_id in _named(scope, world):
        for kind in _KINDS:
            link = world.store.find_link(system, kind, record_id)
            if link is not None and link.scope == scope:
                yield link.id


def handed_in(links: Iterable[LinkView], scope: str, world: World) -> dict[tuple[str, System], float]:
    """Tell since when a person may have made the record that a link awaits: a create was tried, or handed off."""
    awaiting = [(one.link, m.system) for one in links for m in one.link.members if m.status == "awaited"]
    if not awaiting:
        return {}
    asked = {
        (one.proposal.link, one.proposal.name.removesuffix(":")): one.opened_at
        for one in world.store.questions(scope, status=("open", "decided", "ignored"))
        if one.proposal.kind == "hand-off" and one.proposal.name.endswith(":")
    }
    found: dict[tuple[str, System], float] = {}
    for link, system in awaiting:
        tried = [one.at for one in world.store.intents(link=link.id) if (one.op, one.system) == ("create", system)]
        since = [*tried, *filter(None, (asked.get((link.id, system)),))]
        if since:
            found[link.id, system] = min(since)
    return found


def left_alone_in(scope: str, world: World) -> frozenset[tuple[System, str]]:
    """Give the unlinked records that a person left alone, each by itself: they are not asked about as one of two."""
    return frozenset(
        (system, str(said.get("id", "")))
        for one in world.store.questions(scope, status=("decided", "ignored"))
        if one.proposal.kind == "link-plans" and len(one.proposal.members) == 1
        if one.status == "ignored" or (one.decided is not None and one.decided.choice == "ignore")
        for system, said in one.proposal.members.items()
    )


def strays_in(scope: str, world: World, handed: Collection[tuple[str, System]]) -> tuple[tuple[Stray, ...], bool]:
    """Give the unlinked records of the group, but for those that an unlink set aside and no answer names; and whether
    that is all of them: one that was read through another mapping waits to be read again. `handed`: the links that
    await a record which a person may have made."""
    named, aside, made = _named(scope, world), world.store.items("aside"), {system for _, system in handed}
    rows = [
        whole(row, world.store.where)
        for row in world.store.strays(scope)
        if row.system in world.systems
        and ((row.system, row.id) in named or f"{row.system}|{row.kind}|{row.id}" not in aside)
    ]
    read = [row for row in rows if is_read_as_now(row, world)]
    strays = [
        Stray(
            row.system,
            row.kind,
            row.id,
            row.label,
            seen_of(row),
            _first_seen(row, world) if row.system in made else None,
        )
        for row in read
    ]
    return tuple(strays), len(read) == len(rows)


def _first_seen(row: Snapshot, world: World) -> float | None:
    rows = world.store.history(system=row.system, record_id=row.id, newest_first=False)
    return next((one.at for one in rows if one.what == "first" and one.kind == row.kind), None)
