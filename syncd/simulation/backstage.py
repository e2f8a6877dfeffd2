"""What stands behind the stage: a clock that only moves when told, moments to die at, turns, a store in memory.

Nothing here knows vendors or steps.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import Connection, Engine

from syncd.errors import StoreError
from syncd.simulation.setting import T0
from syncd.simulation.steps import Race
from syncd.store.store import Store

if TYPE_CHECKING:
    import sqlite3

_T = TypeVar("_T")


class Killed(BaseException):
    """The process died here."""


@dataclass(slots=True)
class SimClock:
    """A clock that only moves when told. `at`: what the time is; `off`: how far the clock of our machine is ahead."""

    at: float = T0
    off: float = 0.0

    def now(self) -> float:
        """Give seconds since 1970, as our machine has it."""
        return self.at + self.off

    def true(self) -> float:
        """Give seconds since 1970, as everybody else has it."""
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self.at += seconds


@dataclass(slots=True)
class Turns:
    """Where one of several jobs lets the others go on: wherever a vendor takes its time to answer."""

    on: bool = False

    def __await__(self) -> Generator[None, None, None]:
        """Wait for the next turn, where there are turns."""
        if self.on:
            yield


def drive(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine that never waits for the outer world."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    msg = "a simulated world waited for something real"
    raise RuntimeError(msg)


def interleave(jobs: Sequence[Coroutine[Any, Any, Any]], rng: Random, turns: Turns, turn: Callable[[int], None]) -> Any:
    """Run several jobs on one thread, one turn after the other in an order of the generator's; give what the first one
    came to. `turn` hears whose turn it is. When one raises, the others are dropped, as a process that dies drops them.
    """
    left, first = dict(enumerate(jobs)), None
    turns.on = True
    try:
        for now, count in _order(rng, left):
            turn(now)
            for _ in range(count):
                try:
                    left[now].send(None)
                except StopIteration as stop:
                    first = stop.value if now == 0 else first
                    del left[now]
                    break
    finally:
        turns.on = False
        for job in jobs:
            job.close()
    return first


LONG = 1000


def _order(rng: Random, left: Mapping[int, object]) -> Iterator[tuple[int, int]]:
    """Say whose turn it is and for how many turns: often the others begin, wait for the first one to end, and go on."""
    if rng.random() < 0.6:
        for other in sorted(left.keys() - {0}):
            yield other, rng.randint(1, 4)
        yield 0, LONG
    while left:
        yield rng.choice(sorted(left)), rng.choice((1, 2, 3, 5, 8, 13, LONG))


@dataclass(slots=True)
class Moments:
    """Counts the moments of a run and lets happen what was planned for them."""

    count: int = 0
    kill: int | None = None
    races: tuple[Race, ...] = ()
    act: Callable[[Any], None] = lambda _: None
    told: list[str] = field(default_factory=list)
    on: bool = False

    def arm(self, kill: int | None, races: tuple[Race, ...]) -> None:
        """Begin to count for one run."""
        self.count, self.kill, self.races, self.on, self.told = 0, kill, races, True, []

    def __call__(self, *what: str) -> None:
        """Count a moment; kill or let somebody act when it is the one."""
        if not self.on:
            return
        self.count += 1
        self.told.append(" ".join(what))
        for race in self.races:
            if race.at == self.count:
                self.act(race.step)
        if self.kill == self.count:
            self.on = False
            raise Killed


class SimStore(Store):
    """A store in memory in which a process can die after each commit. `room`: how many more commits the disk has room
    for; None: as many as come."""

    moments: Callable[..., None]
    room: int | None = None

    def __init__(self, where: str, writer: Engine, reader: Engine) -> None:
        super().__init__(where, writer, reader)
        self.moments = _nothing

    @classmethod
    def take(cls, source: Store | None = None) -> SimStore:
        """Give a store that holds what the source holds, or nothing. Stores are used again: a new one would compile all
        its statements anew, which takes longer than a run."""
        taken = _free.pop() if _free else cls.of(_blank().fork())
        with (source or _blank())._reading() as mine, taken._writer.connect() as theirs:
            theirs.rollback()
            copied, copy = mine.connection.driver_connection, theirs.connection.driver_connection
            cast("sqlite3.Connection", copied).backup(cast("sqlite3.Connection", copy))
        return taken

    @classmethod
    def of(cls, store: Store) -> SimStore:
        """Take over the engines of another store."""
        return cls(store.where, store._writer, store._reader)

    def free(self) -> None:
        """Let another stage have the store."""
        self.moments, self.room = _nothing, None
        _free.append(self)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        inner = getattr(self._local, "connection", None) is not None
        with super()._writing() as connection:
            yield connection
            if not inner and self.room is not None:
                self._take_room()
        if not inner:
            self.moments("stored")

    def _take_room(self) -> None:
        """Refuse to commit on a full disk, as a database does: all of the transaction is undone."""
        if not self.room:
            msg = "the disk is full"
            raise StoreError(msg, file=self.where)
        self.room -= 1


_free: list[SimStore] = []


@cache
def _blank() -> Store:
    """Make the empty store that every stage starts from."""
    return Store.open(":memory:")


def _nothing(*_: str) -> None:
    """Let nothing happen."""
