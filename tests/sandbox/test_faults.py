"""Which calls a fault meets, and a clock that does as it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from syncd.sandbox.clock import Clock, stamp
from syncd.sandbox.faults import Faults

CALLS = ["GET /v1/plans", "GET /v1/plans/{id}", "POST /v1/plans/{id}:copy"]


@pytest.mark.parametrize(
    ("match", "met"),
    [
        ("*", CALLS),
        ("GET *", CALLS[:2]),
        ("GET /v1/plans", CALLS[:1]),
        ("*/v1/plans/{id}*", CALLS[1:]),
        ("GET /v1/plan?", []),
        ("[GP]*", []),
        ("get *", []),
    ],
)
def test_only_the_star_is_special(match: str, met: list[str]) -> None:
    faults = Faults()
    faults.add({"kind": "latency", "match": match, "times": None})
    assert [call for call in CALLS if faults.take(call, "latency")] == met


@pytest.mark.parametrize(
    ("how", "met"),
    [
        ({}, "x----"),
        ({"times": 2}, "xx---"),
        ({"after": 2}, "--x--"),
        ({"times": None, "after": 1}, "-xxxx"),
        ({"times": 0}, "-----"),
    ],
)
def test_after_and_times_count_matching_calls(how: dict[str, object], met: str) -> None:
    faults = Faults()
    faults.add({"kind": "reset", "match": "b", **how})
    found = []
    for _ in met:
        assert faults.take("a", "reset") is None
        assert faults.take("b", "latency") is None
        found.append("x" if faults.take("b", "latency", "reset") else "-")
    assert "".join(found) == met


def test_of_two_faults_the_first_is_met_and_both_count() -> None:
    faults = Faults()
    first = faults.add({"kind": "reset"})
    second = faults.add({"kind": "status_503", "after": 1})
    assert [faults.take("x", "reset", "status_503") for _ in range(3)] == [first, second, None]
    assert faults.clear(first.id) == 1
    assert [fault["id"] for fault in faults.show()] == [second.id]
    assert faults.clear() == 1


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"kind": "gremlins"}, "unknown kind 'gremlins'"),
        ({"kind": "reset", "time": 1}, "unknown field 'time'"),
        ({"kind": "reset", "times": -1}, "0 or more, or null"),
        ({"kind": "reset", "after": True}, "whole number"),
        ({"kind": "latency", "seconds": "1"}, "a number"),
        ({"kind": "reset", "match": None}, "a pattern"),
    ],
)
def test_a_wrong_fault_is_refused_with_what_is_wrong(asked: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Faults().add(asked)


def test_a_vendor_teaches_kinds_of_its_own() -> None:
    faults = Faults()
    faults.teach(feed_gap="the feed has a gap")
    assert faults.add({"kind": "feed_gap"}).kind == "feed_gap"


def test_a_frozen_clock_moves_only_when_told() -> None:
    clock = Clock("2026-11-20T07:00:00-05:00", frozen=True)
    assert clock.now() == datetime(2026, 11, 20, 12, tzinfo=UTC)
    clock.advance(90.5)
    assert stamp(clock.now()) == "2026-11-20T12:01:30.500Z"
    clock.set("2027-01-01T00:00:00Z")
    assert stamp(clock.now()) == "2027-01-01T00:00:00.000Z"


def test_a_running_clock_runs_on_from_where_it_was_set() -> None:
    clock = Clock("2026-11-20T12:00:00Z")
    first = clock.now()
    assert first <= clock.now() < first + timedelta(seconds=60)
    clock.freeze(frozen=True)
    assert clock.now() == clock.now()


@pytest.mark.parametrize("text", ["yesterday", "2026-11-20T12:00:00", "2026-11-20"])
def test_a_time_without_a_zone_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="2026-11-20T12:00:00Z"):
        Clock(text)
