"""Play a history to its end, check after each run, then let it come to rest and check what is left.

The same setting and steps always give the same end.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, TypeAlias

from syncd.apply.world import FULL_EVERY_S
from syncd.model import encoding
from syncd.reconcile.constrain import REFUSALS_TO_ASK
from syncd.reconcile.types import Link
from syncd.simulation.answering import answers_to
from syncd.simulation.checks import AFTER_EACH_RUN
from syncd.simulation.checks_at_rest import AT_REST
from syncd.simulation.checks_rude import RUDE
from syncd.simulation.mischief import RATES, strike
from syncd.simulation.ran import Event, Quiet, Ran
from syncd.simulation.rude import Restore
from syncd.simulation.script import Script
from syncd.simulation.setting import Setting, draw_setting
from syncd.simulation.stage import Stage
from syncd.simulation.steps import Run, Step, draw_steps
from syncd.simulation.vendor import Wrote

MOST_RUNS_TO_REST = 14
ANSWERING_ROUNDS = 3
Check: TypeAlias = Callable[[Stage, Ran], Iterator[str]]


@dataclass(frozen=True, slots=True)
class History:
    """A base world, what happened in it, and whether people answer what is left at the end."""

    seed: int
    setting: Setting
    steps: tuple[Step, ...]
    answers: bool = True
    shuffled: bool = False
    """Whether every system mixes the order of its listings."""
    struck: frozenset[str] = frozenset()
    """The kinds of mischief in it."""
    kills: tuple[int, ...] = ()
    """Moments of the first quiet run at which the process is killed, each on its own copy of the world."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What was found wrong: the property, what was seen, and what had happened until then."""

    property: str
    what: str
    told: tuple[str, ...]
    trace: str = field(default="", compare=False)
    events: tuple[Event, ...] = field(default=(), compare=False, repr=False)
    content: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    """What the systems held in the end: system -> record -> field."""


class Wrong(Exception):  # noqa: N818 - a finding
    """A check found something."""

    def __init__(self, name: str, what: str) -> None:
        self.name, self.what = name, what
        super().__init__(f"{name}: {what}")


def draw_history(seed: int, rates: Mapping[str, float] | None = None) -> History:
    """Draw a history from its seed. `rates`: kind of mischief -> how often it strikes; left out: as a rule."""
    rng = Random(seed)
    setting = draw_setting(rng)
    script = Script(Random(f"mischief {seed}"), setting, draw_steps(rng, setting))
    answers, kill = rng.random() < 0.7, rng.randint(1, 60)
    strike(script, RATES if rates is None else rates)
    struck = frozenset(script.struck)
    return History(seed, script.setting, tuple(script.steps), answers, struck=struck, kills=(kill,))


def play(history: History, also: tuple[Check, ...] = ()) -> Failure | None:
    """Play a history; None when everything held. `also`: what else must hold after each run."""
    stage = Stage(history.setting, history.seed, struck=history.struck, also=also)
    stage.keeps = any(isinstance(step, Restore) for step in history.steps)
    try:
        for step in history.steps:
            ran = stage.play(step)
            if ran is not None:
                check(stage, ran)
        calm(stage)
        if history.kills:
            p11_crash_anywhere(stage, history)
        rounds = ANSWERING_ROUNDS if history.answers else 0
        for round_ in range(rounds + 1):
            to_rest(stage)
            _check_end(stage)
            if round_ == rounds or not _answer_all(stage, Random(history.seed + round_)):
                break
    except Wrong as wrong:
        return _failed(stage, wrong.name, wrong.what)
    except Exception as error:  # noqa: BLE001 - whatever a run raises is a finding
        return _failed(stage, "p23_a_run_never_raises", f"{type(error).__name__}: {error}", traceback.format_exc())
    finally:
        stage.free()
    return None


def _failed(stage: Stage, name: str, what: str, trace: str = "") -> Failure:
    content = {system: dict(live.content().get(stage.setting.kind, {})) for system, live in stage.systems.items()}
    return Failure(name, what, tuple(stage.told), trace, tuple(stage.events), content)


def p11_crash_anywhere(stage: Stage, history: History) -> None:
    """P11: killed at any moment of a run and started again, the end is that of a run that nobody disturbed."""
    if any(one.behaviour.late for one in stage.setting.systems):
        return  # a late vendor counts calls, and a run that is repeated makes more of them
    plain = stage.copy()
    try:
        with _told_by(plain, stage):
            to_rest(plain)
        wanted = end_of(plain)
    finally:
        plain.free()
    for kill in history.kills:
        twin = stage.copy()
        try:
            with _told_by(twin, stage):
                _killed_once(twin, kill, wanted)
        finally:
            twin.free()


@contextmanager
def _told_by(twin: Stage, stage: Stage) -> Iterator[None]:
    """Let what a copy of the world came to be told as what happened."""
    try:
        yield
    except Wrong:
        stage.told, stage.events, stage.systems = twin.told, [*stage.events, *twin.events], twin.systems
        raise


def _killed_once(twin: Stage, kill: int, wanted: dict[str, Any]) -> None:
    """Kill a copy of the world at one moment, let it go on, and compare."""
    ran = twin.run(Run(kill))
    if not ran.killed:
        return
    check(twin, ran)
    to_rest(twin)
    found = end_of(twin)
    open_create = any(
        name.startswith("missing-record") for name in found["questions"] if name not in wanted["questions"]
    )
    if found != wanted and not open_create:
        lines = [f"{key}: {value!r} instead of {wanted[key]!r}" for key, value in found.items() if value != wanted[key]]
        twin.told += lines
        raise Wrong("p11_crash_anywhere", f"killed at moment {kill}: {'; '.join(lines)}")


def end_of(stage: Stage, rename: Callable[[str], str] = str) -> dict[str, Any]:
    """Give what two ways to the same end must agree in."""
    content = {
        (rename(name), kind, rename(id_)): system.flat(record)
        for name, system in stage.systems.items()
        for kind, records in system._records.items()
        for id_, record in records.items()
    }
    found = stage.links()
    # A link is known by its records: its id tells which of them was there first.
    key = {
        link.id: " ".join(
            sorted(f"{rename(m.system)}:{'' if m.status == 'awaited' else rename(m.id)}" for m in link.members)
        )
        for link in found.values()
    }
    links = {
        key[link.id]: (
            link.status,
            link.agreed,
            {rename(m.system): (m.status, m.base, set(m.behind), m.unseen) for m in link.members},
        )
        for link in found.values()
    }
    questions = sorted(
        f"{q.proposal.kind} {key.get(q.proposal.link, '')} "
        f"{'' if q.proposal.kind == 'missing-record' else rename(q.proposal.name)}"
        for q in stage.store.questions(status=("open", "ignored"))
    )
    return {"content": content, "links": links, "questions": questions}


def check(stage: Stage, ran: Ran) -> None:
    """Hold a run to every property that must be true after each run. Raises Wrong."""
    rude = [one for one, kinds in RUDE if kinds & stage.struck]
    for check in (*rude, *AFTER_EACH_RUN, *stage.also):
        for what in check(stage, ran):
            raise Wrong(check.__name__, what)


def _check_end(stage: Stage) -> None:
    for check in AT_REST:
        for what in check(stage):
            raise Wrong(check.__name__, what)


def calm(stage: Stage) -> None:
    """Let everything go well from now on."""
    stage.told.append("-- quiet --")
    stage.events.append(Quiet())
    stage.clock.off = 0.0
    if any(system.blind for system in stage.systems.values()):
        stage.clock.at += 2.0 * FULL_EVERY_S
    for name, system in stage.systems.items():
        system.faults.clear()
        system.finish()
        system.scope = "all"
        stage.store.put("pauses", f"system:{name}", None)
        for kind in system.lenses:
            for record in list(system._records.get(kind, {}).values()):
                if record.locked:
                    system.lock(kind, record.id, {})
    stage.touched += 1


def to_rest(stage: Stage) -> None:
    """P1: after some runs the next one writes nothing and leaves everything as it was."""
    before, still = "", 0
    # What a late vendor was told shows only after so many further calls, and a run at rest makes one.
    wanted = 1 + max(one.behaviour.late for one in stage.setting.systems)
    for _ in range(MOST_RUNS_TO_REST + wanted):
        writes = len(stage.witness.wrote)
        ran = stage.run(Run())
        check(stage, ran)
        now = state(stage)
        if now == before and not any(has_effect(stage, wrote) for wrote in stage.witness.wrote[writes:]):
            still += 1
            if still == wanted:
                return
        else:
            still = 0
        before = now
    raise Wrong("p1_fixpoint", f"it does not come to rest within {MOST_RUNS_TO_REST} runs")


def has_effect(stage: Stage, wrote: Wrote) -> bool:
    """Tell a write from the hourly attempt at what is handed off already and still has no effect."""
    handed = {q.proposal.name.split(":")[0] for q in stage.store.questions(status=("open", "ignored"))}
    return wrote.before != wrote.after or wrote.at[0] not in handed


def state(stage: Stage) -> str:
    """Give everything that a run must leave alone when there is nothing to do, as text.

    Attempts at what is handed off already go on, so neither their count nor their digest is part of it.
    """
    links = sorted(repr(_uncounted(link)) for link in stage.links().values())
    questions = sorted(
        (q.id, q.status, q.proposal.name) for q in stage.store.questions(status=("open", "decided", "ignored"))
    )
    heads = [
        (
            name,
            kind,
            sorted((id_, encoding.digest(s.flat), s.gone) for id_, s in stage.store.snapshots(name, kind).items()),
        )
        for name, system in stage.systems.items()
        for kind in system.lenses
    ]
    pending = [i.id for scope in stage.setting.scopes for i in stage.store.pending(scope)]
    return repr((links, questions, heads, pending, len(stage.store.history())))


def _uncounted(link: Link) -> Link:
    """Give a link without its counts of refusals."""
    members = tuple(
        replace(
            m,
            behind={p: replace(o, refusals=min(o.refusals, REFUSALS_TO_ASK), next_at=0.0) for p, o in m.behind.items()},
        )
        for m in link.members
    )
    return replace(link, members=members)


def _answer_all(stage: Stage, rng: Random) -> bool:
    """Answer every open question that more than "leave it" can be said to."""
    said = False
    for question in stage.questions("open"):
        answers = [one for one in answers_to(stage, question, rng.randrange(4)) if one[0] != "ignore"]
        if answers:
            stage.decide(question, *rng.choice(answers))
            said = True
    return said


def play_seed(seed: int, rates: Mapping[str, float] | None = None) -> Failure | None:
    """Draw and play one history."""
    return play(draw_history(seed, rates))
