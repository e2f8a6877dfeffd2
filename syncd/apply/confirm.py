"""Confirm: read a value's source again before the value overwrites another system's.

What a listing said once may be old: a stale page after a confirmed write, a state restored from a copy. A source that
was read by its key in this run, and holds what was decided on, is confirmed; one that does not has its link decided
anew, and while none can be read the value stays owed.
"""

from __future__ import annotations

from collections.abc import Iterable

from syncd.apply.begin import Started
from syncd.apply.look import Look, look
from syncd.apply.places import place_of
from syncd.apply.world import World
from syncd.errors import ConnectorError
from syncd.model.records import NotSeen
from syncd.reconcile.identity import is_elsewhere
from syncd.reconcile.types import Seen, System


async def unconfirmed(
    link: str, sources: Iterable[tuple[System, ...]], started: Started, away: dict[System, str], world: World
) -> Look | NotSeen | None:
    """Read again one source of each value that was not read in this run yet. Give the first that holds something else,
    or that cannot be read; None when all values are confirmed.

    `sources`: for each value the systems that were seen to hold it, any of which will do; `away`: systems that did not
    answer in this run, to which is added.
    """
    for systems in sorted(set(sources)):
        if not systems or any((link, system) in started.confirmed for system in systems):
            continue
        found = await _read(systems[0], link, started, away, world)
        if found is not None:
            return found
        started.confirmed.add((link, systems[0]))
    return None


async def _read(
    system: System, link: str, started: Started, away: dict[System, str], world: World
) -> Look | NotSeen | None:
    """Read one source; None when it holds what was decided on."""
    holder, seen = started.links[link], started.sights[link].get(system)
    record_id = next(member.id for member in holder.members if member.system == system)
    where = f"its source, {system} {record_id}, cannot be read again"
    if system in away:
        return NotSeen(f"{where}: {away[system]}")
    try:
        found = await look(system, holder.kind, record_id, world)
    except ConnectorError as error:
        away[system] = str(error)
        return NotSeen(f"{where}: {error}")
    if not isinstance(found, Look):
        return NotSeen(f"{where}: {found.why if isinstance(found, NotSeen) else found.evidence}")
    place = place_of(found.record, holder, world, system, started.places)
    same = isinstance(seen, Seen) and found.holds == seen.flat and not is_elsewhere(holder, system, place)
    return None if same else found
