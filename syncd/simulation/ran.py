"""What happened on the stage: steps, answers, and runs with all that a check looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from syncd.model.records import Kind
from syncd.model.values import Flat
from syncd.reconcile.types import Link
from syncd.simulation.steps import Run, Step
from syncd.simulation.vendor import Place, Wrote
from syncd.store.rows import Question
from syncd.sync import Report

if TYPE_CHECKING:
    from syncd.simulation.stage import Stage


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
    known_before: frozenset[Place]
    """The records of which something was known before it; `creating`: links and systems for which a create was not
    settled then."""
    creating: frozenset[tuple[str, str]]
    shown_at_plan: dict[Place, Flat]
    """What had last been shown of each record, and under which group, when it made its plan."""
    groups_at_plan: dict[Place, str | None]

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


def telling(stage: Stage, ran: Ran) -> str:
    """Tell in a line what a run was and came to."""
    end = "killed" if ran.report is None else f"{ran.report.result} {dict(ran.report.written)} {ran.report.failed}"
    asked = [f"{q.proposal.kind} {q.proposal.label} {q.proposal.name}" for q in stage.questions("open")]
    at = f" killed at {ran.step.kill} ({ran.died})" if ran.killed else ""
    at = f" on a disk that was full after {ran.step.room} commits" if ran.killed and ran.step.room is not None else at
    extra = f" races {ran.step.races}" if ran.step.races else ""
    extra += f" while {', '.join(ran.step.overlap)} is observed" if ran.step.overlap else ""
    extra += f" observing {ran.step.observe}" if ran.step.observe is not None else ""
    wrote = [
        f"{w.at[0]} {w.at[2]} {'create' if w.create else ''}{_moved(w)}" for w in stage.witness.wrote[ran.wrote_from :]
    ]
    return f"run{at}{extra}: {end}; wrote {wrote}; open: {asked}"


def _moved(wrote: Wrote) -> dict[str, str]:
    """Tell what a write changed: before, told, after."""
    paths = sorted({*wrote.before, *wrote.told, *wrote.after})
    rows = {path: (wrote.before.get(path), wrote.told.get(path), wrote.after.get(path)) for path in paths}
    return {
        path: f"{before!s:.20} -> told {told!s:.20} holds {after!s:.20}"
        for path, (before, told, after) in rows.items()
        if len({before, told, after}) > 1
    }
