"""The base world of a history: a few employers of the sandboxes' seed, linked as a person links them, and settled.

Made once for a running sandbox, then given again and again: both vendors are restored from their snapshots, and the
engine's store is copied.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

from syncd.apply.world import LiveSystem, World
from syncd.connectors.http import Http
from syncd.linking import Choice, link_groups, link_plans, unlinked
from syncd.mapping.load import load_mapping
from syncd.mapping.record_lens import RecordLens
from syncd.model import paths
from syncd.model.records import Kind
from syncd.model.values import Flat
from syncd.model.values_text import format_value
from syncd.reconcile.rules import Rules
from syncd.reconcile.types import Link, Stray
from syncd.simulation.backstage import SimClock, SimStore
from syncd.simulation.vendors.server import START_S, Vendor
from syncd.simulation.vendors.wire import BP, PQ, Remembered, Truth, Wire, connector, wired
from syncd.store.store import Store
from syncd.sync import Report, observe, run_once

DAY_S = 86_400.0
_SETTLES_IN = 6


@dataclass
class Engine:
    """A world on a clock that only moves when told, and the ways to the vendors that it uses."""

    world: World
    wires: Mapping[str, Wire]

    async def observe(self, *, full: bool = False) -> None:
        """Observe both systems."""
        for name in sorted(self.world.systems):
            await observe(name, self.world, full=full)

    async def run(self, scope: str, *, full: bool = False) -> Report:
        """Observe both systems and run one group."""
        await self.observe(full=full)
        return await run_once(scope, self.world)

    async def aclose(self) -> None:
        """Log out and close every connection."""
        for system in self.world.systems.values():
            await system.connector.aclose()

    async def drop(self) -> None:
        """Close every connection without a word, as a process that dies does."""
        for wire in self.wires.values():
            await wire.aclose()


def engine(
    vendors: Mapping[str, Vendor],
    store: Store,
    clock: SimClock,
    new_id: Callable[[], str],
    *,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    rules: Mapping[str, Any] | None = None,
) -> Engine:
    """Make a world of both sandboxes with their shipped mappings; `settings`: of connectors, by system."""
    wires = {name: wired(vendor, clock.now, clock.sleep) for name, vendor in vendors.items()}
    systems = {}
    for name, vendor in vendors.items():
        http: Http = wires[name]
        more = (settings or {}).get(name, {})
        system = connector(vendor, Remembered(store, name), http, **more)
        systems[name] = LiveSystem(name, system, dict(lenses_of(name)))
    world = World(systems, store, Rules(dict(rules or {}), list(systems)), clock=clock, new_id=new_id)
    return Engine(world, wires)


@cache
def lenses_of(system: str) -> Mapping[Kind, RecordLens]:
    """Give the lenses of a shipped mapping; compiling one takes half a second."""
    return load_mapping(system).lenses


def ids(prefix: str = "id") -> Callable[[], str]:
    """Give ids that are the same in every run of a history."""
    numbers = count(1)
    return lambda: f"{prefix}{next(numbers):05d}"


# -- the seed, cut down ------------------------------------------------------------------------------------------------


@dataclass
class Base:
    """The vendors with only some employers in them. `groups`: name -> system -> native id."""

    vendors: Mapping[str, Vendor]
    truth: Truth
    groups: Mapping[str, Mapping[str, str]]

    def snapshot(self) -> dict[str, Any]:
        """Give the present state of both vendors, without what PerfectQuote keeps of deleted records."""
        states = {name: vendor.door.call("GET", "snapshot") for name, vendor in self.vendors.items()}
        records = states[PQ]["store"]["records"]
        for kind, found in records.items():
            records[kind] = {key: record for key, record in found.items() if not record.get("deleted_at")}
        return states

    def restore(self, states: Mapping[str, Any], at: float) -> None:
        """Bring both vendors back to a state and a time, without faults, and nothing counted."""
        for name, vendor in self.vendors.items():
            vendor.door.call("DELETE", "faults")
            vendor.door.call("POST", "restore", states[name])
            vendor.door.call("DELETE", "requests")
        self.set_clock(at)

    def set_clock(self, at: float) -> None:
        """Set the clock, which the vendors share."""
        next(iter(self.vendors.values())).door.set_clock(at)


def cut_down(vendors: Mapping[str, Vendor], names: Collection[str]) -> Base:
    """Delete, as a person, every employer but those named: a listing then costs what a test can pay."""
    truth = Truth(vendors)
    groups: dict[str, dict[str, str]] = {name: {} for name in names}
    next(iter(vendors.values())).door.set_clock(START_S)
    for system, vendor in vendors.items():
        lens = lenses_of(system)["group"]
        for record in truth.all(system, "group"):
            name = format_value(lens.get(record)["details.name"])
            if name in groups:
                groups[name][system] = record.id
            else:
                vendor.door.delete("group", record.id)
    return Base(vendors, truth, groups)


# -- linking as a person does ------------------------------------------------------------------------------------------


async def link_all(made: Engine, employers: Iterable[Mapping[str, str]], *, source: str = BP) -> list[Link]:
    """Link employers (system -> native id) and those of their plans that both systems hold; where they differ `source`
    counts.

    The person knows the plans by name, line and day; syncd never matches by name.
    """
    await made.observe()
    links = [await link_groups(made.world, members, source=source) for members in employers]
    await made.observe()
    sources = dict.fromkeys(paths.SECTIONS, source)
    for link in links:
        strays = unlinked(link.id, made.world)
        choices = [Choice(PQ, mine, "link", {BP: other}, sources) for mine, other in pairs(strays)]
        link_plans(made.world, link.id, choices, by="ann")
    return links


def pairs(strays: Mapping[tuple[str, str], Stray]) -> list[tuple[str, str]]:
    """Give the plans that are plainly the same in both systems, by native ids."""
    mine = _known_by({key: stray.seen.flat for key, stray in strays.items() if key[0] == PQ})
    other = _known_by({key: stray.seen.flat for key, stray in strays.items() if key[0] == BP})
    return [(mine[name], other[name]) for name in sorted(mine.keys() & other.keys())]


def _known_by(plans: Mapping[tuple[str, str], Flat]) -> dict[tuple[str, ...], str]:
    """Name plans by what people know them by, leaving out names that two share."""
    found: dict[tuple[str, ...], list[str]] = {}
    for (_, record), flat in plans.items():
        said = [flat.get(path) for path in ("details.name", "details.line", "details.effective_date")]
        found.setdefault(tuple("" if one is None else format_value(one) for one in said), []).append(record)
    return {name: records[0] for name, records in found.items() if len(records) == 1}


@dataclass(frozen=True)
class Settled:
    """Employers linked and settled: the state of both vendors and the engine's store, to begin from again and again."""

    base: Base
    scopes: tuple[str, ...]
    store: SimStore
    states: Mapping[str, Any]
    at: float

    def begin(self) -> SimStore:
        """Bring the vendors back, and give a copy of the store."""
        self.base.restore(self.states, self.at)
        return SimStore.take(self.store)


def settled(base: Base, names: Sequence[str], before: Settled | None = None) -> Settled:
    """Link more employers (besides those linked before) and run until nothing is written any more."""
    store = before.begin() if before is not None else SimStore.take()
    clock = SimClock(before.at if before is not None else START_S)
    base.set_clock(clock.at)

    async def linked() -> tuple[str, ...]:
        made = engine(base.vendors, store, clock, ids(f"base{len(names)}-"))
        try:
            links = await link_all(made, [base.groups[name] for name in names])
            scopes = (*(before.scopes if before is not None else ()), *(link.id for link in links))
            await _settle(made, scopes, clock)
            return scopes
        finally:
            await made.aclose()

    scopes = asyncio.run(linked())
    base.set_clock(clock.at)
    return Settled(base, scopes, store, base.snapshot(), clock.at)


async def _settle(made: Engine, scopes: Sequence[str], clock: SimClock) -> None:
    """Run until nothing is written. Raises RuntimeError when that does not end."""
    reports: list[Report] = []
    for _ in range(_SETTLES_IN):
        await made.observe()
        reports = [await run_once(scope, made.world) for scope in scopes]
        clock.at += 60.0
        if not any(sum(report.written.values()) or report.failed for report in reports):
            return
    raise RuntimeError(f"it does not settle: {[(dict(one.written), one.failed) for one in reports]}")
