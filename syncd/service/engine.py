"""The engine port, and the engine that needs no other program: every group once in a period, at a moment of its own.

Takes names of groups and a handler; decides only when a group's handler is called. Never two of one group at once,
never the same group twice in the queue, and a handler that fails or hangs takes no other group with it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Protocol, TypeAlias

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from syncd.model.times import age_s

Handler: TypeAlias = Callable[[str], Awaitable[None]]
"""Runs one group. It may raise: the engine notes it and goes on with the others."""

BEAT_S = 5.0
STEP_S = 2.0
"""A clock that moved by more than this beside the monotonic one was set: what was scheduled by it is scheduled anew."""
REFRESH_S = 60.0
"""How often an engine looks for groups that nobody told it of."""

log = structlog.get_logger("syncd")


class Engine(Protocol):
    """When groups run. `handler(group)` is all an engine knows of syncd."""

    def enqueue(self, group: str) -> bool:
        """Run a group as soon as there is room. False: it is queued already."""
        ...

    async def run(self, stop: asyncio.Event) -> None:
        """Run groups until `stop`, then finish those under way."""
        ...


def slot_of(group: str, period_s: float) -> float:
    """Give the moment of a group within the period, in seconds: always the same one, spread evenly over all groups."""
    number = int.from_bytes(blake2b(group.encode(), digest_size=8).digest(), "big")
    return number % max(round(period_s * 1000), 1) / 1000


class SlotTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler ships no types
    """Fires at the slot of a group in every period, counted from 1970: no drift, and the same after a restart.

    With an hour this is CronTrigger(minute, second); unlike that it also takes other periods.
    """

    def __init__(self, group: str, period_s: float) -> None:
        self._period, self._slot = _microseconds(period_s) or 1, _microseconds(slot_of(group, period_s))

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """Give the next slot after now; those that were missed are not made up one by one.

        In whole microseconds: with fractions the slot after a slot can be the very same one, and APScheduler asks for
        the next one until it lies in the future.
        """
        after = (max(now, previous) if previous is not None else now) - _EPOCH
        periods = (after // _MICROSECOND - self._slot) // self._period + 1
        return _EPOCH + (periods * self._period + self._slot) * _MICROSECOND


_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)


@dataclass(frozen=True, slots=True)
class Pace:
    """How an engine spends its time: once in `period_s` each group, so many at a time, `drain_s` to end at a stop."""

    period_s: float = 3600.0
    concurrency: int = 4
    drain_s: float = 60.0


async def _every(seconds: float, act: Callable[[], None]) -> None:
    """Do something again and again, whatever the time of day."""
    while True:
        await asyncio.sleep(seconds)
        try:
            act()
        except Exception:
            log.exception("engine_failed")


class EmbeddedEngine:
    """Runs groups in this process.

    `groups` names all there are, `last_success` tells when one last ran well (seconds since 1970, None: never): a group
    whose last success is older than the period runs at once. `beat` is called while the scheduler is alive.
    """

    def __init__(
        self,
        handler: Handler,
        groups: Callable[[], Collection[str]],
        last_success: Callable[[str], float | None],
        pace: Pace = Pace(),
        *,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._monotonic, self._ahead = monotonic, now() - monotonic()
        self._handler, self._groups, self._last_success = handler, groups, last_success
        self._pace, self._now, self._beat = pace, now, beat
        self._scheduler = AsyncIOScheduler(
            timezone="UTC",
            # The default grace is 1 s: a busy loop would silently skip the job.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._known: set[str] = set()
        self._queued: dict[str, None] = {}  # in the order in which they came
        self._running: dict[str, asyncio.Task[None]] = {}
        self._open = False
        self._rest = asyncio.Event()
        self._rest.set()

    # -- the port -----------------------------------------------------------------------------------------------------

    def enqueue(self, group: str) -> bool:
        """Run a group as soon as there is room. False: it is queued already."""
        if group in self._queued:
            return False
        self._queued[group] = None
        self._rest.clear()
        self._dispatch()
        return True

    async def run(self, stop: asyncio.Event) -> None:
        """Run groups until `stop`, then finish those under way; after `drain_s` what is left is cancelled."""
        self._open = True
        self._scheduler.start()
        # The scheduler sleeps until a time of day: were these its jobs, a clock that is set back would stop them, too.
        ticks = [asyncio.create_task(_every(BEAT_S, self._alive)), asyncio.create_task(_every(REFRESH_S, self.refresh))]
        self._beat()
        try:
            self.refresh()
            self._dispatch()
            await stop.wait()
        finally:
            self._open = False
            for tick in ticks:
                tick.cancel()
            # APScheduler's own wait cancels what runs, so the groups are in a set of ours and are waited for below.
            self._scheduler.shutdown(wait=False)
            await asyncio.sleep(0)  # it stops with the loop's next turn
            await self._drain()

    # -- what the service asks beside ---------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Take up groups that are new, let go of those that are no more."""
        names = set(self._groups())
        for group in self._known - names:
            self._scheduler.remove_job(f"group:{group}")
            self._queued.pop(group, None)
        for group in sorted(names - self._known):
            self._begin(group)
        self._known = names
        self._settle()

    def change(self, pace: Pace) -> None:
        """Go on at another pace; a new period gives every group a new moment."""
        moved = pace.period_s != self._pace.period_s
        self._pace = pace
        if moved:
            for group in self._known:
                self._schedule(group)
        self._dispatch()

    async def idle(self) -> None:
        """Wait until nothing is queued and nothing runs."""
        await self._rest.wait()

    @property
    def queued(self) -> int:
        """Tell how many groups wait."""
        return len(self._queued)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _schedule(self, group: str) -> None:
        trigger = SlotTrigger(group, self._pace.period_s)
        self._scheduler.add_job(self._due, trigger, args=[group], id=f"group:{group}", replace_existing=True)

    def _begin(self, group: str) -> None:
        """Schedule a group, and run it at once where its last success is too long ago."""
        self._schedule(group)
        last = self._last_success(group)
        if last is None or age_s(self._now(), last) >= self._pace.period_s:
            self.enqueue(group)

    async def _due(self, group: str) -> None:
        # A coroutine, because APScheduler takes a plain function into a thread.
        self.enqueue(group)

    def _alive(self) -> None:
        self._beat()
        ahead = self._now() - self._monotonic()
        if abs(ahead - self._ahead) > STEP_S:
            log.warning("clock_was_set", by_s=round(ahead - self._ahead))
            for group in sorted(self._known):
                self._begin(group)
        self._ahead = ahead

    def _dispatch(self) -> None:
        """Start what there is room for; a group that runs keeps its twin waiting."""
        if not self._open:
            return
        for group in list(self._queued):
            if len(self._running) >= self._pace.concurrency:
                return
            if group not in self._running:
                del self._queued[group]
                # A context of its own: what whoever asked for it has bound to its log events is not the group's.
                task = asyncio.create_task(self._one(group), name=f"group:{group}", context=Context())
                self._running[group] = task

    async def _one(self, group: str) -> None:
        try:
            await self._handler(group)
        except Exception:
            log.exception("group_failed", group=group)
        finally:
            del self._running[group]
            self._dispatch()
            self._settle()

    def _settle(self) -> None:
        if not self._queued and not self._running:
            self._rest.set()

    async def _drain(self) -> None:
        tasks = set(self._running.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self._pace.drain_s)
            for task in late:
                log.warning("group_cancelled", group=task.get_name().removeprefix("group:"), after_s=self._pace.drain_s)
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*late, return_exceptions=True)
        self._queued.clear()
        self._rest.set()
