"""The stage over HTTP: the in-memory stage with the sandboxes in the place of simulated vendors.

The engine runs on its own event loop with an injected clock, and dies between any two effects: requests, replies,
commits. What outlives it are the sandboxes and the store. The vendors' clock is set to the engine's before every step.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar, cast

from syncd.apply.world import World
from syncd.connectors.memory import Behaviour
from syncd.linking import Choice, link_plans, unlinked
from syncd.reconcile.types import Link
from syncd.simulation.backstage import Killed
from syncd.simulation.setting import Setting, SystemSetting
from syncd.simulation.stage import Stage
from syncd.simulation.steps import Calm, Step
from syncd.simulation.vendors import people
from syncd.simulation.vendors.base import DAY_S, Engine, Settled, engine, lenses_of
from syncd.simulation.vendors.server import DoorError
from syncd.simulation.vendors.steps import Add, Break, Copy, Touch, Vanish
from syncd.simulation.vendors.wire import BP, PQ
from syncd.simulation.vendors.witness import Seat, Watched

_T = TypeVar("_T")
OurStep: TypeAlias = Step | Touch | Vanish | Add | Copy | Break
SYSTEMS = (SystemSetting(PQ, Behaviour(conditional=True, versions="etag")), SystemSetting(BP, Behaviour()))
NEEDS = {"paid_by_type": "Insurer_or_TPA", "paid_by_company": "plan_carrier"}
"""What a person answered before the first copy into BenefitPoint: who pays its commission."""


@dataclass(frozen=True, slots=True)
class HttpSetting(Setting):
    """One linked employer, known by the link of its group."""

    home: str = ""

    @property
    def scope(self) -> str:
        """Name the group whose run handles the records."""
        return self.home


@dataclass
class HttpStage(Stage):
    """All that a history over HTTP is played on. `plans`: native ids of the linked plans at the start."""

    start: Settled = field(kw_only=True)
    engine: Engine = field(init=False)
    plans: list[dict[str, str]] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)
    blind_since: float | None = None
    """When somebody did what no feed tells; the next complete listing sees it."""

    def __post_init__(self) -> None:
        self.store = self.start.begin()
        self.clock.at = self.start.at
        self.moments.act = self.do
        base = self.start.base
        [employer] = [link for link in self.store.links(kind="group", status=None) if link.id == self.setting.scope]
        homes = {member.system: member.id for member in employer.members}
        for name in sorted(base.vendors):
            seat = Seat(name, homes[name], dict(lenses_of(name)), self.witness, base.truth)
            seat.learn()
            self.systems[name] = cast("Any", seat)
        linked = sorted(self.store.links(self.setting.scope, "plan"), key=lambda link: link.label)
        self.plans = [{member.system: member.id for member in link.members} for link in linked]
        self.store.put(f"connector:{BP}", f"needs:{homes[BP]}", json.dumps(NEEDS, sort_keys=True))
        self.store.moments = self.moments
        self.world = self.fresh()

    # -- the engine

    def fresh(self) -> World:
        """Make the world of a new process."""
        one_by_one = {BP: {"plan_parallel": 1}}
        vendors = self.start.base.vendors
        self.engine = engine(
            vendors, self.store, self.clock, self._new_id, settings=one_by_one, rules=self.setting.rules
        )
        world = self.engine.world
        world.effect = self.moments
        for name, live in world.systems.items():
            live.connector = cast("Any", Watched(cast("Any", live.connector), self.seat(name)))
            wire = self.engine.wires[name]
            wire.before, wire.after = self.moments, self._after
        return world

    def _after(self, *what: str) -> None:
        """A reply came: the process may die now; what people do meanwhile was done before it."""
        races, self.moments.races = self.moments.races, ()
        try:
            self.moments(*what)
        finally:
            self.moments.races = races

    def _new_id(self) -> str:
        self._ids += 1
        return f"run{self._ids:05d}"

    def _drive(self, work: Coroutine[Any, Any, _T]) -> _T:
        try:
            return self.runner.run(work)
        except Killed:
            self.runner.run(self._die())
            raise

    async def _die(self) -> None:
        """Stop whatever a dead process still has under way, and drop its connections."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.engine.drop()

    def close(self) -> None:
        """Let go of everything but the sandboxes."""
        self.store.moments = lambda *_: None
        self.runner.run(self.engine.drop())
        self.runner.close()
        self.store.free()

    # -- looking

    def seat(self, name: str) -> Seat:
        """Give a vendor as the checks see it."""
        return cast("Seat", self.systems[name])

    def is_first(self, link: Link) -> bool:
        """Tell whether a link stood when the history began."""
        return any(member.id in plan.values() for member in link.members for plan in self.plans)

    def _disturbed(self, step: Any) -> dict[str, str]:
        doors = {name: vendor.door for name, vendor in self.start.base.vendors.items()}
        found = {name: "faults" for name, door in doors.items() if door.due()}
        if self.blind_since is not None:
            listed = [(self.store.get("feed", name) or {}).get("full_at", 0.0) for name in doors]
            if min(listed) <= self.blind_since:
                return dict.fromkeys(doors, "somebody did what no feed tells") | found
        return found

    # -- playing

    def do(self, step: Any) -> None:
        """Let something happen that is not a run."""
        if not isinstance(step, Touch | Vanish | Add | Copy | Break | Calm):
            super().do(step)
            return
        on, self.moments.on = self.moments.on, False
        self.start.base.set_clock(self.clock.at)
        try:
            told = self._done(step)
        except DoorError as error:
            told = f"{step}: refused: {error}"
        finally:
            self.moments.on = on
        if told:
            self.touched += 1
            self.told.append(f"{self.clock.at - self.start.at:8.0f} s  {told}")

    def _done(self, step: Touch | Vanish | Add | Copy | Break | Calm) -> str:
        vendors = self.start.base.vendors
        match step:
            case Touch(system, plan, what, pick):
                record = self.plans[plan % len(self.plans)][system]
                value = people.edit(vendors[system].door, system, record, what, pick)
                self.seat(system).touched("plan", record)
                if what in people.UNTRACKED and system == BP:
                    self.blind_since = self.clock.at
                return f"{system} {record}: somebody enters {what} = {value}" if value else ""
            case Vanish(system, plan):
                record = self.plans[plan % len(self.plans)][system]
                if self.seat(system).record("plan", record) is None:
                    return ""
                vendors[system].door.delete("plan", record)
                self.seat(system).touched("plan", record)
                return f"{system} {record}: somebody deletes it"
            case Add(name):
                made = people.add(vendors[PQ].door, self.seat(PQ).group, self.plans[0][PQ], name)
                self.added.append(made)
                self.seat(PQ).touched("plan", made)
                return f"{PQ} {made}: somebody quotes {name}"
            case Copy():
                return self._copy()
            case Break(system, kind, match_, times, after):
                vendors[system].door.fault(kind, match_, times=times, after=after, seconds=0.02)
                if kind == "lying_stamp":
                    self.blind_since = self.clock.at
                return str(step)
            case Calm(system):
                vendors[system].door.call("DELETE", "faults")
                return str(step)

    def _copy(self) -> str:
        """Let a person decide that what was quoted is copied to BenefitPoint and kept in step."""
        known = unlinked(self.setting.scope, self.world)
        choices = [Choice(PQ, record, "copy", to=(BP,)) for record in self.added if (PQ, record) in known]
        if not choices:
            return ""
        link_plans(self.world, self.setting.scope, choices, by="ann")
        return f"ann: {', '.join(map(str, choices))}"

    async def _run(self, step: Any) -> Any:
        self.start.base.set_clock(self.clock.at)
        return await super()._run(step)

    def quiet(self) -> None:
        """Let everything go well from now on, and a day pass, after which everything is compared."""
        self.told.append("-- quiet --")
        for name in self.systems:
            self.do(Calm(name))
        self.clock.at += DAY_S


def stage_of(settled: Settled, rules: Mapping[str, Any]) -> HttpStage:
    """Make the stage of a history: the base world, restored."""
    setting = HttpSetting("plan", SYSTEMS, {}, {}, rules, home=settled.scopes[0])
    return HttpStage(setting, start=settled)
