"""Merge one field, or one atom of fields, across every system of a link.

Takes values, returns decisions. Never reads, writes, logs or asks the time, so every row of the README's merge table is
a row of tests/reconcile/test_merge.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from syncd.model.frozen import frozen_value
from syncd.model.values import Value
from syncd.reconcile.rules import MergeRule
from syncd.reconcile.types import UNSEEN, Held, System

SAME_MOMENT_S = 5.0
"""Two systems' clocks closer than this cannot tell which edit came first."""


@frozen_value(frozen=True, slots=True)
class Agree:
    """Nothing to do: nobody edited and nobody is owed anything."""


@frozen_value(frozen=True, slots=True)
class Converge:
    """Everyone holds this value: bases move, nothing is written."""

    value: Value


@frozen_value(frozen=True, slots=True)
class Redeliver:
    """Nobody edited, but a member is owed the agreed value again."""

    value: Value


@frozen_value(frozen=True, slots=True)
class Take:
    """One value is wanted, or a rule chose it: it becomes agreed and is written wherever it differs."""

    value: Value
    why: str = ""


@frozen_value(frozen=True, slots=True)
class Conflict:
    """No rule decides; a person is asked. `why` says in words why no rule could; `kind` is the kind of question."""

    why: str
    kind: str = "conflict"


Decision: TypeAlias = Agree | Converge | Redeliver | Take | Conflict


def merge_field(seen: Mapping[System, Held], agreed: Value, rule: MergeRule, *, absent: bool) -> Decision:
    """Decide one field of one link. `seen`: members that carry it and were read whole; `absent`: some were not."""
    values = {held.value for held in seen.values()}
    edits = {system: held for system, held in seen.items() if held.value != held.base}  # a newcomer's base is UNSEEN
    behind = any(held.behind for held in seen.values())
    if len(values) == 1 and not absent:
        # Everyone made the same edit, or our write landed and we died before recording it.
        return Converge(values.pop()) if edits or behind else Agree()
    if not edits:
        return Redeliver(agreed) if behind else Agree()
    if len(values) == 1 and all(held.base is UNSEEN for held in seen.values()):
        return Agree()  # newcomers only, and one of them was not read: wait for it, there is nothing agreed yet

    known = {system: held for system, held in edits.items() if held.base is not UNSEEN}
    wanted = {held.value for held in known.values()}
    if any(held.behind for held in known.values()):
        wanted.add(agreed)  # that editor never saw what we still owe it
    if rule.mode == "mirror" and edits.keys() != {rule.source_of_truth}:
        return _drift(seen, agreed, rule)
    if len(wanted) <= 1:
        target = next(iter(wanted), agreed)
        newcomers = {held.value for held in edits.values() if held.base is UNSEEN}
        if newcomers <= {target}:
            return Take(target, "the only edit" if known else "the newcomer agrees")
        return Conflict("a newcomer may agree or ask, never win")
    if len(known) < len(edits):
        return Conflict("a newcomer may agree or ask, never win")
    return _by_rule(known, wanted, rule)


def merge_atom(
    cells: Mapping[str, Mapping[System, Held]], agreed: Mapping[str, Value], rule: MergeRule, *, absent: bool
) -> Mapping[str, Decision] | Conflict:
    """Decide the fields of one atom together: a table that no system ever held is never invented.

    With one editor the fields go their own way. With more, either one editor's whole table holds everything that
    anybody edited, or a rule chooses one table, or the atom is one conflict.
    """
    single = {path: merge_field(seen, agreed[path], rule, absent=absent) for path, seen in cells.items()}
    tables = _wanted_tables(cells, agreed)
    if len(tables) <= 1 and not any(isinstance(one, Conflict) for one in single.values()):
        return single
    if rule.mode == "mirror":
        if _mirrors(cells, rule):
            return _whole(cells, single, agreed, _mirrored(cells, rule), "mirror")
        return _why(single)
    if not any(isinstance(one, Conflict) for one in single.values()):
        fits = [table for table in tables.values() if all(_fits(table, edits) for edits in tables.values())]
        if any(table.whole for table in fits):
            return single
    newcomer = any(held.base is UNSEEN for seen in cells.values() for held in seen.values())
    if not newcomer:
        winner = _atom_winner(cells, rule)
        if winner is not None:
            return _whole(cells, single, agreed, winner, rule.on_conflict)
    return _why(single)


@frozen_value(frozen=True, slots=True)
class _Table:
    """An atom as one system wants it: all its cells, and which of them are edits (for `agreed`: still owed)."""

    cells: Mapping[str, Value]
    edited: frozenset[str]
    whole: bool = True


def _wanted_tables(cells: Mapping[str, Mapping[System, Held]], agreed: Mapping[str, Value]) -> dict[System, _Table]:
    """List each editor's table, and the agreed one when an editor is owed a part of it."""
    systems = {system for seen in cells.values() for system in seen}
    tables: dict[System, _Table] = {}
    for system in sorted(systems):
        mine = {path: seen[system] for path, seen in cells.items() if system in seen}
        edited = frozenset(path for path, held in mine.items() if held.value != held.base)
        if not edited:
            continue
        tables[system] = _Table({path: held.value for path, held in mine.items()}, edited, len(mine) == len(cells))
        owed = frozenset(path for path, held in mine.items() if held.behind)
        if owed:
            tables[""] = _Table(agreed, owed | tables.get("", _Table({}, frozenset())).edited)
    return tables


def _fits(table: _Table, other: _Table) -> bool:
    """Tell whether a table holds every edit of another."""
    return all(path in table.cells and table.cells[path] == other.cells[path] for path in other.edited)


def _whole(
    cells: Mapping[str, Mapping[System, Held]],
    single: Mapping[str, Decision],
    agreed: Mapping[str, Value],
    winner: System | None,
    why: str,
) -> Mapping[str, Decision]:
    """Take the winner's table cell by cell; cells it does not carry keep what is agreed."""
    taken: dict[str, Decision] = {}
    for path, seen in cells.items():
        value = seen[winner].value if winner is not None and winner in seen else agreed[path]
        settled = all(held.value == value == held.base and not held.behind for held in seen.values())
        taken[path] = single[path] if settled else Take(value, why)
    return taken


def _why(single: Mapping[str, Decision]) -> Conflict:
    """Say why the atom is asked as a whole."""
    for one in single.values():
        if isinstance(one, Conflict):
            return one
    return Conflict("two systems edited different parts of one table; no system holds the combination")


def _mirrors(cells: Mapping[str, Mapping[System, Held]], rule: MergeRule) -> bool:
    """Tell whether a mirror's owner is there to overwrite drift, and no newcomer in any cell."""
    mine = [held for seen in cells.values() for system, held in seen.items() if system == rule.source_of_truth]
    return rule.on_drift == "overwrite" and bool(mine) and all(held.base is not UNSEEN for held in mine)


def _mirrored(cells: Mapping[str, Mapping[System, Held]], rule: MergeRule) -> System | None:
    """Name the owner whose table is restored; None, the agreed one, while the owner is owed a part of it."""
    owner = rule.source_of_truth
    mine = [held for seen in cells.values() for system, held in seen.items() if system == owner]
    edited = any(held.value != held.base for held in mine)
    return None if any(held.behind for held in mine) and not edited else owner


def _atom_winner(cells: Mapping[str, Mapping[System, Held]], rule: MergeRule) -> System | None:
    """Choose the editor whose table wins by rule; None asks."""
    editors: dict[System, Held] = {}
    for seen in cells.values():
        editors |= {system: held for system, held in seen.items() if held.value != held.base}
    if rule.on_conflict == "source_of_truth" and rule.source_of_truth in editors:
        return rule.source_of_truth
    owed = any(held.behind for seen in cells.values() for system, held in seen.items() if system in editors)
    return None if owed or rule.on_conflict != "newest" else newest(editors, rule.skew_s)


def _drift(seen: Mapping[System, Held], agreed: Value, rule: MergeRule) -> Decision:
    """Decide an edit by a system that does not own a mirrored field."""
    owner = rule.source_of_truth
    if rule.on_drift == "overwrite" and owner is not None and owner in seen:
        mine = seen[owner]
        if mine.base is UNSEEN:
            return Conflict("a newcomer may agree or ask, never win")
        # An owner that is owed the agreed value, and edited nothing, holds what nobody wants any more.
        return Take(agreed if mine.behind and mine.value == mine.base else mine.value, f"mirror of {owner}")
    return Conflict(f"{owner} owns this mirrored field and another system edited it (on_drift: {rule.on_drift})")


def _by_rule(edits: Mapping[System, Held], wanted: set[Value], rule: MergeRule) -> Decision:
    """Several values are wanted: the rule decides, or a person."""
    owner = rule.source_of_truth
    if rule.on_conflict == "source_of_truth":
        if owner is not None and owner in edits:
            return Take(edits[owner].value, f"source of truth is {owner}")
        return Conflict(f"{owner or 'no system'} is the source of truth and is not among the editors")
    if rule.on_conflict == "newest":
        # The agreed value of an editor that is behind has no time of its own, so it cannot lose to one either.
        owed = any(value not in {held.value for held in edits.values()} for value in wanted)
        winner = None if owed else newest(edits, rule.skew_s)
        if winner is not None:
            return Take(edits[winner].value, f"{winner} has the newest edit")
        return Conflict("newest: the times of the edits are missing or too close to tell")
    return Conflict("on_conflict is ask")


def newest(edits: Mapping[System, Held], skew_s: float = 0.0) -> System | None:
    """Name the system with the newest edit; None when a time is missing or another value is too close to tell.

    Systems that want the same value do not compete with one another: the newest of each value stands for it.
    """
    if any(held.stamp is None for held in edits.values()):
        return None
    ranked: Sequence[tuple[float, System]] = sorted(((held.stamp or 0.0, system) for system, held in edits.items()))
    top, winner = ranked[-1]
    rivals = [stamp for stamp, system in ranked if edits[system].value != edits[winner].value]
    return winner if not rivals or top - max(rivals) >= max(SAME_MOMENT_S, skew_s) else None
