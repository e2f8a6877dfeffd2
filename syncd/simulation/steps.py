"""The steps of a history, and how they are drawn. Each is a plain value that means something on its own.

Dropping steps from a history leaves a history: a step whose record or question is not there does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeAlias

from syncd.simulation.setting import FIXED, POOLS, Setting


@dataclass(frozen=True, slots=True)
class Edit:
    """A person changes fields of a record in a system; None clears one. No change at all still touches the record."""

    system: str
    record: str
    changes: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Put:
    """A person adds a record: a stray, or one that was removed before."""

    system: str
    record: str
    data: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Remove:
    """A person removes a record."""

    system: str
    record: str


@dataclass(frozen=True, slots=True)
class Lock:
    """A system holds a record: no write below the prefix; None lets go."""

    system: str
    record: str
    prefix: str | None


@dataclass(frozen=True, slots=True)
class Fail:
    """Something goes wrong in a system from now on, `times` times (None: always)."""

    system: str
    operation: str
    kind: str
    times: int | None = 1
    silent: bool = False
    omit: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Calm:
    """Everything goes well again in a system."""

    system: str


@dataclass(frozen=True, slots=True)
class Pause:
    """A person pauses writes to a system, or resumes them."""

    system: str
    on: bool


@dataclass(frozen=True, slots=True)
class Rescope:
    """Somebody points a system at another tenant ("all" is the right one)."""

    system: str
    scope: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Time passes."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """A person answers an open question; the numbers choose among what is there at that moment."""

    pick: int
    choice: int
    value: int = 0


class Rude:
    """Something that life does to systems, files, clocks and stores; it happens to a stage (`rude.py`)."""

    __slots__ = ()

    def happen(self, stage: Any) -> bool:
        """Let it happen; False when there is nothing that it could happen to."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Race:
    """A step that happens in the middle of a run, at its n-th moment."""

    at: int
    step: Edit | Remove | Rude


@dataclass(frozen=True, slots=True)
class Run:
    """Observe and run once. `kill`: the process dies at the n-th moment; `observe`: systems observed (None: all);
    `overlap`: systems that are observed once more while the run goes on, `turns` saying in which order they take turns.
    `room`: after so many commits the disk of our machine is full, until the run has ended.
    """

    kill: int | None = None
    races: tuple[Race, ...] = ()
    observe: tuple[str, ...] | None = None
    full: bool = False
    overlap: tuple[str, ...] = ()
    turns: int = 0
    room: int | None = None


Step: TypeAlias = Edit | Put | Remove | Lock | Fail | Calm | Pause | Rescope | Wait | Answer | Run | Rude


@dataclass(slots=True)
class _Draw:
    rng: Random
    setting: Setting
    strays: int = 0
    names: list[str] = field(default_factory=list)

    def edit(self) -> Edit:
        system, record = self.place()
        paths = self.paths(system)
        count = self.rng.choice((1, 1, 1, 2, 3)) if len(paths) > 1 else 1
        changes = {path: self.value(path) for path in self.rng.sample(paths, min(count, len(paths)))}
        return Edit(system, record, {} if self.rng.random() < 0.04 else changes)

    def value(self, path: str) -> str | None:
        return None if self.rng.random() < 0.1 else self.rng.choice(POOLS[self.setting.kind][path])

    def paths(self, system: str) -> list[str]:
        carries = self.setting.system(system).behaviour.carries
        pool = POOLS[self.setting.kind]
        known = sorted({path for flat in self.setting.base.values() for path in flat if path in pool})
        if any(one.mapping for one in self.setting.systems):
            known = [path for path in known if path not in FIXED]
        return [path for path in known if any(path.startswith(prefix) for prefix in carries)] or known

    def place(self) -> tuple[str, str]:
        key = self.rng.choice(sorted(self.setting.records))
        system = self.rng.choice(self.setting.records[key])
        odd = self.rng.random()
        if odd < 0.05 and self.strays:
            return system, f"s{self.rng.randint(1, self.strays)}"
        if odd < 0.12:
            return system, f"{system}-{self.rng.choice((1, 1, 2))}"
        return system, key

    def put(self) -> Put:
        system, record = self.place()
        if self.rng.random() < 0.5:
            self.strays += 1
            record = f"s{self.strays}"
            system = self.rng.choice(self.setting.systems).name
        data = {path: value for path in self.paths(system) if (value := self.value(path)) is not None}
        return Put(system, record, data)

    def fail(self) -> Fail:
        system = self.rng.choice(self.setting.systems).name
        operation, kind = self.rng.choice(_FAULTS)
        omit = (self.rng.choice(sorted(self.setting.records)),) if kind in ("partial", "short") else ()
        return Fail(system, operation, kind, self.rng.choice((1, 1, 1, 2, 3, None)), self.rng.random() < 0.5, omit)

    def run(self) -> Run:
        kill = self.rng.randint(1, 60) if self.rng.random() < 0.25 else None
        races: tuple[Race, ...] = ()
        if self.rng.random() < 0.15:
            step = Remove(*self.place()) if self.rng.random() < 0.1 else self.edit()
            races = (Race(self.rng.randint(1, 40), step),)
        odd, observe = self.rng.random(), None
        if odd < 0.1:
            observe = tuple(one.name for one in self.setting.systems if self.rng.random() < 0.6)
        return Run(kill, races, observe, full=self.rng.random() < 0.1)


_FAULTS = (
    ("access", "error"),
    ("list", "partial"),
    ("list", "empty"),
    ("list", "short"),
    ("list", "error"),
    ("read", "error"),
    ("write", "fail"),
    ("write", "fail_after"),
    ("write", "half"),
    ("write", "lost_reply"),
    ("write", "lost_reply"),
    ("create", "lost_reply"),
    ("create", "fail_after"),
    ("find", "error"),
)


def draw_steps(rng: Random, setting: Setting, runs: int | None = None) -> list[Step]:
    """Draw a history: before each run some things happen."""
    draw = _Draw(rng, setting)
    steps: list[Step] = [Run()] if rng.random() < 0.5 else []
    for _ in range(runs if runs is not None else rng.randint(2, 5)):
        steps.extend(_happening(draw) for _ in range(rng.choice((1, 1, 2, 2, 3, 4))))
        steps.append(draw.run())
    return steps


def _happening(draw: _Draw) -> Step:
    rng = draw.rng
    odd = rng.random()
    if odd < 0.52:
        return draw.edit()
    if odd < 0.70:
        return Answer(rng.randrange(12), rng.randrange(12), rng.randrange(4))
    if odd < 0.82:
        return draw.fail()
    if odd < 0.86:
        return Remove(*draw.place())
    if odd < 0.90:
        return draw.put()
    if odd < 0.94:
        return Calm(rng.choice(draw.setting.systems).name)
    if odd < 0.96:
        system, record = draw.place()
        prefix = rng.choice(("", *sorted(draw.paths(system)), None))
        return Lock(system, record, prefix)
    if odd < 0.98:
        return Pause(rng.choice(draw.setting.systems).name, rng.random() < 0.5)
    if odd < 0.99:
        return Rescope(rng.choice(draw.setting.systems).name, rng.choice(("all", "other")))
    return Wait(rng.choice((60.0, 4000.0, 90_000.0)))
