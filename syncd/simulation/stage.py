"""The stage: simulated vendors, clock, ids and store, on which the steps of a history are played.

The process is killed by raising at a moment: after each journal append, each commit, each page, request and reply. What
outlives it are the vendors and the store; a fresh world goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, TypeVar, cast

from syncd.apply.observe import OF_ANOTHER_WORLD
from syncd.apply.world import LiveSystem, World
from syncd.connectors.base import Access
from syncd.connectors.memory import REMOVE
from syncd.errors import StoreError
from syncd.model.fields import value_from_text
from syncd.model.records import Kind
from syncd.model.values import Flat, Value
from syncd.reconcile.guards import Limits
from syncd.reconcile.guards.base import Limit
from syncd.reconcile.rules import Rules
from syncd.reconcile.types import Decided, Link
from syncd.simulation.answering import answers_to, said
from syncd.simulation.backstage import Killed, Moments, SimClock, SimStore, Turns, drive, interleave
from syncd.simulation.filling import class_of, fill, lenses
from syncd.simulation.lenses import RowLens
from syncd.simulation.ran import Event, Ran, telling
from syncd.simulation.setting import Setting, SystemSetting
from syncd.simulation.steps import Answer, Calm, Edit, Fail, Lock, Pause, Put, Remove, Rescope, Rude, Run, Step, Wait
from syncd.simulation.vendor import Place, SimSystem, Witness
from syncd.store.rows import Question
from syncd.sync import Mode, Report, observe, run_once

_T = TypeVar("_T")


MOST_COPIES = 4
GRAVITY = ("ok", "open", "partial", "refused")


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
    turns: Turns = field(default_factory=Turns)
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
    kept: list[tuple[SimStore, dict[str, Any]]] = field(default_factory=list)
    """Copies of the store, the newest last, each with what the checks knew then."""
    keeps: bool = False
    """Whether somebody makes a copy of the store before each run."""
    lost: dict[tuple[str, str, str], tuple[Value, int]] = field(default_factory=dict)
    """(link, system, path) that no row reads now -> its base when the row was taken out, and the runs until then."""
    regained: dict[tuple[str, str, str], Value | None] = field(default_factory=dict)
    """(link, system, path) whose row came or changed and that is not settled since -> its base before it was lost;
    None: nobody can know, the row is a new or another one."""
    uneven: set[str] = field(default_factory=set)
    """Fields in which vendors differ by themselves from the beginning."""
    apart: set[Place] = field(default_factory=set)
    """Records that a person set apart."""
    forgotten: int = 0
    """How many of our writes the store may not know of: it was restored since."""
    runs: int = 0
    also: tuple[Callable[[Stage, Ran], Iterator[str]], ...] = ()
    """What whoever plays looks at after each run, beside the simulation's own checks."""
    struck: frozenset[str] = frozenset()
    """Kinds of mischief that happen in this history."""
    retyped: dict[Place, Flat] = field(default_factory=dict)
    """Records whose id was given to another thing, with what the first one was."""
    refused: list[str] = field(default_factory=list)
    """What people tried and were refused."""
    _ids: int = 0
    _planned_at: int = 0
    _at_plan: tuple[dict[Place, Flat], dict[Place, str | None]] = field(default_factory=lambda: ({}, {}))

    def __post_init__(self) -> None:
        self.store = SimStore.take(self.source)
        self.moments.act = self.do
        rng = Random(self.seed)
        for one in self.setting.systems:
            self.systems[one.name] = self._vendor(one, rng)
        if self.source is None:
            fill(self)
        self.store.moments = self.moments
        self.access = {name: drive(system.access()) for name, system in self.systems.items()}
        self.world = self.fresh()
        self.witness.by_people.clear()
        self.witness.raced.clear()

    # -- making the world

    def _vendor(self, made: SystemSetting, rng: Random) -> SimSystem:
        mixed = rng.random() < 0.5 if self.shuffled is None else self.shuffled
        system = class_of(made)(
            made,
            lenses(made, self.setting),
            self.witness,
            clock=self.clock,
            turns=self.turns,
            on_effect=lambda moment, operation: self.moments(moment, operation, made.name),
            shuffle=Random(rng.random()) if mixed else None,
        )
        system.listed_at = self.clock.at
        without = self.setting.unmapped.get(made.name, frozenset())
        if without:
            system.lenses[self.setting.kind] = cast("RowLens", system.whole[self.setting.kind]).edited(without, {})
        return system

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
            ignore=frozenset(self.uneven),
            effect=self.moments,
        )

    def _new_id(self) -> str:
        self._ids += 1
        return f"id{self._ids:05d}"

    def copy(self) -> Stage:
        """Give another stage on which everything is as it is here and goes its own way from now on."""
        twin = Stage(self.setting, self.seed, self.shuffled, self.store)
        twin.clock.at, twin._ids, twin.touched = self.clock.at, self._ids, self.touched
        twin.clock.off = self.clock.off
        twin.lost, twin.regained, twin.retyped = dict(self.lost), dict(self.regained), dict(self.retyped)
        twin.uneven, twin.apart, twin.struck, twin.runs, twin.forgotten = (
            set(self.uneven),
            set(self.apart),
            self.struck,
            self.runs,
            self.forgotten,
        )
        for name, system in self.systems.items():
            system.copy_to(twin.systems[name])
        twin.witness.absent |= self.witness.absent
        for place, flats in self.witness.images.items():
            for flat in flats:
                twin.witness.holds(place, flat)
        twin.witness.shown, twin.witness.groups = dict(self.witness.shown), dict(self.witness.groups)
        for place, flats in self.witness.ever_shown.items():
            twin.witness.ever_shown[place] = list(flats)
        twin.witness.log, twin.witness.wrote = list(self.witness.log), list(self.witness.wrote)
        self.witness.remember(twin.witness)
        twin.answered, twin.told = list(self.answered), list(self.told)
        twin.clusters = {place: set(links) for place, links in self.clusters.items()}
        twin.access = dict(self.access)
        twin.world = twin.fresh()
        return twin

    # -- looking

    def value(self, path: str, text: str | None) -> Any:
        """Read a text of a table as the engine would."""
        return value_from_text(path, text, self.setting.kind)

    def truth(self, system: str, record: str) -> Flat:
        """Give all that a record holds, whatever the engine is told to read."""
        live = self.systems[system]
        return live.truth(live.record(self.setting.kind, record))

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
                fit = {path: text for path, text in changes.items() if system.whole[kind].carries(path)}
                system.edit(kind, record, {p: REMOVE if text is None else text for p, text in fit.items()})
            case Put(name, record, data):
                system = self.systems[name]
                if system.record(kind, record) is not None:
                    return
                fit = {path: text for path, text in data.items() if system.whole[kind].carries(path)}
                system.put_record(kind, record, fit, group=self.setting.group_of(record))
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
            case Rude():
                if not step.happen(self):
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
        answers = answers_to(self, question, step.value)
        if answers:
            self.decide(question, *answers[step.choice % len(answers)])

    def decide(self, question: Question, choice: str, value: Any = None, options: dict[str, str] | None = None) -> None:
        """Commit an answer."""
        proposal = question.proposal
        self.touched += 1
        self.told.append(
            f"answer {proposal.kind} {proposal.label} {proposal.name}: {choice} {value or ''} {options or ''}"
        )
        self.events.append(said(question, choice, value))
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

    def run(self, step: Run) -> Ran:
        """Observe and run once, with what was planned to happen in it."""
        self.clock.at += 3600.0
        links, asked = self.links(), self._standing()
        wrote_from = len(self.witness.wrote)
        shown_from = len(self.witness.log)
        if self.keeps:
            self.keep()
        if not any(self.store.pending(scope) for scope in self.setting.scopes):
            self.settled_until = wrote_from
        shown_before = dict(self.witness.shown)
        known, creating = self._known(), self._creating()
        disturbed = self._disturbed(step)
        self.moments.arm(step.kill, step.races)
        self.store.room = step.room
        report: Report | None = None
        try:
            report = self._drive(self._run(step))
        except Killed:
            self.world = self.fresh()
        except StoreError:
            if self.store.room != 0:
                raise
            self.world = self.fresh()
        finally:
            self.moments.on, self.store.room = False, None
            self.witness.observing = False
            self.witness.step(self._of_another_world(), killed=report is None)
        broken = frozenset(
            (name, kind)
            for name in self.systems
            for kind in self.systems[name].lenses
            if (found := self.store.listing(name, kind)) is None or not found.complete or found.error or found.tripped
        )
        listings = {at: self.store.listing(*at) for at in broken}
        away = frozenset(at for at, found in listings.items() if found is None or found.error or found.tripped)
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
            known_before=known,
            creating=creating,
            shown_at_plan=self._at_plan[0],
            groups_at_plan=self._at_plan[1],
            touched=next((one.rpartition(" ")[2] for one in reversed(died) if one.count(" ") > 1), ""),
        )
        self.runs += report is not None
        self.told.append(telling(self, ran))
        self.events.append(ran)
        return ran

    def keep(self) -> None:
        """Make a copy of the store, as a backup does, and keep what the checks know by now."""
        known = {
            "kept": {at: {path: set(v) for path, v in paths.items()} for at, paths in self.witness.kept.items()},
            "closed": dict(self.closed),
        }
        self.kept.append((SimStore.take(self.store), known))
        if len(self.kept) > MOST_COPIES:
            self.kept.pop(0)[0].free()

    def restore(self, back: int) -> None:
        """Put an older copy of the store in the place of the present one; a new process goes on from it."""
        store, known = self.kept[-back]
        for later, _ in self.kept[len(self.kept) - back + 1 :]:
            later.free()
        del self.kept[len(self.kept) - back + 1 :]
        self.store.free()
        self.store = SimStore.take(store)
        self.store.moments = self.moments
        self.witness.kept.clear()
        self.witness.read_back.clear()
        for at, fields in known["kept"].items():
            for path, values in fields.items():
                self.witness.kept[at][path] |= values
        self.closed = dict(known["closed"])
        self.forgotten = len(self.witness.wrote)
        self.settled_until = 0
        self.world = self.fresh()

    def free(self) -> None:
        """Let another stage have the stores."""
        self.store.free()
        for system in self.systems.values():
            system.free()
        for store, _ in self.kept:
            store.free()
        self.kept = []

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
        self._at_plan = dict(self.witness.shown), dict(self.witness.groups)
        if step.overlap:
            return self._overlapping(step)
        return await self._run_groups(step)

    async def _run_groups(self, step: Run) -> Report:
        """Run each linked group once; what it came to is told of all together."""
        report, *more = [await run_once(scope, self.world, Mode(full=step.full)) for scope in self.setting.scopes]
        for other in more:
            report = replace(
                report,
                result=max(report.result, other.result, key=GRAVITY.index),
                written={**report.written, **other.written},
                failed=(*report.failed, *other.failed),
            )
        return report

    def _overlapping(self, step: Run) -> Report:
        """Run while some systems are observed once more."""

        def turn(now: int) -> None:
            self.witness.observing = now > 0

        jobs = [self._run_groups(step), *(observe(name, self.world) for name in step.overlap if name in self.systems)]
        found: Report = interleave(jobs, Random(step.turns), self.turns, turn)
        return found

    def _of_another_world(self) -> frozenset[tuple[str, Kind]]:
        """Name the systems and kinds of record whose last listing was not of the records we know."""
        return frozenset(
            (name, kind)
            for name, system in self.systems.items()
            for kind in system.lenses
            if (found := self.store.listing(name, kind)) is not None and found.tripped in OF_ANOTHER_WORLD
        )

    def _known(self) -> frozenset[Place]:
        if "copies" not in self.struck:
            return frozenset()
        return frozenset(
            (name, kind, id_)
            for name, system in self.systems.items()
            for kind in system.whole
            for id_ in self.store.heads(name, kind)
        )

    def _creating(self) -> frozenset[tuple[str, str]]:
        found = [one for scope in self.setting.scopes for one in self.store.pending(scope)]
        found += [one for scope in self.setting.scopes for one in self.store.open_creates(scope)]
        return frozenset((one.link, one.system) for one in found if one.op == "create")

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
            elif system.coming:
                found[name] = "a file of it is half there"
            elif system.blind:
                found[name] = "its feed kept something to itself"
            elif step.observe is not None and name not in step.observe:
                found[name] = "not observed"
        return found
