"""The steps of a history over HTTP beside those in memory, and how they are drawn. Each means something on its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

from syncd.simulation.steps import Answer, Calm, Race, Run, Wait
from syncd.simulation.vendors.people import EDITS
from syncd.simulation.vendors.wire import BP, PQ


@dataclass(frozen=True, slots=True)
class Touch:
    """A person edits something of a linked plan in a system, in that system's own words."""

    system: str
    plan: int
    what: str
    pick: int


@dataclass(frozen=True, slots=True)
class Vanish:
    """A person deletes a linked plan."""

    system: str
    plan: int


@dataclass(frozen=True, slots=True)
class Add:
    """Somebody quotes one more plan in PerfectQuote."""

    name: str


@dataclass(frozen=True, slots=True)
class Copy:
    """A person decides that what was quoted, and seen, is copied to BenefitPoint."""


@dataclass(frozen=True, slots=True)
class Break:
    """Something goes wrong: `times` of the calls that `match` names, after the first `after`."""

    system: str
    kind: str
    match: str = "*"
    times: int = 1
    after: int = 0


HttpStep: TypeAlias = Touch | Vanish | Add | Copy | Break | Calm | Answer | Wait | Run

ANYWHERE = ("status_503", "status_502", "reset", "truncated", "html_200", "session_expiry", "latency")
LISTS = ("partial_list", "empty_list")
WRITES = {PQ: ("PATCH*", "POST /v1/groups*"), BP: ("update*", "create*")}
HOUR_S, DAY_S = 3_600.0, 86_400.0


def draw(seed: int) -> tuple[HttpStep, ...]:
    """Draw the steps of a history: edits and faults, with runs between them."""
    return tuple(_steps(Random(seed)))


def _steps(rng: Random) -> Iterator[HttpStep]:
    if rng.random() < 0.4:
        yield Add("Quoted later")
        yield Run()
        yield from _maybe_broken(rng, BP, "create*")
        yield Copy()
    for _ in range(rng.randint(2, 4)):
        for _ in range(rng.randint(1, 3)):
            yield _touch(rng)
        if rng.random() < 0.55:
            yield _fault(rng)
        if rng.random() < 0.08:
            yield Vanish(rng.choice((PQ, BP)), rng.randrange(3))
        if rng.random() < 0.25:
            yield Wait(rng.choice((HOUR_S, DAY_S)))
        yield _run(rng)
        if rng.random() < 0.3:
            yield Answer(rng.randrange(6), rng.randrange(3))
        if rng.random() < 0.3:
            yield Calm(rng.choice((PQ, BP)))


def _touch(rng: Random) -> Touch:
    system = rng.choice((PQ, BP))
    return Touch(system, rng.randrange(3), rng.choice(EDITS[system]), rng.randrange(3))


def _fault(rng: Random) -> Break:
    system = rng.choice((PQ, BP))
    drawn = rng.random()
    if drawn < 0.35:
        return Break(system, "lost_reply", rng.choice(WRITES[system]), rng.choice((1, 1, 2)))
    if drawn < 0.5:
        return Break(system, rng.choice(LISTS), after=rng.randrange(4))
    if drawn < 0.6:
        return Break(system, "lying_stamp")
    return Break(system, rng.choice(ANYWHERE), times=rng.choice((1, 1, 2, 5)), after=rng.randrange(12))


def _maybe_broken(rng: Random, system: str, match: str) -> Iterator[Break]:
    if rng.random() < 0.6:
        yield Break(system, rng.choice(("lost_reply", "status_503", "reset", "truncated")), match)


def _run(rng: Random) -> Run:
    kill = rng.randint(1, 90) if rng.random() < 0.35 else None
    races: tuple[Race, ...] = ()
    if rng.random() < 0.2:
        step: Any = _touch(rng)
        races = (Race(rng.randint(5, 60), step),)
    return Run(kill, races)
