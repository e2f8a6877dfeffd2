"""Observe through a feed: what moved since a known place, in a few requests instead of a listing.

A feed is believed only where it goes on from complete, good listings of the very same records: under another address,
tenant, filter, set of rights or mapping, after a listing that broke off or tripped a guard, when the feed has expired
or failed, and once a day in any case, `drain` says no and everything is listed. What it tells, what it proves gone, the
groups that this makes dirty and the new place are stored in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import cast

from syncd.apply.intake import Intake, Observed, linked_groups, quarantine
from syncd.apply.world import LiveSystem, World
from syncd.connectors.base import Access, Changes, Feed
from syncd.connectors.paging import pages_of
from syncd.errors import ConnectorError
from syncd.model.records import Gone, Kind, Present, Record
from syncd.model.times import age_s
from syncd.reconcile.guards import Sighting, judge
from syncd.reconcile.questions import digest_of
from syncd.store.rows import Listing

AREA = "feed"
"""Area of the store: system -> where its feed goes on, since when, and of which groups."""


@dataclass(frozen=True, slots=True)
class Start:
    """A place in a feed. `basis`: digest of all that makes the known records the same records; `groups`: native ids of
    those whose plans are known (where plans are listed by group); `full_at`: time of the last complete listing."""

    position: str
    basis: str
    groups: tuple[str, ...]
    full_at: float


async def start(system: LiveSystem, world: World) -> Start | None:
    """Take the feed's place before a complete listing; None where there is no feed, or it does not answer now."""
    if not isinstance(system.connector, Feed):
        return None
    try:
        position = await system.connector.position()
    except ConnectorError:
        return None  # the listing is worth having without it
    return Start(position, _basis(system), tuple(_asked(system, world) or ()), world.now())


def remember(system: LiveSystem, world: World, place: Start) -> None:
    """Store where the feed goes on."""
    told = {
        "position": place.position,
        "basis": place.basis,
        "groups": list(place.groups),
        "full_at": place.full_at,
    }
    world.store.put(AREA, system.name, told)


async def drain(system: LiveSystem, world: World, observed: Observed) -> bool:
    """Take in what the feed tells; False, and nothing is stored, when only a complete listing will do."""
    since = _place(system, world)
    if since is None:
        return False
    feed = cast("Feed", system.connector)
    groups = _asked(system, world)
    intakes = {kind: Intake(system, kind, world) for kind in sorted(system.lenses)}
    try:
        changes = await feed.changes(since.position, groups)
        if changes.expired:
            return False
        hints = _take(changes, intakes)
        observed.unreadable |= changes.unreadable
        if groups is not None and (new := groups.keys() - set(since.groups)):
            hints["plan"] |= await _list_new({group: groups[group] for group in new}, intakes["plan"])
        for kind, ids in hints.items():
            await _prove(ids, intakes[kind], changes)
        for intake in intakes.values():
            await intake.refresh()
    except (ConnectorError, _NotWholeError):
        return False
    if any(_trips(intake) for intake in intakes.values()):
        return False  # the complete listing says whether it is so, and its guard asks
    read = {(record.kind, record.id) for record in changes.records} | changes.gone.keys()
    quarantine(observed, world, read)
    _store(intakes, replace(since, position=changes.position, groups=tuple(groups or ())), system, world, observed)
    return True


class _NotWholeError(Exception):
    """The plans of a newly linked group were not listed to their end."""


def _place(system: LiveSystem, world: World) -> Start | None:
    """Give the place from which the feed may go on; None: list completely."""
    told = world.store.get(AREA, system.name)
    if told is None or not isinstance(system.connector, Feed):
        return None
    place = Start(told["position"], told["basis"], tuple(told["groups"]), told["full_at"])
    if place.basis != _basis(system) or age_s(world.now(), place.full_at) >= world.full_every_s:
        return None
    listings = [world.store.listing(system.name, kind) for kind in system.lenses]
    return place if all(one is not None and _is_good(one) for one in listings) else None


def _is_good(listing: Listing) -> bool:
    return listing.complete and not listing.tripped and not listing.error


def _basis(system: LiveSystem) -> str:
    """Digest what a listing depends on besides the records: where it is from, what it may show, how it is read."""
    access = system.access or Access("")
    lenses = {kind: lens.digest for kind, lens in system.lenses.items()}
    return digest_of(access.fingerprint, dict(access.unreadable), lenses, str(access.by_group))


def _asked(system: LiveSystem, world: World) -> dict[str, str] | None:
    """Give the groups whose plans are asked for, with their scopes; None: of all."""
    by_group = system.access is not None and system.access.by_group and "plan" in system.lenses
    return linked_groups(system.name, world) if by_group else None


# -- what it tells ----------------------------------------------------------------------------------------------------


def _take(changes: Changes, intakes: Mapping[Kind, Intake]) -> dict[Kind, set[str]]:
    """Take in the records that are not as they were; give the ids of those that are said to be gone."""
    hints: dict[Kind, set[str]] = {kind: set() for kind in intakes}
    for kind, record_id in changes.gone:
        if kind in hints:
            hints[kind].add(record_id)
    for kind, intake in intakes.items():
        latest = {one.id: one for one in changes.records if one.kind == kind and one.id not in hints[kind]}
        intake.take_moved(latest.values())
    return hints


async def _list_new(groups: Mapping[str, str], intake: Intake) -> set[str]:
    """List the plans of groups that were linked since; give the ids of known ones that are not there (any more)."""
    store, name = intake.world.store, intake.system.name
    whole = False
    listed: dict[str, Record] = {}
    async for page in pages_of(intake.system.connector, "plan", groups):
        listed |= {record.id: record for record in page.records}
        whole = page.last
    if not whole:
        raise _NotWholeError
    told = {record.id for record, _ in intake.moved}
    intake.take_moved(record for record in listed.values() if record.id not in told)
    return store.ids_in(name, "plan", groups.values()) - listed.keys()


async def _prove(ids: Iterable[str], intake: Intake, changes: Changes) -> None:
    """Ask for each record that is said to be gone: only what its own key does not find either is gone."""
    store, name, kind = intake.world.store, intake.system.name, intake.kind
    wanted = sorted(ids)
    if not wanted:
        return
    known = store.snapshots(name, kind, wanted)
    members = store.members_of(name, kind)
    for record_id in wanted:
        old = known.get(record_id)
        if (old is None or old.gone is not None) and record_id not in members:
            continue  # it came and went unseen
        answer = await intake.system.connector.read(kind, record_id)
        if isinstance(answer, Present):
            intake.take_moved([answer.record])
        elif isinstance(answer, Gone):
            intake.gone[record_id] = changes.gone.get((kind, record_id)) or answer.evidence


def _trips(intake: Intake) -> bool:
    """Tell whether so much is gone that a listing which shows it would trip a guard."""
    if not intake.gone:
        return False
    store, name, kind = intake.world.store, intake.system.name, intake.kind
    known = {one for one, (_, gone) in store.heads(name, kind).items() if gone is None} | store.members_of(name, kind)
    listed = {record.id for record, _ in intake.moved} | known - intake.gone.keys()
    sighting = Sighting(name, kind, listed=len(listed), known=len(known), missing=tuple(sorted(intake.gone)))
    return judge(sighting, intake.world.limits) is not None


def _store(intakes: Mapping[Kind, Intake], place: Start, system: LiveSystem, world: World, observed: Observed) -> None:
    """Store all that was told, in one transaction: every record that it did not name is as it was."""
    now = world.now()
    observed.by_feed = True
    with world.store.transaction():
        for kind, intake in intakes.items():
            more = intake.save(observed)
            last = cast("Listing", world.store.listing(system.name, kind))  # a feed goes on from listings (`_place`)
            count = max(last.count + more, 0)
            observed.counts[kind] = count
            world.store.save_listing(replace(last, at=now, good_at=now, count=count, known=count))
        remember(system, world, place)
