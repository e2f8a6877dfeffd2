"""Small worlds on memory systems: linked records, a clock that moves when told, and what can be asked of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import count
from typing import Any, cast

from syncd.apply.world import LiveSystem, World
from syncd.connectors.memory import REMOVE, Behaviour, MemorySystem, make
from syncd.mapping.flat import FlatLens
from syncd.model.fields import value_from_text
from syncd.model.records import Kind
from syncd.model.values import Flat, Value
from syncd.reconcile.guards import Limits
from syncd.reconcile.rules import Rules
from syncd.reconcile.types import Decided, Link, Member
from syncd.store.rows import HistoryRow, Intent, Question
from syncd.store.store import Store
from syncd.sync import SYNC, Mode, Report, observe_all, run_once

T0 = 1_770_000_000.0
HOUR = 3600.0
SCOPE = "default"
GROUP = "lg"
BASE = {"name": "Gold", "phone": "1"}


class Killed(BaseException):
    """The process died here."""


@dataclass
class Clock:
    """A clock that only moves when told."""

    at: float = T0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


@cache
def blank() -> Store:
    return Store.open(":memory:")


class Stage:
    """A world and its vendors. `parts` maps sections to parts; `lens` and `behaviour` are per system."""

    def __init__(
        self,
        *names: str,
        kind: Kind = "generic",
        rules: Any = None,
        behaviour: Mapping[str, Behaviour] | None = None,
        lens: Mapping[str, Mapping[str, Any]] | None = None,
        **more: Any,
    ) -> None:
        self.kind: Kind = kind
        self.scope = GROUP if kind == "plan" else SCOPE
        self.clock = Clock()
        self.store = blank().fork()
        self.systems: dict[str, MemorySystem] = {}
        self.lenses: dict[str, dict[Kind, Any]] = {}
        for name in names or ("crm", "quote"):
            made = (behaviour or {}).get(name, Behaviour())
            self.systems[name] = make(name, made, clock=self.clock.now)
            self.lenses[name] = self._lenses(made, (lens or {}).get(name, {}))
        self.rules = Rules(rules, list(self.systems))
        self.limits = more.pop("limits", Limits())
        self.more: dict[str, Any] = more
        self.ids = count(1)
        self.world = self.fresh()
        if kind == "plan":
            self._link_group()

    def _lenses(self, made: Behaviour, stated: Mapping[str, Any]) -> dict[Kind, Any]:
        parts = made.parts

        def part_of(path: str) -> str:
            return parts.get(path.partition("[")[0].partition(".")[0], "record")

        kinds: tuple[Kind, ...] = ("group", "plan") if self.kind == "plan" else (self.kind,)
        common: dict[str, Any] = {"carries": made.carries, "part_of": part_of} | dict(stated)
        return {kind: FlatLens(kind, **common) for kind in kinds}

    def fresh(self) -> World:
        """Make the world of a new process: it knows what the store knows."""
        self.world = World(
            {name: LiveSystem(name, system, self.lenses[name]) for name, system in self.systems.items()},
            self.store,
            self.rules,
            self.limits,
            self.clock,
            lambda: f"id{next(self.ids):04d}",
            **self.more,
        )
        return self.world

    def _link_group(self) -> None:
        for system in self.systems.values():
            system.put_record("group", "g1", {"details.name": "Acme"})
        flat: Flat = {"details.name": "Acme"}
        members = tuple(Member(name, "g1", flat) for name in self.systems)
        self.store.add_link(Link(GROUP, "group", GROUP, "Acme", flat, members))

    # -- people

    def put(self, data: Mapping[str, Any], *names: str, id: str = "p1") -> None:  # noqa: A002
        """Put a record into systems, all when none is named."""
        for name in names or self.systems:
            self.systems[name].put_record(self.kind, id, data, group="g1" if self.kind == "plan" else None)

    def link(self, data: Mapping[str, Any] = BASE, *names: str, id: str = "p1", base: bool = True, **more: Any) -> Link:  # noqa: A002
        """Put a record into systems and link it as agreed; without `base` its members are newcomers."""
        names = names or tuple(self.systems)
        self.put(data, *names, id=id)
        agreed = self.flat(data) if base else {}
        unseen: frozenset[str] = frozenset() if base else frozenset({""})
        held = {name: self.lenses[name][self.kind].get(self.systems[name].record(self.kind, id)) for name in names}
        members = tuple(Member(name, id, held[name] if base else {}, unseen) for name in names)
        link = Link(f"l-{id}", self.kind, self.scope, id, agreed, members, 1, **more)
        self.store.add_link(link)
        return link

    def flat(self, data: Mapping[str, Any]) -> Flat:
        return {path: value_from_text(path, raw, self.kind) for path, raw in data.items() if raw is not None}

    def edit(self, name: str, id: str = "p1", /, **changes: Any) -> None:  # noqa: A002
        """Edit fields; `details__name` stands for `details.name`, None takes a field away."""
        stated = {path.replace("__", "."): REMOVE if raw is None else raw for path, raw in changes.items()}
        self.systems[name].edit(self.kind, id, stated)

    def answer(self, choice: str, kind: str = "", value: Value | None = None, **options: str) -> Question:
        """Answer the one question that is open (of a kind)."""
        [question] = [each for each in self.store.questions() if kind in ("", each.proposal.kind)]
        return self.decide(question, choice, value, **options)

    def decide(self, question: Question, choice: str, value: Value | None = None, **options: str) -> Question:
        stated = {key.replace("_", ".", 1): each for key, each in options.items()}
        p = question.proposal
        decided = Decided(question.id, p.kind, p.link, p.name, p.digest, choice, value, stated, "ann")
        answered = replace(question, status="decided", decided=decided)
        self.store.save_questions([answered])
        return answered

    def pause(self, key: str, reason: str | None = "audit") -> None:
        self.store.put("pauses", key, None if reason is None else {"reason": reason, "by": "ann", "at": 0})

    # -- the program

    async def cycle(self, mode: Mode = SYNC, *, hours: float = 1.0, force: Iterable[str] = ()) -> Report:
        """An hour later: observe everything, run once."""
        self.clock.at += hours * HOUR
        await observe_all(self.world, force=tuple(force))
        return await run_once(self.scope, self.world, replace(mode, force=frozenset(force)))

    async def start(self) -> Report:
        """Observe and run once, so that what follows is an edit."""
        report = await self.cycle()
        for system in self.systems.values():
            system.requests.clear()
            system.applied.clear()
        self.clock.slept.clear()
        return report

    # -- looking

    def held(self, name: str, id: str = "p1") -> dict[str, Any] | None:  # noqa: A002
        """Give what a system truly holds."""
        found = self.systems[name].content().get(self.kind, {}).get(id)
        return None if found is None else {path: raw for path, raw in found.items() if raw is not None}

    def stored(self, id: str = "l-p1") -> Link:  # noqa: A002
        link = self.store.link(id)
        assert link is not None
        return link

    def member(self, name: str, id: str = "l-p1") -> Member:  # noqa: A002
        return next(one for one in self.stored(id).members if one.system == name)

    def ends(self) -> list[tuple[str, str]]:
        """Tell how every journal row ended: where and how."""
        return [(intent.system, intent.state) for intent in self.store.intents()]

    def last(self) -> Intent:
        return self.store.intents()[-1]

    def asked(self, *status: str) -> list[tuple[str, str]]:
        found = self.store.questions(status=status or ("open",))
        return sorted((each.proposal.kind, each.proposal.name) for each in found)

    def told(self, *what: str) -> list[tuple[str, str, dict[str, Any]]]:
        """Tell the history: what happened, where, which values."""
        rows = self.store.history(newest_first=False)
        return [(row.what, row.system, dict(row.fields)) for row in rows if row.what in (what or (row.what,))]

    def writes(self) -> dict[str, int]:
        return {name: system.writes for name, system in self.systems.items()}

    def requests(self, name: str, *operations: str) -> int:
        made = self.systems[name].requests
        return sum(made[each] for each in operations or ("write", "create", "end"))

    def everything(self) -> tuple[Any, ...]:
        """Give all that there is: every system's content and every row of the store."""
        return tuple(system.content() for system in self.systems.values()), dump(self.store)

    def kill(self, moment: str) -> None:
        """Let the process die at a moment of the engine (`after_journal`, `after_mark`, `after_write`)."""

        def effect(now: str) -> None:
            if now == moment:
                raise Killed

        self.world.effect = effect

    def on(self, name: str, moment: str, operation: str, act: Callable[[], None], times: int = 1) -> None:
        """Let something happen at a moment of a system's call (`before_send`, `after_send`, `after_reply`, `read`)."""
        left = [times]

        def effect(when: str, what: str) -> None:
            if (when, what) == (moment, operation) and left[0]:
                left[0] -= 1
                act()

        self.systems[name].on_effect = effect


def dump(store: Store, but: Sequence[str] = ()) -> list[str]:
    """Give every row of a store as SQL, but for the count of readings: to look is no change."""
    with store._reading() as connection:
        raw = cast("sqlite3.Connection", connection.connection.driver_connection)
        passed = [*(f'INSERT INTO "{name}"' for name in but), "'readings'"]
        return [line for line in raw.iterdump() if not any(words in line for words in passed)]


def rows(history: Iterable[HistoryRow]) -> list[str]:
    return [row.what for row in history]
