"""The service: one process that reads systems, runs groups, looks at the inbox, and answers to its signals.

SIGTERM and SIGINT stop it: groups under way end, and what does not end in time is cancelled, which the journal makes
safe. SIGHUP reads configuration, rules and mappings anew; bad ones are refused and the old ones stay. What a run is
stands in `syncd/sync.py`; this is wiring.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from syncd import assemble
from syncd.apply.intake import DIRTY
from syncd.config import Config
from syncd.connectors.http import sent_to
from syncd.errors import LockedError, RunError, SyncdError
from syncd.model.times import age_s
from syncd.review.collect import SETTLE_S
from syncd.review.files import ReviewFolder
from syncd.service.engine import EmbeddedEngine, Pace
from syncd.service.groups import GroupRuns, worst
from syncd.service.health import Health
from syncd.service.inbox import LOOK_S, Inbox
from syncd.service.metrics import Metrics
from syncd.service.notify import Notifier
from syncd.service.observing import Observers, pause
from syncd.service.worlds import Build, Worlds, scheduled

AFTER_DRAIN_S = 5.0
"""How long cancelled work has to let go."""
PING_S = 10.0
"""How often health is looked at when no watchdog says."""

log = structlog.get_logger("syncd")


class AlreadyRunningError(RunError):
    """Another `syncd run` works on this state folder."""

    hint = "One is enough: it runs all groups. `syncd sync` works beside it."


class Service:
    """Everything that runs beside each other. `load` reads the configuration; `on_config` is told of a new one."""

    def __init__(
        self,
        load: Callable[[], Config],
        *,
        on_config: Callable[[Config], None] = lambda _: None,
        build: Build = scheduled,
        notifier: Notifier | None = None,
        now: Callable[[], float] = time.time,
        look_s: float = LOOK_S,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._on_config, self._now, self._look_s = on_config, now, look_s
        self._notifier = notifier or Notifier()
        self.worlds = Worlds(load, build)
        config = self.worlds.config
        self.health, self.metrics = Health(), Metrics()
        self._inbox = Inbox(ReviewFolder(assemble.state_folder(config) / "review"), now, settle_s=settle_s)
        self._runs = GroupRuns(self.worlds, self._inbox, self.health, self.metrics)
        self.engine = EmbeddedEngine(
            self._runs,
            self._scopes,
            self._last_success,
            _pace(config),
            now=now,
            beat=lambda: self.health.beat("scheduler"),
        )
        self._runs.again = self.engine.enqueue
        self._observers = Observers(self.worlds, self._inbox, self.engine.enqueue, self.health, self.metrics, now)
        self._stop, self._reload = asyncio.Event(), asyncio.Event()

    # -- from outside -------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Stop: finish what is under way, then end."""
        self._stop.set()
        self._reload.set()  # whoever waits for something else looks up
        self._observers.wake()

    def reload(self) -> None:
        """Read the settings anew, soon."""
        self._reload.set()

    async def run(self) -> None:
        """Run until told to stop. Raises AlreadyRunningError, ConfigError."""
        self._listen()
        try:
            async with self.worlds.use() as world:
                lock = world.lock("service")
            try:
                async with lock:
                    await self._run()
            except LockedError as error:
                raise AlreadyRunningError from error
        finally:
            await self._close()

    async def once(self) -> str:
        """Do everything that is due now, then end. Gives the gravest result: ok, open, partial, failed or refused."""
        self._listen()
        engine = asyncio.create_task(self.engine.run(self._stop))
        try:
            self._inbox.begin(self.worlds.store)
            await self._look()
            await asyncio.sleep(0)  # the engine opens, and takes up what is overdue
            observed = await asyncio.gather(*(self._observers.once(name) for name in await self._observers.due()))
            await self._either_ends(self.engine.idle(), engine)
            results = self._runs.results.copy()
            results["refused"] += sum(bool(one and one.tripped) for one in observed)
            results["partial"] += sum(bool(one and one.errors) for one in observed)
            return worst(+results)
        finally:
            self._stop.set()
            await engine
            await self._close()

    # -- what runs beside each other ----------------------------------------------------------------------------------

    async def _run(self) -> None:
        config = self.worlds.config
        self.metrics.serve(config.service.metrics_port)
        async with self.worlds.use() as world:
            self._inbox.begin(world.store)
            await self._inbox.show(world.store)  # files are a view of the store, made anew at every start
        ping = asyncio.create_task(self._ping())
        work = [
            asyncio.create_task(self.engine.run(self._stop), name="engine"),
            asyncio.create_task(self._observers.run(self._stop), name="observers"),
            asyncio.create_task(self._look_again_and_again(), name="inbox"),
            asyncio.create_task(self._reload_when_told(), name="reload"),
        ]
        self._notifier.tell("READY=1", f"STATUS={self._status()}")
        log.info("service_started", systems=len(config.systems), groups=len(self._scopes()), pid=os.getpid())
        try:
            await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            self.stop()  # told to, or one of them broke: then the others end in order, and the manager restarts us
            self._notifier.tell("STOPPING=1", "STATUS=finishing what is under way")
            log.info("service_stopping", under_way=self.health.under_way)
            _, late = await asyncio.wait(work, timeout=self._drain_s() + AFTER_DRAIN_S)
            for task in late:
                task.cancel()
            for one in await asyncio.gather(*work, return_exceptions=True):
                if isinstance(one, Exception):
                    raise one
            log.info("service_stopped")
        finally:
            ping.cancel()  # last of all: the watchdog is fed while a stop takes its time

    async def _ping(self) -> None:
        """Feed the watchdog as long as there is progress; tell what stands still when there is none."""
        every, told = self._notifier.ping_s or PING_S, ""
        while True:
            trouble = self.health.trouble()
            if trouble and trouble != told:
                log.error("watchdog_withheld", why=trouble)
            told = trouble
            status = f"STATUS={trouble or self._status()}"
            self._notifier.tell(*(["WATCHDOG=1"] if not trouble and self._notifier.ping_s else []), status)
            self._measure()
            await asyncio.sleep(every)

    async def _look_again_and_again(self) -> None:
        """Look at the inbox every two seconds; a store that is busy or a full disk is told, and looked at again."""
        failing = ""
        while not self._stop.is_set():
            self.health.beat("inbox")
            try:
                await self._look()
                failing = ""
            except SyncdError as error:
                if str(error) != failing:
                    log.error("inbox_failed", why=str(error), hint=error.hint)  # noqa: TRY400 - its hint says more than a traceback
                failing = str(error)
            await pause(self._stop, self._look_s)

    async def _look(self) -> None:
        async with self.worlds.use() as world:
            news = await self._inbox.look(world.store)
        if news.linked:
            self.engine.refresh()
        for system in sorted(news.systems):
            self._observers.nudge(system)
        for group in sorted(news.groups):
            self.engine.enqueue(group)

    async def _reload_when_told(self) -> None:
        while True:
            await self._reload.wait()
            if self._stop.is_set():
                return
            self._reload.clear()
            await self._take_in_settings()

    async def _take_in_settings(self) -> None:
        """Go on with new settings, or with the old ones when the new are bad."""
        self._notifier.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            config = await self.worlds.reload()
            self._on_config(config)
            self.metrics.serve(config.service.metrics_port)
            self.engine.change(_pace(config))
            self.engine.refresh()
            self._observers.wake()
            await self._remember_refusal("")
            log.info("reloaded", systems=len(config.systems), groups=len(self._scopes()))
        except SyncdError as error:
            log.error(  # noqa: TRY400 - it says file, line and key, which no traceback does
                "reload_refused", why=error.message, file=error.file, line=error.line, field=error.field,
                hint="The settings from before stay in force; correct it and reload again.",
            )  # fmt: skip
            await self._remember_refusal(str(error))
        except Exception:
            log.exception("reload_refused", why="reading the settings failed unexpectedly; those from before stay")
        finally:
            self._notifier.tell("READY=1", f"STATUS={self._status()}")

    async def _remember_refusal(self, why: str) -> None:
        """Let `syncd status` tell that settings were refused; "": they count."""
        with suppress(SyncdError):
            async with self.worlds.use() as world:
                world.store.put("service", "reload_refused", {"at": world.now(), "why": why} if why else None)

    # -- small things -------------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        """Answer to signals; where there are none (another thread, another system), `stop` and `reload` are called."""
        loop = asyncio.get_running_loop()
        told = {signal.SIGTERM: self.stop, signal.SIGINT: self.stop, signal.SIGHUP: self.reload}
        for one, act in told.items():
            with suppress(ValueError, RuntimeError, NotImplementedError):
                loop.add_signal_handler(one, act)

    def _drain_s(self) -> float:
        return self.worlds.config.service.drain_s

    def _scopes(self) -> list[str]:
        return self.worlds.store.scopes()

    def _last_success(self, group: str) -> float | None:
        """Tell when a group last ran well; one that moved since is as due as one that never ran."""
        store = self.worlds.store
        last = store.last_good(group)
        return last.ended_at if last is not None and store.get(DIRTY, group) is None else None

    def _status(self) -> str:
        waiting = self.engine.queued
        return f"{self.health.under_way} under way, {waiting} waiting, {self.health.done} done since the start"

    def _measure(self) -> None:
        """Bring the gauges up to date."""
        store, config = self.worlds.store, self.worlds.config
        self.metrics.queued.set(self.engine.queued)
        self.metrics.count_requests({name: sent_to(name) for name in self.worlds.systems})
        with suppress(SyncdError):  # a busy store is told by whoever needs it
            self.metrics.questions.set(len(store.questions()))
            for name, system in self.worlds.systems.items():
                seen = [store.listing(name, kind) for kind in system.lenses]
                good = [one.good_at for one in seen if one is not None and one.good_at is not None]
                if good and name in config.systems:
                    self.metrics.lag.labels(name).set(max(age_s(self._now(), at) for at in good))

    @staticmethod
    async def _either_ends(wanted: object, task: asyncio.Task[None]) -> None:
        """Wait for the one; that the other ended first (a signal) is as good."""
        waiting = asyncio.ensure_future(wanted)  # type: ignore[call-overload]
        await asyncio.wait([waiting, task], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    async def _close(self) -> None:
        self._runs.close()
        self.metrics.close()
        await self.worlds.close()


def _pace(config: Config) -> Pace:
    return Pace(config.service.every_s, config.service.concurrency, config.service.drain_s)
