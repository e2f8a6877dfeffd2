"""Importing: bring a group in from a system whose groups are searched by name or number, before any of them is linked.

Takes what a person typed, gives the accounts found, what may be their counterpart elsewhere, and both sides' plans. Who
is whose counterpart a person says: evidence is shown with its reasons, and records that are only called the same are
shown as just that. Writes to a system only where a counterpart is to be created, and then by an ordinary run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from syncd.apply.look import seen_of
from syncd.apply.observe import Observed, observe
from syncd.apply.world import World
from syncd.connectors.base import Account, Directory
from syncd.errors import ConnectorError, TransientError
from syncd.linking import LinkingError, unlinked_groups
from syncd.reconcile.suggest import Suggestion, suggest
from syncd.reconcile.types import Link, Stray, System
from syncd.sync import Mode, Report, run_once
from syncd.text.nearest import likeness, nearest

_NAMESAKES = 5
_ALIKE = 0.6


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to. `as_of`: when the list that was searched is from."""

    system: System
    accounts: tuple[Account, ...]
    as_of: str


def directories(world: World) -> list[System]:
    """Name the systems whose groups can be searched."""
    return sorted(name for name, live in world.systems.items() if isinstance(live.connector, Directory))


async def search(world: World, system: System, *, name: str = "", number: str = "", refresh: bool = False) -> Found:
    """Search the groups of a system. Raises LinkingError when they cannot be searched, ConnectorError."""
    live = world.systems.get(system)
    known = directories(world)
    told = f"Those that can are {', '.join(known)}." if known else "No configured system can."
    if live is None:
        raise LinkingError(f"there is no system {system}", hint=f"The systems are {', '.join(sorted(world.systems))}.")
    connector = live.connector
    if not isinstance(connector, Directory):
        raise LinkingError("its groups cannot be searched by name or number", system=system, hint=told)
    accounts, as_of = await connector.find_groups(name=name, number=number, refresh=refresh)
    return Found(system, tuple(sorted(accounts, key=lambda one: (one.name.casefold(), one.id))), as_of)


def picked(found: Found, pick: str | None) -> Account | None:
    """Give the account that is meant: the only one, or the one picked by its id or number; None: there are several.

    Raises LinkingError.
    """
    if pick is None:
        return found.accounts[0] if len(found.accounts) == 1 else None
    for meant in ([a for a in found.accounts if a.id == pick], [a for a in found.accounts if a.number == pick]):
        if len(meant) == 1:
            return meant[0]
    ids = [account.id for account in found.accounts]
    near = nearest(pick, ids)
    hint = f"Did you mean {near}?" if near is not None else f"Found were {', '.join(ids) or 'none'}."
    raise LinkingError("it is not among those that were found", system=found.system, external_id=pick, hint=hint)


def held_by(world: World, system: System, record_id: str) -> Link | None:
    """Give the linked group that an account belongs to."""
    link = world.store.find_link(system, "group", record_id)
    return link if link is not None and link.status != "unlinked" else None


# -- looking at groups -------------------------------------------------------------------------------------------------


async def look_at(world: World, members: Mapping[System, str]) -> list[Observed]:
    """Observe one group of each system with its plans, whether it is linked or not. Raises ConnectorError."""
    found = []
    for system, record_id in members.items():
        async with world.lock(f"observe:{system}"):
            seen = await observe(system, world, groups=[record_id])
        if seen.tripped:
            hint = "Run `syncd sync` and answer the guard's question first."
            raise ConnectorError(f"stopped by the guard {', '.join(seen.tripped)}", system=system, hint=hint)
        if seen.errors:
            raise TransientError(f"it could not be read: {seen.errors[0]}", external_id=record_id)
        found.append(seen)
    return found


async def look_at_link(world: World, link: Link) -> list[Observed]:
    """Observe all sides of a linked group."""
    members = {m.system: m.id for m in link.members if m.status == "live" and m.system in world.systems}
    return await look_at(world, members)


def unlinked_group(world: World, system: System, record_id: str) -> Stray:
    """Give a group that was just looked at. Raises LinkingError when it cannot be seen."""
    found = unlinked_groups(world).get((system, record_id))
    if found is None:
        hint = "The list may be out of date: try again with --refresh. Or the account has no right to see it."
        raise LinkingError("it is in the list, and cannot be read", system=system, external_id=record_id, hint=hint)
    return found


def possible(world: World, system: System) -> list[Stray]:
    """Give the groups of other systems that a group of this one could be linked with."""
    taken = {
        (member.system, member.id)
        for link in world.store.links(kind="group", status=None)
        if link.status != "unlinked" and any(member.system == system for member in link.members)
        for member in link.members
    }
    return [
        Stray(name, "group", row.id, row.label, seen_of(row))
        for name, live in sorted(world.systems.items())
        if name != system and "group" in live.lenses
        for row in world.store.snapshots(name, "group").values()
        if row.gone is None and (name, row.id) not in taken
    ]


@dataclass(frozen=True, slots=True)
class Counterparts:
    """What may be the same client elsewhere: by evidence, and records that are only called alike."""

    candidates: tuple[Suggestion, ...]
    namesakes: tuple[Stray, ...] = field(default=())


def counterparts(stray: Stray, others: Iterable[Stray]) -> Counterparts:
    """Look for the counterpart of a group among groups of other systems."""
    others = list(others)
    found = suggest([stray, *others]).get((stray.system, stray.id), ())
    named = {(one.system, one.id) for one in found}
    alike = [one for one in others if (one.system, one.id) not in named and _alike(stray.label, one.label)]
    alike.sort(key=lambda one: (-likeness(stray.label, one.label), one.system, one.id))
    return Counterparts(found, tuple(alike[:_NAMESAKES]))


def _alike(one: str, other: str) -> bool:
    mine, theirs = one.casefold(), other.casefold()
    return mine in theirs or theirs in mine or likeness(one, other) >= _ALIKE


# -- plans side by side ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """Plans that are likely the same, one a system; `score` and `reasons` of the likeness, 0 for a plan alone."""

    plans: Mapping[System, Stray]
    score: float = 0.0
    reasons: str = ""


def side_by_side(strays: Iterable[Stray]) -> list[Row]:
    """Put plans beside each other that are each other's likeliest counterpart; all others stand alone. Nothing is
    decided by it."""
    by_key = {(one.system, one.id): one for one in strays}
    best = suggest(by_key.values(), most=1)
    rows, placed = [], set()
    for key in sorted(by_key, key=lambda key: (by_key[key].label.casefold(), key)):
        if key in placed:
            continue
        [*found] = best.get(key, ())
        other = (found[0].system, found[0].id) if found else None
        mutual = other is not None and other not in placed and [(o.system, o.id) for o in best.get(other, ())] == [key]
        if other is not None and mutual:
            placed |= {key, other}
            pair = {key[0]: by_key[key], other[0]: by_key[other]}
            rows.append(Row(pair, found[0].score, found[0].reasons))
        else:
            placed.add(key)
            rows.append(Row({key[0]: by_key[key]}))
    return sorted(rows, key=lambda row: -len(row.plans))


# -- a counterpart that is created -------------------------------------------------------------------------------------


async def create_counterpart(world: World, link: Link) -> tuple[Link, Report]:
    """Create what a group's link awaits: a run of this link alone, as any other. Gives the link as it stands then."""
    report = await run_once(link.scope, world, Mode(only=frozenset({link.id})))
    return world.store.link(link.id) or link, report


def awaited(link: Link) -> Sequence[System]:
    """Name the systems in which a link's record is still to be created."""
    return [member.system for member in link.members if member.status == "awaited"]
