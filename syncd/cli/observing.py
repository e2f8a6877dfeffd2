"""Observe from the command line: one lock per system, progress on a terminal, what was seen in one line each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from syncd.cli.out import Progress, count
from syncd.errors import LockedError
from syncd.sync import Observed, observe

if TYPE_CHECKING:
    from syncd.apply.world import World
    from syncd.model.records import Kind

_NOUNS = {"group": "group", "plan": "plan", "generic": "record"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What one observation came to. `busy`: another process observes the system; its last listing counts."""

    observed: Observed
    busy: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give it for programs."""
        one = self.observed
        return {
            "system": one.system,
            "records": dict(one.counts),
            "changed": dict(one.changed),
            "errors": [*one.errors, *filter(None, (self.busy,))],
            "unreadable": [
                {"kind": kind, "id": record_id, "why": why} for (kind, record_id), why in sorted(one.unreadable.items())
            ],
            "guards": one.tripped,
        }

    def line(self) -> str:
        """Give it for people."""
        one = self.observed
        counts = [count(number, _NOUNS[kind]) for kind, number in one.counts.items()]
        changed = sum(one.changed.values())
        said = [
            ", ".join(counts) or "not read",
            f"{changed:,} changed since it was last read" if changed else "nothing changed",
        ]
        said += [f"left out, {why}" for _, why in sorted(one.unreadable.items())]
        said += [f"stopped by the guard {name}" for name in one.tripped]
        return f"{one.system}: {'; '.join([*said, *one.errors, *filter(None, (self.busy,))])}"


async def observe_all(
    world: World, progress: Progress, *, force: Collection[str] = (), full: bool = False
) -> list[Seen]:
    """Observe every system, each under its lock; `full`: list it completely, whatever its feed says."""
    found = []
    for name in sorted(world.systems):
        progress.say(f"reading {name} …")
        try:
            async with world.lock(f"observe:{name}"):
                found.append(Seen(await observe(name, world, force=force, full=full)))
        except LockedError as error:
            found.append(Seen(Observed(name), f"another process is reading it ({error.message})"))
    progress.done()
    return found


async def observe_new(world: World, progress: Progress, *, refresh: bool = False, failed: bool = False) -> None:
    """Observe the systems that were never observed, and (`failed`) those whose last reading failed, which may be back;
    all of them, and completely, on request."""

    def wanted(name: str, kind: Kind) -> bool:
        listing = world.store.listing(name, kind)
        return listing is None or (failed and bool(listing.error))

    never = [
        name
        for name, system in sorted(world.systems.items())
        if refresh or any(wanted(name, kind) for kind in system.lenses)
    ]
    if never:
        await observe_all(replace(world, systems={name: world.systems[name] for name in never}), progress, full=refresh)
