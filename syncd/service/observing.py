"""Observing: each system in its own task and cadence, so that one that hangs or fails keeps nobody else waiting.

What was tried and how it failed stands in the store: a restart neither hammers a vendor that is down nor forgets why it
is away. Groups whose records moved are run at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import structlog

from syncd.apply.world import LiveSystem, World
from syncd.config import Config
from syncd.connectors.base import Feed
from syncd.connectors.http import sent_to
from syncd.connectors.http_pace import within
from syncd.errors import LockedError, SyncdError
from syncd.model.times import age_s
from syncd.service.health import Health
from syncd.service.inbox import Inbox
from syncd.service.metrics import Metrics
from syncd.service.worlds import Worlds
from syncd.store.rows import Listing
from syncd.store.store import Store
from syncd.sync import Observed, observe

AREA = "observing"
FIRST_RETRY_S = 60.0
LONGEST_RETRY_S = 3600.0
CARE_S = 1.0
"""How often it is seen whether every system has its task."""
LAST_WORDS_S = 1.0
"""How long a reading has to end by itself at a stop."""
BUSY_RETRY_S = 15.0
"""When another process reads the system, this one looks again after so long."""

log = structlog.get_logger("syncd")


@dataclass(slots=True)
class Tried:
    """The last attempt at a system: when, and how many have failed since the last good one."""

    at: float = 0.0
    failures: int = 0
    error: str = ""

    @classmethod
    def last(cls, store: Store, system: str) -> Tried:
        """Give the last attempt."""
        said: dict[str, Any] = store.get(AREA, system) or {}
        return cls(float(said.get("at", 0.0)), int(said.get("failures", 0)), str(said.get("error", "")))

    def save(self, store: Store, system: str) -> None:
        """Remember it."""
        store.put(AREA, system, {"at": self.at, "failures": self.failures, "error": self.error})


def cadence_s(config: Config, system: LiveSystem) -> float:
    """Say how often a system is read: as its table says, else by whether it tells what moved."""
    one = config.systems[system.name]
    if one.poll_s is not None:
        return one.poll_s
    return config.service.feed_poll_s if isinstance(system.connector, Feed) else config.service.every_s


def wait_s(tried: Tried, cadence: float) -> float:
    """Say how long to wait after an attempt: its cadence when it went well, else twice as long each time."""
    if not tried.failures:
        return cadence
    first = min(FIRST_RETRY_S, cadence)
    return min(first * 2.0 ** min(tried.failures - 1, 16), max(LONGEST_RETRY_S, cadence))


def due_in(now: float, tried: Tried, seen: float, cadence: float) -> float:
    """Say in how many seconds a system is due that was tried, and `seen` whole; a clock that was set delays nobody."""
    return wait_s(tried, cadence) - min(age_s(now, tried.at), age_s(now, seen if not tried.failures else 0.0))


async def observe_now(name: str, world: World) -> Observed:
    """Observe one system under its lock. The one place that calls `observe`, which knows when a full compare is due."""
    async with world.lock(f"observe:{name}"):
        return await observe(name, world)


class Observers:
    """Reads every system when it is due, and tells which groups moved."""

    def __init__(
        self,
        worlds: Worlds,
        inbox: Inbox,
        enqueue: Callable[[str], bool],
        health: Health,
        metrics: Metrics,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._worlds, self._inbox, self._enqueue = worlds, inbox, enqueue
        self._health, self._metrics, self._now = health, metrics, now
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._wake: dict[str, asyncio.Event] = {}
        self._nudged: set[str] = set()
        self._changed = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Read systems until `stop`. A reading that is under way then is broken off: it wrote to no system, what it saw
        is stored whole or not at all, and the next one begins where the last good one ended."""
        try:
            while not stop.is_set():
                self._changed.clear()
                self._look_after(stop)
                await pause(self._changed, CARE_S)
        finally:
            self.wake()
            if self._tasks:
                _, late = await asyncio.wait(self._tasks.values(), timeout=LAST_WORDS_S)
                for task in late:
                    task.cancel()
                await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def nudge(self, system: str) -> None:
        """Read a system now: somebody answered what its guard asked."""
        self._nudged.add(system)
        if system in self._wake:
            self._wake[system].set()

    def wake(self) -> None:
        """Think again about which systems there are and when they are due: the settings changed, or it is over."""
        self._changed.set()
        for event in self._wake.values():
            event.set()

    def _look_after(self, stop: asyncio.Event) -> None:
        """Give every system its task, and end those of systems that are no more."""
        self._health.beat("observers")
        for name, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[name]
            elif name not in self._worlds.config.systems:
                task.cancel()
        for name in self._worlds.config.systems:
            if name not in self._tasks:
                self._wake[name] = asyncio.Event()
                self._tasks[name] = asyncio.create_task(self._watch(name, stop), name=f"observe:{name}")

    async def _watch(self, name: str, stop: asyncio.Event) -> None:
        """Read one system whenever it is due."""
        wake, least = self._wake[name], 0.0
        while not stop.is_set():
            wake.clear()
            try:
                delay = max(await self._due_in(name), least)
                if delay > 0:
                    await pause(wake, delay)
                if stop.is_set() or (wake.is_set() and name not in self._nudged):
                    continue
                self._nudged.discard(name)
                least = BUSY_RETRY_S if await self.once(name) is None else 0.0
            except Exception:
                # A store that is full or gone: no vendor is asked again and again because that cannot be remembered.
                log.exception("observer_failed", system=name)
                least = FIRST_RETRY_S
                await pause(wake, least)

    async def _due_in(self, name: str) -> float:
        """Tell in how many seconds a system is due."""
        if name in self._nudged:
            return 0.0
        async with self._worlds.use() as world:
            system = world.systems.get(name)
            if system is None:
                return BUSY_RETRY_S
            tried, cadence = Tried.last(world.store, name), cadence_s(self._worlds.config, system)
            listings = [world.store.listing(name, kind) for kind in system.lenses]
        # Another process may have read it since: what it saw is ours, too.
        seen = min((one.good_at or 0.0 if one is not None else 0.0 for one in listings), default=0.0)
        return due_in(self._now(), tried, seen, cadence)

    async def due(self) -> list[str]:
        """Name the systems that are due."""
        return [name for name in self._worlds.config.systems if await self._due_in(name) <= 0]

    # -- one reading --------------------------------------------------------------------------------------------------

    async def once(self, name: str) -> Observed | None:
        """Read one system now. None: another process reads it."""
        limit = self._worlds.config.service.observe_limit_s
        async with self._worlds.use() as world:
            if name not in world.systems:
                return None
            with structlog.contextvars.bound_contextvars(system=name), self._health.job(f"observe:{name}", limit):
                before, sent = Tried.last(world.store, name), sent_to(name)
                try:
                    with within(limit):
                        async with asyncio.timeout(limit):
                            observed = await observe_now(name, world)
                except LockedError:
                    log.info("observation_skipped", why="another process reads it")
                    return None
                except TimeoutError:
                    observed = self._away(name, world, f"it took longer than {limit:g} s to read")
                except SyncdError as error:
                    observed = self._away(name, world, str(error))
                except Exception as error:
                    log.exception("observation_broken")
                    observed = self._away(name, world, f"reading it failed unexpectedly ({type(error).__name__})")
                await self._note(observed, before, world, sent_to(name) - sent)
                return observed

    def _away(self, name: str, world: World, why: str) -> Observed:
        """Note that a system could not be read, so that no run believes what it last held to be what it holds now."""
        for kind in world.systems[name].lenses:
            last = world.store.listing(name, kind) or Listing(name, kind, 0.0, False, 0, 0, "")  # noqa: FBT003 - a row
            world.store.save_listing(replace(last, at=self._now(), complete=False, error=why))
        return Observed(name, errors=[why])

    async def _note(self, observed: Observed, before: Tried, world: World, sent: int) -> None:
        """Log and remember what came of it, and run the groups that moved."""
        name, store = observed.system, world.store
        failed = bool(observed.errors)
        now = Tried(self._now(), before.failures + 1 if failed else 0, "; ".join(observed.errors))
        now.save(store, name)
        if failed:
            retry = wait_s(now, cadence_s(self._worlds.config, world.systems[name]))
            log.warning("vendor_failed", why=now.error, failures=now.failures, retry_s=round(retry), requests=sent)
        else:
            log.info(
                "observed",
                records=sum(observed.counts.values()),
                changed=sum(observed.changed.values()),
                groups=len(observed.scopes),
                guards=observed.tripped,
                requests=sent,
            )
        self._metrics.observations.labels(name, "failed" if failed else "guarded" if observed.tripped else "ok").inc()
        groups = set(observed.scopes)
        if before.failures and not failed:
            log.info("vendor_recovered", failures=before.failures)
            groups |= set(store.scopes())  # whatever waited for it is delivered now
        for group in sorted(groups):
            self._enqueue(group)
        for kind in world.systems[name].lenses:
            await self._inbox.show(store, f"system:{name}/{kind}")


async def pause(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, or for some time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
