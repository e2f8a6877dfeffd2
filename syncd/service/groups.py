"""Groups: the handler that an engine calls. Runs one group, logs what came of it, shows what is asked.

Logged are names of fields, systems and records, never what they hold. A group that another process works on is skipped
and tried again a little later.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import structlog

from syncd.apply.world import World
from syncd.connectors.http_pace import within
from syncd.errors import LockedError, SyncdError
from syncd.service.health import Health
from syncd.service.inbox import Inbox
from syncd.service.metrics import Metrics
from syncd.service.worlds import Worlds
from syncd.sync import Report, run_once

LOCKED_RETRY_S = 15.0
_EVENTS = {"written": "change_applied", "refused": "change_refused"}
_GRAVITY = ("ok", "open", "skipped", "partial", "failed", "refused")

log = structlog.get_logger("syncd")


class GroupRuns:
    """Runs groups in the world as it is now."""

    def __init__(self, worlds: Worlds, inbox: Inbox, health: Health, metrics: Metrics) -> None:
        self._worlds, self._inbox, self._health, self._metrics = worlds, inbox, health, metrics
        self.again: Callable[[str], object] = lambda _group: None
        """Called a little later for a group that was locked."""
        self.results: Counter[str] = Counter()
        self._retries: dict[str, asyncio.TimerHandle] = {}

    async def __call__(self, group: str) -> None:
        """Run one group."""
        limit = self._worlds.config.service.group_limit_s
        async with self._worlds.use() as world:
            run = world.new_id()
            with (
                structlog.contextvars.bound_contextvars(run=run, group=group),
                self._health.job(f"group:{group}", limit),
            ):
                result = await self._run(group, replace(world, new_id=_first(run, world.new_id)), limit)
                self.results[result] += 1
                self._metrics.runs.labels(result).inc()
                if result not in ("skipped", "failed"):
                    await self._inbox.show(world.store, group)

    async def _run(self, group: str, world: World, limit: float) -> str:
        """Give the result of a run, or what kept it from having one."""
        try:
            with within(limit):
                async with asyncio.timeout(limit):
                    report = await run_once(group, world)
        except LockedError:
            log.info("group_skipped", why="another process works on it", retry_s=LOCKED_RETRY_S)
            self._later(group)
            return "skipped"
        except TimeoutError:
            log.error("run_failed", why=f"it took longer than {limit:g} s and was given up")  # noqa: TRY400 - no news in a traceback
            return "failed"
        except SyncdError as error:
            log.error("run_failed", why=str(error), hint=error.hint)  # noqa: TRY400 - an error with a hint needs no traceback
            return "failed"
        except Exception:
            log.exception("run_failed")
            return "failed"
        self._tell(report, world)
        return report.result

    def _tell(self, report: Report, world: World) -> None:
        """Log a run: each change by name, who was away, and the sum."""
        for row in world.store.history(run=report.run, newest_first=False):
            if event := _EVENTS.get(row.what):
                log.info(event, system=row.system, kind=row.kind, external_id=row.record_id, link=row.link,
                         fields=sorted(row.fields), rule=row.who)  # fmt: skip
        for system, why in sorted(report.away.items()):
            log.warning("system_away", system=system, why=why)
        for system, number in report.written.items():
            self._metrics.writes.labels(system).inc(number)
        log.info(
            "run_ended",
            result=report.result,
            written=dict(report.written),
            failed=len(report.failed),
            questions=len(report.questions),
            guards=sorted(set(report.changeset.tripped)),
        )

    def _later(self, group: str) -> None:
        if group not in self._retries:

            def again() -> None:
                del self._retries[group]
                self.again(group)

            self._retries[group] = asyncio.get_running_loop().call_later(LOCKED_RETRY_S, again)

    def close(self) -> None:
        """Let go of what was to be tried again."""
        for timer in self._retries.values():
            timer.cancel()
        self._retries.clear()


def worst(results: Counter[str]) -> str:
    """Give the gravest of some results."""
    return max(results, key=_GRAVITY.index, default="ok")


def _first(first: str, others: Callable[[], str]) -> Callable[[], str]:
    """Give an id that is known already, then new ones: a run logs under its own id before it has begun."""
    left = [first]
    return lambda: left.pop() if left else others()
