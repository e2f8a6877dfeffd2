"""What must hold at the end, when every system answers and all is quiet, each under the property it stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from syncd.model.values import EMPTY, Value
from syncd.reconcile.rules import Place as RulePlace
from syncd.reconcile.types import Link
from syncd.simulation.looking import Found, atom_of, covered, family, out_of_step, tardy
from syncd.simulation.stage import Stage
from syncd.simulation.vendor import Place


def p2_no_lost_edit(stage: Stage) -> Found:
    """Every value that a finished observation saw, and every value we overwrote, is in a system or in history."""
    told: dict[Place, dict[str, set[Value]]] = {}
    for row in stage.store.history():
        at = (row.system, row.kind, row.record_id)
        for path, (before, after) in row.fields.items():
            told.setdefault(at, {}).setdefault(path, set()).update((before, after))  # type: ignore[arg-type]
        for path, value in row.readback.items():
            told.setdefault(at, {}).setdefault(path, set()).add(value)
    for at, fields in stage.witness.kept.items():
        for path, values in fields.items():
            for value in values - told.get(at, {}).get(path, set()):
                if stage.flat(at[0], at[2], at[1]).get(path) != value:
                    yield f"{at} {path} = {value!r} was seen and is nowhere any more"
    for wrote in stage.witness.wrote[stage.forgotten :]:
        for path in wrote.before.keys() & wrote.shown.keys():
            old = wrote.before[path]
            if (
                old == wrote.shown[path]
                and old != wrote.told.get(path, EMPTY)
                and old not in told.get(wrote.at, {}).get(path, ())
            ):
                yield f"{wrote.at} {path}: {old!r} was overwritten and history does not know it"


def p5_in_step_at_rest(stage: Stage) -> Found:
    """Once every system answers, members hold the same, or a question stands for what they differ in."""
    standing = stage.store.questions(status=("open", "ignored"))
    for link in stage.links().values():
        if link.status == "live" and link.follow:
            yield from out_of_step(stage, link, standing)


def p2_an_uncontested_edit_arrives(stage: Stage) -> Found:
    """Where only one system was edited, its last value is what everybody holds in the end."""
    standing = stage.store.questions(status=("open", "ignored"))
    asked = {
        (q.proposal.link, q.proposal.name) for q in stage.store.questions(status=("open", "ignored", "closed", "used"))
    }
    for link in stage.links().values():
        if link.status != "live" or not link.follow or not stage.is_first(link):
            continue
        places = [(m.system, link.kind, m.id) for m in link.members]
        if any(place in stage.witness.absent for place in family(stage, link.id)) or any(
            m.status != "live" for m in link.members
        ):
            continue
        is_covered = covered(stage, link, standing)
        editors: dict[str, set[str]] = {}
        last: dict[str, tuple[str, Value]] = {}
        for at, before, after in stage.witness.by_people:
            if at not in places:
                continue
            for path in {*before, *after}:
                if before.get(path, EMPTY) != after.get(path, EMPTY):
                    editors.setdefault(atom_of(stage, path), set()).add(at[0])
                    last[path] = (at[0], after.get(path, EMPTY))
        for path, (system, value) in last.items():
            atom = atom_of(stage, path)
            names = {path, atom, *(f"{m.system}:{one}" for m in link.members for one in (path, atom, ""))}
            if (
                len(editors[atom]) > 1
                or path in stage.world.ignored
                or tardy(stage)
                or any((link.id, name) in asked for name in names)
                or (link.id, link.label) in asked
            ):
                continue
            if any(is_covered(path, one.system) for one in link.members) or _odd(stage, link, atom):
                continue
            place = RulePlace(path, link.id, link.label, link.scope, frozenset({system}), atom=atom)
            rules = [stage.world.rules.at(one) for one in (place, replace(place, path=atom))]
            if any(rule.mode == "mirror" and rule.source_of_truth != system for rule in rules):
                continue
            if link.agreed.get(path, EMPTY) != value:
                agreed = link.agreed.get(path, EMPTY)
                yield f"{link.label} {path}: only {system} was edited, to {value!r}; agreed is {agreed!r}"


def _odd(stage: Stage, link: Link, atom: str) -> bool:
    """Tell whether a vendor changed the atom by itself (rounding, half a write), which is an edit as well.

    Or whether a person's edit fell into the window of a system that has no conditional write."""
    for wrote in stage.witness.wrote:
        if wrote.at[0] in {m.system for m in link.members} and any(
            atom_of(stage, path) == atom
            and (
                wrote.told.get(path, EMPTY) != wrote.after.get(path, EMPTY)
                or (wrote.raced and wrote.before.get(path, EMPTY) != wrote.shown.get(path, EMPTY))
            )
            for path in {*wrote.told, *wrote.after, *wrote.before}
        ):
            return True
    return False


AT_REST: tuple[Callable[[Stage], Found], ...] = (p2_no_lost_edit, p5_in_step_at_rest, p2_an_uncontested_edit_arrives)
