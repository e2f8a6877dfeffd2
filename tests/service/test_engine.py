"""The embedded engine: the contract of all engines, its slots, and groups that come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

import syncd.service.engine as engine_module
from syncd.service.engine import EmbeddedEngine, Pace, SlotTrigger, slot_of
from tests.service.contract import NOW, PERIOD_S, EngineContract, Work, a_while, until


def embedded(work, last, pace, **more) -> EmbeddedEngine:
    return EmbeddedEngine(work, lambda: list(last), last.__getitem__, pace, now=lambda: NOW, **more)


class TestEmbeddedEngine(EngineContract):
    def make(self, work: Work, last: Mapping[str, float | None], *, concurrency: int = 4, drain_s: float = 2.0):
        return embedded(work, last, Pace(PERIOD_S, concurrency, drain_s))


# -- slots -------------------------------------------------------------------------------------------------------------


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_group_has_one_slot_whoever_asks():
    """The digest does not change with the process, as Python's own hash would."""
    assert slot_of("acme", 3600) == slot_of("acme", 3600) == 829.185


def test_slots_are_spread_over_the_period():
    slots = sorted(slot_of(f"group-{number}", 3600) for number in range(600))
    assert all(0 <= slot < 3600 for slot in slots)
    for quarter in range(4):
        assert 120 <= sum(quarter * 900 <= slot < (quarter + 1) * 900 for slot in slots) <= 180


def test_a_slot_comes_once_in_every_period_and_does_not_drift():
    trigger = SlotTrigger("acme", 3600)
    first = trigger.get_next_fire_time(None, at("2026-03-01T08:00"))
    assert (first.minute, first.second) == (13, 49)
    second = trigger.get_next_fire_time(first, first)
    assert (second - first).total_seconds() == 3600


def test_slots_that_were_missed_are_not_made_up_one_by_one():
    trigger = SlotTrigger("acme", 3600)
    first = trigger.get_next_fire_time(None, at("2026-03-01T08:00"))
    after = trigger.get_next_fire_time(first, at("2026-03-02T19:00"))
    assert at("2026-03-02T19:00") < after <= at("2026-03-02T20:00")


@given(
    period_s=st.one_of(st.sampled_from([0.01, 0.1, 1.0, 3600.0]), st.floats(0.001, 86400.0)),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_the_slot_after_a_slot_is_a_period_later_even_when_it_is_now(period_s: float, now: datetime):
    """The same slot again would be asked for over and over, in a list that grows until the memory is full."""
    trigger = SlotTrigger("acme", period_s)
    first = trigger.get_next_fire_time(None, now)
    second = trigger.get_next_fire_time(first, first)
    assert now < first < second
    assert second - first == timedelta(microseconds=round(period_s * 1_000_000))


# -- coming round, coming and going ------------------------------------------------------------------------------------


async def test_a_slot_runs_its_group_again_and_again():
    work, stop, beats = Work(), asyncio.Event(), []
    engine = embedded(work, {"fresh": NOW}, Pace(0.1), beat=lambda: beats.append(1))
    task = asyncio.create_task(engine.run(stop))
    await until(lambda: len(work.ended) >= 3)
    stop.set()
    await task
    assert beats


async def test_groups_come_and_go():
    """A new group runs at once, one that is no more is never run again."""
    work, stop, last = Work(), asyncio.Event(), {"a": NOW}
    engine = embedded(work, last, Pace(0.2))
    task = asyncio.create_task(engine.run(stop))
    await asyncio.sleep(0)
    last["b"] = None
    engine.refresh()
    await until(lambda: "b" in work.ended)
    last.clear()
    engine.refresh()
    await engine.idle()
    work.begun.clear()
    await asyncio.sleep(0.25)
    stop.set()
    await task
    assert work.begun == []


async def test_another_pace_moves_every_slot():
    work, stop = Work(), asyncio.Event()
    engine = embedded(work, {"a": NOW}, Pace(PERIOD_S))
    task = asyncio.create_task(engine.run(stop))
    await a_while()
    assert work.begun == []
    engine.change(Pace(0.1, 1, 1.0))
    await until(lambda: work.ended)
    stop.set()
    await task


@pytest.mark.parametrize("jump", [-366 * 86400.0, -7200.0, 7200.0, 366 * 86400.0])
async def test_a_clock_that_is_set_stops_no_slot(monkeypatch, jump: float):
    """B10: what was scheduled by another time is scheduled anew, so that every group runs within a period."""
    monkeypatch.setattr(engine_module, "BEAT_S", 0.01)
    work, stop, clock, beats = Work(), asyncio.Event(), [NOW, 0.0], []
    engine = EmbeddedEngine(
        work,
        lambda: ["a"],
        lambda _: NOW,
        Pace(PERIOD_S),
        now=lambda: clock[0],
        monotonic=lambda: clock[1],
        beat=lambda: beats.append(1),
    )
    task = asyncio.create_task(engine.run(stop))
    await a_while()
    [job] = engine._scheduler.get_jobs()
    asked_for = job.next_run_time
    job.modify(next_run_time=asked_for + timedelta(days=366))  # as it stands after the clock was set back by so much
    clock[0], clock[1] = NOW + 60, 60.0
    await a_while()
    assert engine._scheduler.get_jobs()[0].next_run_time > asked_for, "time that passes is no jump"
    clock[0] += jump
    await a_while()
    [job] = engine._scheduler.get_jobs()
    assert job.next_run_time - datetime.now(UTC) <= timedelta(seconds=PERIOD_S)
    assert (work.ended, bool(beats)) == ([] if 0 < jump < PERIOD_S else ["a"], True)
    stop.set()
    await task


async def test_a_group_logs_under_its_own_name_only():
    """Who enqueues it may have bound a system to its events; the run of a group is not of that system."""
    bound, stop = [], asyncio.Event()

    async def handler(group: str) -> None:
        bound.append(structlog.contextvars.get_contextvars())

    engine = embedded(handler, {}, Pace(PERIOD_S))
    task = asyncio.create_task(engine.run(stop))
    await asyncio.sleep(0)
    with structlog.contextvars.bound_contextvars(system="crm"):
        engine.enqueue("a")
    await until(lambda: bound)
    stop.set()
    await task
    assert bound == [{}]
