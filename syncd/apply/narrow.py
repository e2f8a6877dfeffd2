"""Observe a few groups of a system: before they are linked, or when only they are of interest.

Takes native ids, writes snapshots. Nothing is judged missing by it, no listing is noted, and a feed goes on from where
it was.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from syncd.apply.intake import Intake, Observed
from syncd.apply.renumber import in_question
from syncd.apply.world import LiveSystem, World
from syncd.connectors.base import Access
from syncd.connectors.paging import pages_of
from syncd.errors import ConnectorError
from syncd.model.records import Kind, Present, Record
from syncd.reconcile.guards import Sighting, Trip, identity_epoch, judge

_KINDS: tuple[Kind, ...] = ("group", "plan")


async def observe_groups(system: LiveSystem, world: World, observed: Observed, groups: Collection[str]) -> None:
    """Read some groups and list their plans. The access of the system was asked for just before."""
    trip = _of_another_world(system, world)
    if trip is not None:
        observed.tripped.append(trip.name)
        return
    if any(in_question(system.name, kind, world) for kind in system.lenses):
        observed.tripped.append(identity_epoch.NAME)  # a new id that is known hides that all of them are new
        return
    found: dict[Kind, list[Record]] = {kind: [] for kind in _KINDS if kind in system.lenses}
    intakes = {kind: Intake(system, kind, world) for kind in found}
    try:
        await _read(system, found, frozenset(groups), observed)
    except ConnectorError as error:
        observed.errors.append(str(error))
    for kind, records in found.items():
        observed.counts[kind] = len(records)
        intakes[kind].take_moved(records)
        intakes[kind].save(observed)


async def _read(
    system: LiveSystem, found: Mapping[Kind, list[Record]], groups: frozenset[str], observed: Observed
) -> None:
    """Collect what there is, as far as it can be read."""
    if "group" in found:
        for group in sorted(groups):
            answer = await system.connector.read("group", group)
            if isinstance(answer, Present):
                found["group"].append(answer.record)
    if "plan" in found and groups:
        by_group = system.access is not None and system.access.by_group
        async for page in pages_of(system.connector, "plan", groups if by_group else None):
            found["plan"] += [record for record in page.records if record.group in groups]
            observed.unreadable |= {("plan", record_id): why for record_id, why in page.unreadable.items()}


def _of_another_world(system: LiveSystem, world: World) -> Trip | None:
    """Tell whether address, tenant, filter or rights are not those under which the known records were listed."""
    access = system.access or Access("")
    listings = [one for kind in system.lenses if (one := world.store.listing(system.name, kind)) is not None]
    last = max(listings, key=lambda one: one.good_at or 0.0, default=None)
    sighting = Sighting(
        system.name,
        "group",
        listed=1,
        known=1,
        fingerprint=access.fingerprint,
        last_fingerprint=last.fingerprint if last is not None else "",
        unreadable=access.unreadable,
        last_unreadable=world.store.get("rights", system.name) or {},
    )
    return judge(sighting, world.limits)
