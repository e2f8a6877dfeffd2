"""Play a table through the real engine: in-memory systems, a store in memory, a clock of its own.

Each cycle starts from the store alone, as a restarted process does. What a run came to is told as a `Came`, which
`expect.py` compares with what the table states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from typing import Any

from syncd.apply.recover import recover
from syncd.apply.world import World
from syncd.errors import ConfigError
from syncd.linking import LinkingError, resync
from syncd.reconcile.guards import Limits
from syncd.reconcile.rules import Rules
from syncd.reconcile.strays import partner_of
from syncd.reconcile.types import Decided, Link, Member, Proposal
from syncd.review.answers import decision_from_text
from syncd.review.errors import ReviewError
from syncd.simulation.scenario.expect import Came, State
from syncd.simulation.scenario.limits import limits_of
from syncd.simulation.scenario.models import Cycle, Scenario, scalar, unquoted
from syncd.simulation.scenario.start import begin, newcomers, scope_of
from syncd.simulation.scenario.system import GROUP, Killed, TableSystem
from syncd.store.rows import Question
from syncd.store.store import Store
from syncd.sync import Mode, observe_all, read_links, run_once
from syncd.text.nearest import meant_or_known

T0 = 1_767_225_600.0
"""When every table begins: 2026-01-01, 00:00 UTC."""
HOUR_S = 3600.0


@dataclass(slots=True)
class _Clock:
    """A clock that only moves when told to. `off`: how far the clock of our machine is ahead."""

    at: float
    off: float = 0.0

    def now(self) -> float:
        return self.at + self.off

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


class Play:
    """One table being played, cycle by cycle.

    `watch` hears of each moment at which a process can die and may raise `Killed`; then `cycle` runs the same cycle
    again, without its edits and answers, as a restarted process would.
    """

    def __init__(
        self, scenario: Scenario, watch: Callable[[str], None] = lambda _: None, *, rules: Rules | None = None
    ) -> None:
        """Begin a table; `rules` hold where it names none."""
        self.scenario, self.watch = scenario, watch
        self.scope = scope_of(scenario)
        self.systems = {name: TableSystem(name, scenario, self._watched) for name in scenario.systems}
        self.store = _stores.pop() if _stores else _blank().fork()
        _renew(self.store)
        self._clock = _Clock(T0)
        self._ids = count(1)
        self._injected = False
        self.at = Cycle()
        self._begun: set[tuple[str, str]] = set()
        self._links: tuple[Link, ...] = ()
        self._keys: dict[str, str] = {}
        begin(scenario, self.systems, self.store, T0)
        self._look()
        self._note_members()
        self.rules: Rules | None = None
        self.limits = Limits()
        self.trouble = ""
        try:
            kinds = () if scenario.kind == "generic" else (scenario.kind,)
            own = Rules(unquoted(scenario.rules), scenario.systems, kinds=kinds)
            self.rules = own if scenario.rules is not None or rules is None else rules
            self.limits = limits_of(unquoted(scenario.guards))
        except ConfigError as error:
            self.trouble = str(error)

    def _watched(self, moment: str) -> None:
        try:
            self.watch(moment)
        except Killed:
            self._injected = True
            raise

    def close(self) -> None:
        """Let another table have the store."""
        _stores.append(self.store)

    # -- one cycle

    async def cycle(self, at: int) -> Came:
        """Do what people do in a cycle, run, and tell what came of it."""
        self.at = cycle = self.scenario.cycles[at]
        self._clock.at, self._clock.off = T0 + HOUR_S * (at + 1), HOUR_S * cycle.clock
        before = {name: system.writes for name, system in self.systems.items()}
        for step in (self._edit, self._decide) if cycle.stale else (self._decide, self._edit):
            step(cycle, at)
        self._link_all()
        for name, system in self.systems.items():
            system.set_faults(cycle.faults.get(name))
        came = await self.run(cycle)
        while self._injected:
            self._injected = False
            came = await self.run(cycle)
        return replace(came, writes={name: system.writes - before[name] for name, system in self.systems.items()})

    async def quiet(self) -> Came:
        """Run once more with nothing edited and nothing going wrong."""
        self._clock.at, self._clock.off = self._clock.at + HOUR_S, 0.0
        before = {name: system.writes for name, system in self.systems.items()}
        for system in self.systems.values():
            system.set_faults(None)
        came = await self.run(Cycle())
        return replace(came, writes={name: system.writes - before[name] for name, system in self.systems.items()})

    async def run(self, cycle: Cycle) -> Came:
        """Observe all systems and run the engine once, as a process that has just started."""
        if self.trouble:
            return Came("config_error", proposals=self._told(self._asked()), notes=(self.trouble,))
        asked: list[Proposal] | None = None
        try:
            came, asked = await self._run(cycle, self._world())
        except Killed:
            came = Came("partial", notes=("killed",))
        except ConfigError as error:
            came = Came("config_error", notes=(str(error),))
        self._look()
        self._note_members()
        return replace(came, proposals=self._told(self._asked() if asked is None else asked))

    async def _run(self, cycle: Cycle, world: World) -> tuple[Came, list[Proposal] | None]:
        """Run, and give what it came to; a dry run also gives what it would ask."""
        dry = cycle.way == "dry_run"
        if dry:
            world = replace(world, store=self.store.fork())
        observed = await observe_all(world, force=cycle.force)
        self._name_strays(world.store)
        if cycle.way == "resync":
            await self._resync(cycle, world)
        report = await run_once(self.scope, world, Mode(preview=dry, force=frozenset(cycle.force)))
        asked = None
        if dry:
            asked = [q.proposal for q in world.store.questions() if q.proposal.scope != self.scope]
            asked += report.questions
        notes = [*report.failed, *(f"{name}: {why}" for name, why in report.away.items())]
        notes += [f"{one.system}: guard {name}" for one in observed for name in one.tripped]
        return Came(report.result, notes=tuple(dict.fromkeys(notes))), asked

    async def _resync(self, cycle: Cycle, world: World) -> None:
        try:
            await recover(self.scope, world)
            await resync(world, await read_links(self.scope, world, Mode(full=True)), winner=cycle.winner)
        except LinkingError:
            return  # nothing is linked, so there is nothing to forget

    def _world(self) -> World:
        assert self.rules is not None  # noqa: S101 - asked by the caller
        groups = {field: name for name, members in self.scenario.groups.items() for field in members}
        return World(
            systems={name: system.live() for name, system in self.systems.items()},
            store=self.store,
            rules=self.rules,
            limits=self.limits,
            clock=self._clock,
            new_id=lambda: f"{next(self._ids):09d}",
            atoms=groups,
            ignore=frozenset(self.scenario.ignore),
            period_s=HOUR_S,
            effect=self._effect,
            scope_of=lambda _system, record: self.scope if record.group in (None, GROUP) else record.group,
        )

    def _effect(self, moment: str) -> None:
        if moment != "after_journal":
            self._watched(f"engine {moment}")
            return
        awaited = {intent.system for intent in self.store.pending(self.scope)}
        self._watched("engine after_journal" if awaited else "engine after_empty_journal")
        for name in awaited:
            self.systems[name].journalled()

    # -- what people do

    def _edit(self, cycle: Cycle, at: int) -> None:
        for name, records in cycle.edit.items():
            self.systems[name].apply_edit(records, self.scenario.line_of("cycles", at, "edit", name))

    def _decide(self, cycle: Cycle, at: int) -> None:
        for name, answer in cycle.decide.items():
            try:
                self._answer(name, answer)
            except (ConfigError, ReviewError) as error:
                line = self.scenario.line_of("cycles", at, "decide", name)
                raise ConfigError(f"decide `{name}`: {error.message}", file=self.scenario.file, line=line) from error

    def _answer(self, name: str, answer: Any) -> None:
        """Commit an answer to every open question of a name."""
        kind, _, wanted = name.partition(" ")
        standing = [q for q in self.store.questions(status=("open", "ignored")) if q.proposal.kind == kind]
        found = [q for q in standing if wanted in self._names(q.proposal)]
        if not found:
            known = [f"{kind} {self._names(q.proposal)[0]}" for q in standing]
            raise ConfigError(f"there is no such open proposal{meant_or_known(name, known)}")
        if kind == "link-plans" and answer == "link":
            found = [self._partners(found)]
        elif kind == "link-plans" and answer == "copy" and len(found) > 1:
            raise ConfigError(f"{len(found)} systems hold it already; link them, or name one as SYSTEM:KEY")
        self.store.save_questions([self._decided(question, answer) for question in found])

    def _decided(self, question: Question, answer: Any) -> Question:
        if isinstance(answer, Mapping):
            answer = {"value": scalar(answer["value"], self.scenario.kind)}
        decided = decision_from_text(question, answer, kind=self.scenario.kind, trusted=True, by="table")
        if question.decided is not None and answer == "link":
            decided = replace(decided, options=question.decided.options)
        return replace(question, status="decided", decided=decided, previous="")

    def _partners(self, found: list[Question]) -> Question:
        """Let one question of a key name the records of the same key in the other systems."""
        records = {name: str(said["id"]) for question in found for name, said in question.proposal.members.items()}
        if len(records) < 2:
            raise ConfigError("no other system holds an unlinked record of this key")
        first = min(found, key=lambda question: question.proposal.name)
        own = first.proposal.name.partition(":")[0]
        options = {f"member.{system}": native for system, native in records.items() if system != own}
        proposal = first.proposal
        decided = Decided(first.id, proposal.kind, "", proposal.name, proposal.digest, "link", options=options)
        return replace(first, decided=decided)

    # -- linked: all

    def _link_all(self) -> None:
        """Link what two or more systems hold under one key, unless it was linked before and is no longer."""
        if self.scenario.linked != "all":
            return
        standing = sorted(self._links, key=lambda link: link.status == "unlinked", reverse=True)
        links = {self._keys[link.id]: link for link in standing}
        changed = False
        for key in dict.fromkeys(key for system in self.systems.values() for key in system.ids):
            holders = [name for name, system in self.systems.items() if system.holds(key)]
            fresh = [name for name in holders if (name, key) not in self._begun]
            link = links.get(key)
            if link is None and len(holders) > 1 and fresh == holders:
                self.store.add_link(newcomers(key, holders, self.systems, self.scope))
                changed = True
            elif link is not None and link.status != "unlinked" and fresh:
                changed |= self._join(link, key, fresh)
        if changed:
            self._look()
            self._note_members()

    def _join(self, link: Link, key: str, fresh: Sequence[str]) -> bool:
        """Let records that were not there before join the link of their key as newcomers."""
        known = {member.system for member in link.members}
        joined = [
            Member(name, self.systems[name].ids[key], {}, unseen=frozenset({""})) for name in fresh if name not in known
        ]
        if joined:
            self.store.save_links([replace(link, members=(*link.members, *joined), settled=b"")])
        return bool(joined)

    def _note_members(self) -> None:
        """Remember who was ever linked: what a decision took apart is not put together again by the table."""
        self._begun |= {
            (member.system, self._keys[link.id])
            for link in self._links
            for member in link.members
            if member.status != "awaited"
        }

    # -- keys and names

    def _look(self) -> None:
        """Read the links and give every record that syncd created the key of its link."""
        self._links = tuple(self.store.links(self.scope, status=None))
        known = {name: {native: key for key, native in system.ids.items()} for name, system in self.systems.items()}
        self._keys = {
            link.id: next((known[m.system][m.id] for m in link.members if m.id in known.get(m.system, ())), link.label)
            for link in self._links
        }
        for link in self._links:
            for member in link.members:
                self._call(member.system, member.id, self._keys[link.id])
        for name, system in self.systems.items():
            for native, marker in system.marked().items():
                key = self._keys.get(marker.removeprefix("syncd:").rpartition(":")[0])
                if key is not None:
                    self._call(name, native, key)

    def _call(self, name: str, native: str, key: str) -> None:
        """Take down a record's key, unless another record of the system that is still there has it."""
        system = self.systems[name]
        there = system.record(system.kind, native) is not None
        if there and native not in system.ids.values() and not system.holds(key):
            system.ids[key] = native

    def _name_strays(self, store: Store) -> None:
        """Call unlinked records by their key, as a table does."""
        strays = store.strays(self.scope)
        names = {name: system.keys() for name, system in self.systems.items()}
        renamed = [
            replace(row, label=names[row.system][row.id])
            for row in strays
            if names[row.system].get(row.id, row.label) != row.label
        ]
        if renamed:
            store.save_snapshots(renamed)

    def _names(self, proposal: Proposal) -> tuple[str, ...]:
        """Give the names under which a table may speak of a proposal, the one it is shown by first."""
        key = self._keys.get(proposal.link, proposal.label)
        system, _, rest = proposal.name.partition(":")
        match proposal.kind:
            case "guard":
                return (proposal.name,)
            case "link-plans" | "suggested-link":
                key = self.systems[system].keys().get(rest, rest) if system in self.systems else key
                pair = partner_of(proposal)  # of two records that are asked about as one, either names it
                other = self.systems[pair[0]].keys().get(pair[1], pair[1]) if pair and pair[0] in self.systems else key
                return key, f"{system}:{key}", proposal.name, other
            case "missing-record":
                return (key,)
            case "hand-off" | "hold" | "loss":
                return f"{system}:{key}", f"{system}:{key}.{rest}"
            case _:
                return (f"{key}.{proposal.name}",)

    def _asked(self) -> list[Proposal]:
        """Give all open proposals."""
        return [question.proposal for question in self.store.questions()]

    def _told(self, proposals: Sequence[Proposal]) -> Mapping[str, frozenset[str]]:
        told: dict[str, set[str]] = {}
        for proposal in proposals:
            told.setdefault(proposal.kind, set()).add(self._names(proposal)[0])
        return {kind: frozenset(names) for kind, names in sorted(told.items())}

    def state(self) -> State:
        """Give what every system holds and how the links stand."""
        return State({name: system.held() for name, system in self.systems.items()}, self._links, self._keys)


# -- stores -------------------------------------------------------------------------------------------------------

_stores: list[Store] = []
"""Stores that are free again. A new one would compile all its statements anew, which takes longer than a run."""


@cache
def _blank() -> Store:
    """Make the empty store that every table starts from."""
    return Store.open(":memory:")


def _renew(store: Store) -> None:
    """Make a store as empty as a new one."""
    with _blank()._reading() as blank, store._writer.connect() as used:
        source, target = blank.connection.dbapi_connection, used.connection.dbapi_connection
        used.rollback()
        source.backup(target)  # type: ignore[union-attr]
