"""The stage: simulated vendors, clock, ids and store, on which the steps of a history are played.

The process is killed by raising at a moment: after each journal append, each commit, each page, request and reply. What
outlives it are the vendors and the store; a fresh world goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from sqlalchemy import Connection, Engine

from syncd.apply.world import LiveSystem, World
from syncd.connectors.base import Access
from syncd.connectors.memory import REMOVE
from syncd.mapping.flat import FlatLens
from syncd.model.fields import value_from_text
from syncd.model.records import Kind
from syncd.model.values import Flat
from syncd.model.values_text import format_value
from syncd.reconcile.guards import Limits
from syncd.reconcile.guards.base import Limit
from syncd.reconcile.rules import Rules
from syncd.reconcile.types import Decided, Link, Member
from syncd.simulation.setting import GROUP, POOLS, T0, Setting, SystemSetting, nearest_of
from syncd.simulation.steps import Answer, Calm, Edit, Fail, Lock, Pause, Put, Race, Remove, Rescope, Run, Step, Wait
from syncd.simulation.vendor import Place, SimSystem, Witness, Wrote
from syncd.store.rows import Question
from syncd.store.store import Store
from syncd.sync import Mode, Report, observe, run_once

if TYPE_CHECKING:
    import sqlite3

_T = TypeVar("_T")


class Killed(BaseException):
    """The process died here."""


@dataclass(slots=True)
class SimClock:
    """A clock that only moves when told."""

    at: float = T0

    def now(self) -> float:
        """Give seconds since 1970."""
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self.at += seconds


@dataclass(slots=True)
class Moments:
    """Counts the moments of a run and lets happen what was planned for them."""

    count: int = 0
    kill: int | None = None
    races: tuple[Race, ...] = ()
    act: Callable[[Edit | Remove], None] = lambda _: None
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
    """A store in memory in which a process can die after each commit."""

    moments: Callable[..., None]

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
        self.moments = _nothing
        _free.append(self)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        inner = getattr(self._local, "connection", None) is not None
        with super()._writing() as connection:
            yield connection
        if not inner:
            self.moments("stored")


_free: list[SimStore] = []


@cache
def _blank() -> Store:
    """Make the empty store that every stage starts from."""
    return Store.open(":memory:")


def _nothing(*_: str) -> None:
    """Let nothing happen."""


@dataclass(slots=True)
class Ran:
    """What one run was: its report (None when killed), and what was there before and after it."""

    step: Run
    report: Report | None
    links_before: dict[str, Link]
    links_after: dict[str, Link]
    asked_before: dict[str, Question]
    asked_after: dict[str, Question]
    wrote_from: int
    """How many writes there were before it."""
    shown_from: int
    """How much had been shown before it; `planned_at`: when it made its plan."""
    shown_before: dict[Place, Flat]
    """What had last been shown of each record when it began."""
    planned_at: int
    disturbed: dict[str, str]
    """Systems in which something could go wrong, with the reason."""
    broken: frozenset[tuple[str, Kind]]
    """Systems and kinds of record whose listing was not complete."""
    away: frozenset[tuple[str, Kind]]
    """Those of which nothing is believed: the listing broke off or a guard tripped. After one that merely was not
    complete, members are looked up one by one."""
    died: str
    """The moment at which the process was killed; `touched`: the system of the last request before that."""
    touched: str

    @property
    def killed(self) -> bool:
        """Tell whether the process died in it."""
        return self.report is None


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as a table states it: the question's name there, and the answer."""

    name: str
    answer: str | dict[str, str]


@dataclass(frozen=True, slots=True)
class Quiet:
    """From here on nothing goes wrong any more."""


Event: TypeAlias = Step | Said | Quiet | Ran


@dataclass(slots=True)
class Stage:
    """All that a history is played on."""

    setting: Setting
    seed: int = 0
    shuffled: bool | None = None
    """Whether listings come in a mixed order; None: of some systems, by the seed."""
    source: SimStore | None = None
    """The store of the stage that this one is to be a copy of."""
    clock: SimClock = field(default_factory=SimClock)
    witness: Witness = field(default_factory=Witness)
    moments: Moments = field(default_factory=Moments)
    systems: dict[str, SimSystem] = field(default_factory=dict)
    store: SimStore = field(init=False)
    world: World = field(init=False)
    access: dict[str, Access] = field(init=False)
    told: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    """What really happened, for the table that reproduces it."""
    answered: list[Decided] = field(default_factory=list)
    down: dict[str, str] = field(default_factory=dict)
    touched: int = 0
    """Counts what people did."""
    clusters: dict[Place, set[str]] = field(default_factory=dict)
    """For each record the links that it ever belonged to."""
    closed: dict[tuple[Any, str], int] = field(default_factory=dict)
    """Questions that closed unanswered, with their digest -> what people had done until then."""
    ended_checked: int = 0
    settled_until: int = 0
    """How many writes were sent before all of them had been settled."""
    _ids: int = 0
    _planned_at: int = 0

    def __post_init__(self) -> None:
        self.store = SimStore.take(self.source)
        self.moments.act = self.do
        rng = Random(self.seed)
        for one in self.setting.systems:
            self.systems[one.name] = self._vendor(one, rng)
        if self.source is None:
            self._fill()
        self.store.moments = self.moments
        self.access = {name: drive(system.access()) for name, system in self.systems.items()}
        self.world = self.fresh()
        self.witness.by_people.clear()
        self.witness.raced.clear()

    # -- making the world

    def _vendor(self, made: SystemSetting, rng: Random) -> SimSystem:
        mixed = rng.random() < 0.5 if self.shuffled is None else self.shuffled
        return SimSystem(
            made.name,
            made.behaviour,
            self.lenses(made),
            self.witness,
            clock=self.clock.now if made.times else None,
            on_effect=lambda moment, operation: self.moments(moment, operation, made.name),
            shuffle=Random(rng.random()) if mixed else None,
        )

    def lenses(self, made: SystemSetting) -> dict[Kind, FlatLens]:
        """Give the lenses of a system: its canonical paths, and the rounding it declares."""
        behaviour = made.behaviour
        nearest = nearest_of(behaviour.decimals) if behaviour.decimals is not None and made.declared else None
        parts = behaviour.parts

        def part_of(path: str) -> str:
            return parts.get(path.split("[", maxsplit=1)[0].split(".", maxsplit=1)[0], "record")

        kinds: tuple[Kind, ...] = ("group", "plan") if self.setting.kind == "plan" else ("generic",)
        return {kind: FlatLens(kind, carries=behaviour.carries, nearest=nearest, part_of=part_of) for kind in kinds}

    def _fill(self) -> None:
        """Put the base records into the systems and link those that several hold."""
        setting = self.setting
        names = [one.name for one in setting.systems]
        group = GROUP if setting.kind == "plan" else None
        if group:
            for system in self.systems.values():
                system.put_record("group", group, {"details.name": "Acme"})
            flat: Flat = {"details.name": "Acme"}
            self.store.add_link(
                Link(group, "group", group, "Acme", flat, tuple(Member(name, group, flat) for name in names))
            )
        for key, everybody in setting.records.items():
            holders = tuple(name for name in everybody if name in self.systems)
            flats = {}
            agreed = {path: self.value(path, text) for path, text in setting.base[key].items()}
            for name in holders:
                data = self._fitting(name, setting.base[key])
                self.systems[name].put_record(setting.kind, key, data, group=group)
                flats[name] = self.flat(name, key)
            if len(holders) > 1 and key not in setting.loose:
                members = tuple(Member(name, key, flats[name]) for name in holders)
                self.store.add_link(Link(f"l-{key}", setting.kind, setting.scope, key, agreed, members))

    def _fitting(self, name: str, data: dict[str, str] | Any) -> dict[str, str]:
        """Give what a system can hold of some data, as it would hold it."""
        made = self.setting.system(name)
        lens = self.systems[name].lenses[self.setting.kind]
        fitting = {}
        for path, text in data.items():
            if lens.carries(path):
                value = self.value(path, text)
                kept = lens.nearest(path, value)
                fitting[path] = text if kept == value else format_value(kept)
        del made
        return fitting

    def fresh(self) -> World:
        """Make the world of a new process."""
        limits = {name: Limit(**given) for name, given in self.setting.guards.items()}
        return World(
            {
                name: LiveSystem(name, system, dict(system.lenses), self.access[name])
                for name, system in self.systems.items()
            },
            self.store,
            Rules(self.setting.rules, list(self.systems)),
            Limits(limits),
            clock=self.clock,
            new_id=self._new_id,
            atoms=self.setting.atoms,
            effect=self.moments,
        )

    def _new_id(self) -> str:
        self._ids += 1
        return f"id{self._ids:05d}"

    def copy(self) -> Stage:
        """Give another stage on which everything is as it is here and goes its own way from now on."""
        twin = Stage(self.setting, self.seed, self.shuffled, self.store)
        twin.clock.at, twin._ids, twin.touched = self.clock.at, self._ids, self.touched
        for name, system in self.systems.items():
            system.copy_to(twin.systems[name])
        twin.witness.absent |= self.witness.absent
        for place, flats in self.witness.images.items():
            for flat in flats:
                twin.witness.holds(place, flat)
        twin.witness.shown = dict(self.witness.shown)
        for place, flats in self.witness.ever_shown.items():
            twin.witness.ever_shown[place] = list(flats)
        twin.witness.log, twin.witness.wrote = list(self.witness.log), list(self.witness.wrote)
        twin.answered, twin.told = list(self.answered), list(self.told)
        twin.clusters = {place: set(links) for place, links in self.clusters.items()}
        twin.access = dict(self.access)
        twin.world = twin.fresh()
        return twin

    # -- looking

    def value(self, path: str, text: str | None) -> Any:
        """Read a text of a table as the engine would."""
        return value_from_text(path, text, self.setting.kind)

    def flat(self, system: str, record: str, kind: Kind | None = None) -> Any:
        """Give what a record truly holds."""
        live = self.systems[system]
        return live.flat(live.record(kind or self.setting.kind, record))

    def lacks(self, system: str, record: str, kind: Kind | None = None) -> frozenset[str]:
        """Name what a record has no place for."""
        live = self.systems[system]
        held = live.record(kind or self.setting.kind, record)
        return frozenset() if held is None else live.lenses[held.kind].lacks(held)

    def links(self) -> dict[str, Link]:
        """Give all links that ever were."""
        return {link.id: link for link in self.store.links(status=None)}

    def is_first(self, link: Link) -> bool:
        """Tell whether a link stood when the history began."""
        return link.id.startswith("l-")

    def questions(self, *status: str) -> list[Question]:
        """Give questions of all scopes, in an order that does not depend on ids."""
        found = self.store.questions(status=status or ("open",))
        return sorted(found, key=lambda q: (q.proposal.kind, q.proposal.label, q.proposal.name, q.proposal.scope))

    # -- playing

    def play(self, step: Step) -> Ran | None:
        """Let one step happen; a run says what it was."""
        if isinstance(step, Run):
            return self.run(step)
        self.do(step)
        return None

    def do(self, step: Step) -> None:
        """Let something happen that is not a run."""
        kind = self.setting.kind
        match step:
            case Edit() | Put() | Remove() | Lock() | Fail() | Calm() | Rescope() if step.system not in self.systems:
                return
            case Edit(name, record, changes):
                system = self.systems[name]
                if system.record(kind, record) is None:
                    return
                fit = {path: text for path, text in changes.items() if system.lenses[kind].carries(path)}
                system.edit(kind, record, {p: REMOVE if text is None else text for p, text in fit.items()})
            case Put(name, record, data):
                system = self.systems[name]
                if system.record(kind, record) is not None:
                    return
                group = GROUP if kind == "plan" else None
                fit = {path: text for path, text in data.items() if system.lenses[kind].carries(path)}
                system.put_record(kind, record, fit, group=group)
            case Remove(name, record):
                if self.systems[name].record(kind, record) is None:
                    return
                self.systems[name].remove(kind, record)
            case Lock(name, record, prefix):
                if self.systems[name].record(kind, record) is None:
                    return
                self.systems[name].lock(kind, record, {} if prefix is None else {prefix: "held for review"})
            case Fail(name, operation, fault, times, silent, omit):
                self.systems[name].faults.set(operation, fault, times=times, silent=silent, omit=omit)
            case Calm(name):
                self.systems[name].faults.clear()
            case Pause(name, on):
                self.store.put("pauses", f"system:{name}", {"reason": "simulated", "by": "x", "at": 0} if on else None)
            case Rescope(name, scope):
                self.systems[name].scope = scope
            case Wait(seconds):
                self.clock.at += seconds
            case Answer():
                self.answer(step)
                return
            case Run():
                return
        self.touched += 1
        self.told.append(str(step))
        self.events.append(step)

    def answer(self, step: Answer) -> None:
        """Answer one of the open questions."""
        questions = self.questions("open")
        if not questions:
            return
        question = questions[step.pick % len(questions)]
        answers = self.answers_to(question, step.value)
        if answers:
            self.decide(question, *answers[step.choice % len(answers)])

    def decide(self, question: Question, choice: str, value: Any = None, options: dict[str, str] | None = None) -> None:
        """Commit an answer."""
        proposal = question.proposal
        self.touched += 1
        self.told.append(
            f"answer {proposal.kind} {proposal.label} {proposal.name}: {choice} {value or ''} {options or ''}"
        )
        self.events.append(self._said(question, choice, value))
        if choice == "ignore":
            self.store.save_questions([replace(question, status="ignored")])
            return
        decided = Decided(
            question.id,
            proposal.kind,
            proposal.link,
            proposal.name,
            proposal.digest,
            choice,
            value,
            options or {},
            "ann",
        )
        self.answered.append(decided)
        self.store.save_questions([replace(question, status="decided", decided=decided)])

    def _said(self, question: Question, choice: str, value: Any) -> Said:
        proposal = question.proposal
        system, _, rest = proposal.name.partition(":")
        match proposal.kind:
            case "conflict" | "renewal":
                name = f"{proposal.label}.{proposal.name}"
            case "hand-off" | "hold" | "loss":
                name = f"{system}:{proposal.label}.{rest}"
            case "missing-record":
                name = proposal.label
            case _:
                name = proposal.name
        answer: str | dict[str, str] = {"value": format_value(value)} if choice == "value" else choice.partition(":")[0]
        return Said(f"{proposal.kind} {name}", answer)

    def answers_to(self, question: Question, pick: int = 0) -> list[tuple[str, Any, dict[str, str]]]:
        """Give the answers that a person may give: what the question offers, made concrete."""
        proposal = question.proposal
        found: list[tuple[str, Any, dict[str, str]]] = []
        for offer in proposal.offers:
            choice = offer.choice
            if choice.startswith("value"):
                pool = POOLS[self.setting.kind].get(proposal.name, ())
                if pool:
                    found.append(("value", self.value(proposal.name, pool[pick % len(pool)]), {}))
            elif proposal.kind == "link-plans" and choice == "link":
                found += self._links_for(proposal.name, pick)
            else:
                found.append((choice, None, {}))
        return found

    def _links_for(self, name: str, pick: int) -> list[tuple[str, Any, dict[str, str]]]:
        """Give the records of other systems that a stray could be linked to."""
        system = name.split(":", 1)[0]
        found = []
        for other in self.questions("open"):
            there, _, record = other.proposal.name.partition(":")
            if other.proposal.kind == "link-plans" and there != system:
                sources = {} if pick % 2 else {f"source.{s}": system for s in ("details", "rates", "name", "rate_ee")}
                found.append(("link", None, {f"member.{there}": record, **sources}))
        return found

    def run(self, step: Run) -> Ran:
        """Observe and run once, with what was planned to happen in it."""
        self.clock.at += 3600.0
        links, asked = self.links(), self._standing()
        wrote_from = len(self.witness.wrote)
        shown_from = len(self.witness.log)
        if not self.store.pending(self.setting.scope):
            self.settled_until = wrote_from
        shown_before = dict(self.witness.shown)
        disturbed = self._disturbed(step)
        self.moments.arm(step.kill, step.races)
        report: Report | None = None
        try:
            report = self._drive(self._run(step))
        except Killed:
            self.world = self.fresh()
        finally:
            self.moments.on = False
            self.witness.observing = False
            self.witness.step(killed=report is None)
        broken = frozenset(
            (name, kind)
            for name in self.systems
            for kind in self.systems[name].lenses
            if (found := self.store.listing(name, kind)) is None or not found.complete or found.error or found.tripped
        )
        away = frozenset(
            (name, kind)
            for name, kind in broken
            if (found := self.store.listing(name, kind)) is None or found.error or found.tripped
        )
        died = self.moments.told if report is None else []
        ran = Ran(
            step=step,
            report=report,
            links_before=links,
            links_after=self.links(),
            asked_before=asked,
            asked_after=self._standing(),
            wrote_from=wrote_from,
            shown_from=shown_from,
            shown_before=shown_before,
            planned_at=self._planned_at,
            disturbed=disturbed,
            broken=broken,
            away=away,
            died=died[-1] if died else "",
            touched=next((one.rpartition(" ")[2] for one in reversed(died) if one.count(" ") > 1), ""),
        )
        self.told.append(self._telling(ran))
        self.events.append(ran)
        return ran

    def _drive(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Carry a run out."""
        return drive(work)

    async def _run(self, step: Run) -> Report:
        self.witness.observing = True
        for name in sorted(self.systems) if step.observe is None else step.observe:
            if name in self.systems:
                await observe(name, self.world)
        self.witness.observing = False
        self._planned_at = len(self.witness.log)
        return await run_once(self.setting.scope, self.world, Mode(full=step.full))

    def _standing(self) -> dict[str, Question]:
        return {q.id: q for q in self.store.questions(status=("open", "decided", "ignored"))}

    def _disturbed(self, step: Run) -> dict[str, str]:
        """Name the systems of which a run cannot expect that everything goes well."""
        found: dict[str, str] = {}
        paused = self.world.pauses(self.setting.scope)
        for name, system in self.systems.items():
            if system.faults._plan:
                found[name] = "faults"
            elif system.scope != "all":
                found[name] = "another tenant"
            elif name in paused:
                found[name] = "paused"
            elif step.observe is not None and name not in step.observe:
                found[name] = "not observed"
        return found

    def _telling(self, ran: Ran) -> str:
        end = "killed" if ran.report is None else f"{ran.report.result} {dict(ran.report.written)} {ran.report.failed}"
        asked = [f"{q.proposal.kind} {q.proposal.label} {q.proposal.name}" for q in self.questions("open")]
        at = f" killed at {ran.step.kill} ({self.moments.told[-1]})" if ran.killed else ""
        extra = f" races {ran.step.races}" if ran.step.races else ""
        extra += f" observing {ran.step.observe}" if ran.step.observe is not None else ""
        wrote = [
            f"{w.at[0]} {w.at[2]} {'create' if w.create else ''}{_moved(w)}"
            for w in self.witness.wrote[ran.wrote_from :]
        ]
        return f"run{at}{extra}: {end}; wrote {wrote}; open: {asked}"


def drive(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine that never waits for the outer world."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    msg = "a simulated world waited for something real"
    raise RuntimeError(msg)


def _moved(wrote: Wrote) -> dict[str, str]:
    """Tell what a write changed: before, told, after."""
    paths = sorted({*wrote.before, *wrote.told, *wrote.after})
    rows = {path: (wrote.before.get(path), wrote.told.get(path), wrote.after.get(path)) for path in paths}
    return {
        path: f"{before!s:.20} -> told {told!s:.20} holds {after!s:.20}"
        for path, (before, told, after) in rows.items()
        if len({before, told, after}) > 1
    }
