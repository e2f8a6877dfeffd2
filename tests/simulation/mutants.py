"""Engines that are wrong in one point, each with the properties that must notice. Applied with monkeypatch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import syncd.sync
from syncd.apply import begin, create, intake, observe, recover, write
from syncd.reconcile import constrain, decide, merge
from syncd.reconcile.types import Away, Lost

Patch = pytest.MonkeyPatch


def base_is_what_was_meant(patch: Patch) -> None:
    honest = write.advance

    def hopeful(link: Any, system: str, result: Any, *more: Any) -> Any:
        meant = {**result.holds, **result.changes}
        return honest(link, system, replace(result, holds=meant, landed=frozenset(result.changes)), *more)

    patch.setattr(write, "advance", hopeful)


def debts_are_forgotten(patch: Patch) -> None:
    patch.setattr(constrain.Targets, "_owe_absent", lambda *_: None)


def contested_bases_move(patch: Patch) -> None:
    honest = decide._LinkWork._leave_open

    def moving(self: Any, fields: Any, *more: Any, **named: Any) -> None:
        honest(self, fields, *more, **named)
        for path, held in fields.raw.items():
            for system, value in held.items():
                decide._set(self.bases[system], path, value)

    patch.setattr(decide._LinkWork, "_leave_open", moving)


def ask_takes_the_first(patch: Patch) -> None:
    honest = merge._by_rule

    def deciding(edits: Any, wanted: Any, rule: Any) -> Any:
        found = honest(edits, wanted, rule)
        return merge.Take(next(iter(edits.values())).value) if isinstance(found, merge.Conflict) else found

    patch.setattr(merge, "_by_rule", deciding)


def blanks_always_travel(patch: Patch) -> None:
    patch.setattr(constrain.Targets, "_erases", lambda *_: False)


def tables_merge_cell_by_cell(patch: Patch) -> None:
    def by_cell(cells: Any, agreed: Any, rule: Any, *, absent: bool) -> Any:
        single = {path: merge.merge_field(seen, agreed[path], rule, absent=absent) for path, seen in cells.items()}
        return next((one for one in single.values() if isinstance(one, merge.Conflict)), single)

    patch.setattr(decide, "merge_atom", by_cell)


def nothing_is_recovered(patch: Patch) -> None:
    async def nothing(*_: Any) -> list[str]:
        return []

    patch.setattr(syncd.sync, "recover", nothing)


def recovery_believes_in_landing(patch: Patch) -> None:
    honest = recover.advance

    def believing(link: Any, system: str, result: Any, *more: Any) -> Any:
        meant = {**result.holds, **result.changes}
        return honest(link, system, replace(result, holds=meant, landed=frozenset(result.changes)), *more)

    patch.setattr(recover, "advance", believing)


def creates_are_never_found(patch: Patch) -> None:
    async def nothing(*_: Any) -> None:
        return None

    patch.setattr(create, "find_created", nothing)
    patch.setattr(recover, "find_created", nothing)


def moved_records_are_overwritten(patch: Patch) -> None:
    """Take what is read just before the write for what was decided about."""
    honest = write._write_record

    async def blind(job: Any, ledger: Any, done: Any) -> None:
        system = ledger.world.systems[job.system]
        kind = job.intents[0].kind
        answer = await system.connector.read(kind, job.record_id)
        if hasattr(answer, "record"):
            job.seen = replace(job.seen, flat=write.flat_of(answer.record, system.lenses[kind]))
        await honest(job, ledger, done)

    patch.setattr(write, "_write_record", blind)


def away_is_gone(patch: Patch) -> None:
    honest = syncd.sync.read_links

    async def gone(*given: Any) -> Any:
        view = await honest(*given)
        links = [
            replace(one, sights={s: Lost("away") if isinstance(x, Away) else x for s, x in one.sights.items()})
            for one in view.links
        ]
        return replace(view, links=tuple(links))

    patch.setattr(syncd.sync, "read_links", gone)


def every_listing_is_complete(patch: Patch) -> None:
    honest = observe._Listener._drain

    async def complete(self: Any, heads: Any, groups: Any) -> Any:
        await honest(self, heads, groups)
        return True, ""

    async def unproved(self: Any, missing: Any, members: Any, *, complete: bool) -> Any:
        self.intake.gone |= dict.fromkeys(missing, "not listed")
        return False

    patch.setattr(observe._Listener, "_drain", complete)
    patch.setattr(observe._Listener, "_look_up", unproved)


def observed_edits_leave_no_history(patch: Patch) -> None:
    honest = intake.observed_rows
    patch.setattr(intake, "observed_rows", lambda row, old, now: honest(row, old, now) if old is None else [])


def links_settle_in_spite_of_debts(patch: Patch) -> None:
    honest = begin._start
    patch.setattr(begin, "_start", lambda outcome, *more: honest(replace(outcome, settled=True), *more))


def questions_are_always_new(patch: Patch) -> None:
    honest = begin.match

    def new(standing: Any, *more: Any, **named: Any) -> Any:
        strange = [replace(one, proposal=replace(one.proposal, name=f"{one.proposal.name} ")) for one in standing]
        return honest(strange, *more, **named)

    patch.setattr(begin, "match", new)


def landing_is_not_checked(patch: Patch) -> None:
    """A system that accepted is told the same again and again, and nobody counts."""
    honest = write._again

    def uncounted(owed: Any, result: Any, revision: int) -> Any:
        return replace(honest(owed, result, revision), refusals=0, next_at=0.0)

    patch.setattr(write, "_again", uncounted)


Mutant = Callable[[Patch], None]
QUICK: list[tuple[Mutant, str]] = [
    (base_is_what_was_meant, "p14 p11 p5 p24"),
    (debts_are_forgotten, "p5 p2"),
    (contested_bases_move, "p6 p5"),
    (blanks_always_travel, "p25"),
    (tables_merge_cell_by_cell, "p3"),
    (nothing_is_recovered, "p23 p11"),
    (every_listing_is_complete, "p15"),
    (observed_edits_leave_no_history, "p24"),
    (questions_are_always_new, "p26"),
]
"""Caught within some tens of histories."""
SLOW: list[tuple[Mutant, str]] = [
    (ask_takes_the_first, "p25 p9"),
    (recovery_believes_in_landing, "p14 p11 p2 p5 p24"),
    (creates_are_never_found, "p11"),
    (moved_records_are_overwritten, "p13 p24 p25 p2"),
    (away_is_gone, "p15"),
    (links_settle_in_spite_of_debts, "p5 p23"),
    (landing_is_not_checked, "p1 p5"),
]
