"""Places: the client that a plan is filed under in its system, and the plans that were filed under another one since.

A place is the id of the link of that client's groups, None where they are not linked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from syncd.apply.world import World
from syncd.model.records import Record
from syncd.reconcile.identity import is_elsewhere
from syncd.reconcile.types import Client, Link, System
from syncd.store.rows import Snapshot

ELSEWHERE = "elsewhere"
"""Area of the store: plans that were seen under another client than before, until their link is at rest with it."""

Known: TypeAlias = dict[tuple[System, str], str | None]
"""What was looked up in one run: (system, native id of a group) -> its place."""


def place_of(record: Record, link: Link, world: World, system: System, known: Known | None = None) -> str | None:
    """Name the place of a record of a link; the link's own for what is no plan, and while the client itself is missing
    in the system: then nothing says whose plans they are."""
    if link.kind != "plan" or world.scope_of is not None:
        return link.scope
    known = {} if known is None else known
    key = (system, record.group or "")
    if key not in known:
        known[key] = _looked_up(system, key[1], link, world)
    return known[key]


def _looked_up(system: System, group: str, link: Link, world: World) -> str | None:
    home, found = world.store.link(link.scope), world.store.find_link(system, "group", group)
    if home is None or not _has(home, system):
        return link.scope
    return found.id if found is not None and _has(found, system) else None


def _has(group: Link, system: System) -> bool:
    return any(member.system == system and member.status == "live" for member in group.members)


def note_moves(before: Mapping[str, Snapshot], rows: list[Snapshot], world: World) -> set[str]:
    """Mark the plans that were seen under another client than before; give the places where they were."""
    moved = {
        f"{row.system}|{row.id}": {"from": old.scope}
        for row in rows
        if row.kind == "plan" and (old := before.get(row.id)) is not None and old.scope != row.scope
    }
    if moved:
        world.store.put_all(ELSEWHERE, moved)
    return {scope for said in moved.values() if (scope := said["from"]) is not None}


def moved_in(scope: str, world: World) -> set[str]:
    """Give the links of a group of which a record was seen under another client; forget the marks that are over."""
    found: set[str] = set()
    for key in world.store.items(ELSEWHERE):
        system, record_id = key.split("|", 1)
        link = world.store.find_link(system, "plan", record_id)
        snapshot = world.store.snapshots(system, "plan", [record_id]).get(record_id)
        if link is None or snapshot is None or not is_elsewhere(link, system, snapshot.scope):
            world.store.put(ELSEWHERE, key, None)
        elif link.scope == scope:
            found.add(link.id)
    return found


def clients(world: World) -> dict[str, Client]:
    """Give the linked clients by their place."""
    return {
        link.id: Client(link.label, frozenset(one.system for one in link.members if one.status == "live"))
        for link in world.store.links(kind="group", status=None)
        if link.status != "unlinked"
    }
