"""What every engine does, whatever stands behind it. Subclass `EngineContract` and say how yours is made."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

NOW = 1_790_000_000.0
PERIOD_S = 3600.0


@dataclass
class Work:
    """A handler that notes what it was called with, and waits where it is told to."""

    begun: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    at_once: Counter[str] = field(default_factory=Counter)
    most_of_one: int = 0
    most: int = 0
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)

    def hold(self, group: str) -> asyncio.Event:
        """Let a group take until its gate is opened."""
        return self.gates.setdefault(group, asyncio.Event())

    async def __call__(self, group: str) -> None:
        self.begun.append(group)
        self.at_once[group] += 1
        self.most_of_one = max(self.most_of_one, self.at_once[group])
        self.most = max(self.most, sum(self.at_once.values()))
        try:
            await asyncio.sleep(0)
            if group in self.gates:
                await self.gates[group].wait()
            if group in self.failing:
                raise ValueError(group)
            self.ended.append(group)
        except asyncio.CancelledError:
            self.cancelled.append(group)
            raise
        finally:
            self.at_once[group] -= 1


async def until(true: Callable[[], object], seconds: float = 3.0) -> None:
    """Wait until something is true, and fail when it never is."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for is whatever a test says
            await asyncio.sleep(0.005)


async def a_while() -> None:
    """Give an engine time for what it should not do."""
    await asyncio.sleep(0.05)


class EngineContract:
    """The law. `make` gives an engine for a handler, groups with their last success, and a pace."""

    def make(self, work: Work, last: Mapping[str, float | None], *, concurrency: int = 4, drain_s: float = 2.0):
        raise NotImplementedError

    @asynccontextmanager
    async def running(self, work: Work, last: Mapping[str, float | None], **pace: float) -> AsyncIterator:
        engine = self.make(work, last, **pace)
        stop = asyncio.Event()
        task = asyncio.create_task(engine.run(stop))
        try:
            yield engine
        finally:
            for gate in work.gates.values():
                gate.set()
            stop.set()
            await asyncio.wait_for(task, 5)

    async def test_what_is_overdue_runs_at_once(self):
        """A group that never ran, and one whose last good run is older than the period."""
        work = Work()
        async with self.running(work, {"never": None, "old": NOW - PERIOD_S - 1}):
            await until(lambda: set(work.ended) == {"never", "old"})

    async def test_what_is_fresh_waits_for_its_slot(self):
        work = Work()
        async with self.running(work, {"fresh": NOW - 60, "never": None}):
            await until(lambda: work.ended)
            await a_while()
        assert work.begun == ["never"]

    async def test_a_twin_in_the_queue_is_suppressed(self):
        work = Work()
        work.hold("busy")
        async with self.running(work, {"busy": None}, concurrency=1) as engine:
            await until(lambda: work.begun == ["busy"])
            assert engine.enqueue("other")
            assert not engine.enqueue("other")
            work.gates["busy"].set()
            await until(lambda: work.ended == ["busy", "other"])
            await a_while()
        assert work.begun == ["busy", "other"]

    async def test_a_group_that_runs_may_be_queued_once_more(self):
        """What moved while it ran may not be what it read."""
        work = Work()
        gate = work.hold("busy")
        async with self.running(work, {"busy": None}) as engine:
            await until(lambda: work.begun)
            assert engine.enqueue("busy")
            assert not engine.enqueue("busy")
            await a_while()
            assert work.begun == ["busy"]
            gate.set()
            await until(lambda: work.ended == ["busy", "busy"])

    async def test_never_two_of_one_group_at_once(self):
        work = Work()
        async with self.running(work, {"a": None, "b": None}) as engine:
            for _ in range(50):
                engine.enqueue("a")
                engine.enqueue("b")
                await asyncio.sleep(0)
            await until(lambda: len(work.ended) > 4 and sum(work.at_once.values()) == 0)
        assert work.most_of_one == 1
        assert work.most == 2

    async def test_a_group_that_fails_stalls_no_other_and_may_run_again(self):
        work = Work(failing={"bad"})
        async with self.running(work, {"bad": None, "good": None}, concurrency=1) as engine:
            await until(lambda: "good" in work.ended)
            work.failing.clear()
            assert engine.enqueue("bad")
            await until(lambda: "bad" in work.ended)

    async def test_a_group_that_hangs_stalls_no_other(self):
        work = Work()
        work.hold("hangs")
        async with self.running(work, {"hangs": None, **{f"g{number}": None for number in range(9)}}, concurrency=2):
            await until(lambda: len(work.ended) == 9)
            assert "hangs" not in work.ended

    async def test_only_so_many_run_at_a_time(self):
        work = Work()
        async with self.running(work, {f"g{number}": None for number in range(20)}, concurrency=3):
            await until(lambda: len(work.ended) == 20)
        assert work.most == 3

    async def test_a_stop_lets_end_what_runs_and_begins_nothing(self):
        work = Work()
        gate = work.hold("busy")
        engine, stop = self.make(work, {"busy": None}, concurrency=1), asyncio.Event()
        task = asyncio.create_task(engine.run(stop))
        await until(lambda: work.begun)
        engine.enqueue("waits")
        stop.set()
        await a_while()
        assert not task.done()
        gate.set()
        await asyncio.wait_for(task, 2)
        assert (work.begun, work.ended, work.cancelled) == (["busy"], ["busy"], [])

    async def test_what_does_not_end_in_time_is_cancelled(self):
        work = Work()
        work.hold("hangs")
        engine, stop = self.make(work, {"hangs": None}, drain_s=0.05), asyncio.Event()
        task = asyncio.create_task(engine.run(stop))
        await until(lambda: work.begun)
        stop.set()
        await asyncio.wait_for(task, 2)
        assert work.cancelled == ["hangs"]
