"""Twins: one history played twice in different ways that must come to the same end.

P9, the systems' roles swapped: the end is the mirror image. P10, other orders of pages and records: the same end.
What depends on the order of calls by its nature (kills, edits in the middle of a run, faults that strike n times,
lateness) and answers, which are picked by position, are left out of both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from syncd.simulation.play import Failure, History, Wrong, calm, check, end_of, to_rest
from syncd.simulation.setting import Setting
from syncd.simulation.stage import Stage
from syncd.simulation.steps import Answer, Edit, Fail, Put, Remove, Rude, Run, Step

Rename = Callable[[str], str]


def p9_symmetry(history: History) -> Failure | None:
    """Swap the systems' roles: the outcome is the mirror image."""
    plain = without_order(history)
    names = sorted(made.name for made in plain.setting.systems)
    swapped = dict(zip(names, reversed(names), strict=True))
    rename = _renamer(swapped)
    mirrored = replace(
        plain, setting=_mirrored(plain.setting, rename), steps=tuple(_renamed(step, rename) for step in plain.steps)
    )
    return _compare("p9_symmetry", plain, mirrored, rename)


def p10_order_and_batching_free(history: History) -> Failure | None:
    """List records in another order and page by page: the same end."""
    plain = without_order(history)
    systems = tuple(replace(made, behaviour=replace(made.behaviour, page_size=1)) for made in plain.setting.systems)
    setting = replace(plain.setting, systems=systems)
    return _compare("p10_order_and_batching_free", plain, replace(plain, setting=setting, shuffled=True), str)


def _compare(name: str, plain: History, other: History, rename: Rename) -> Failure | None:
    first, second = (
        Stage(plain.setting, plain.seed, shuffled=False),
        Stage(other.setting, other.seed, shuffled=other.shuffled),
    )
    try:
        wanted, found = _end(first, plain, rename), _end(second, other, str)
        if wanted != found:
            lines = [f"{key}: {found[key]!r} instead of {wanted[key]!r}" for key in wanted if found[key] != wanted[key]]
            second.told = [*first.told, "-- the other way --", *second.told, *lines]
            raise Wrong(name, "; ".join(lines))
    except Wrong as wrong:
        return Failure(wrong.name, wrong.what, tuple(second.told), "", tuple(first.events))
    finally:
        first.free()
        second.free()
    return None


def _end(stage: Stage, history: History, rename: Rename) -> dict[str, Any]:
    for step in history.steps:
        ran = stage.play(step)
        if ran is not None:
            check(stage, ran)
    calm(stage)
    to_rest(stage)
    return end_of(stage, rename)


def without_order(history: History) -> History:
    """Leave out of a history what depends on the order of calls or systems by its nature."""
    steps: list[Step] = []
    for step in history.steps:
        if isinstance(step, Answer) or (isinstance(step, Fail) and step.times is not None):
            continue
        steps.append(replace(step, kill=None, races=()) if isinstance(step, Run) else step)
    systems = tuple(replace(made, behaviour=replace(made.behaviour, late=0)) for made in history.setting.systems)
    # Which of several strays is copied first decides what the others are; that is order by its nature.
    rules = _without_copy(history.setting.rules)
    return replace(history, setting=replace(history.setting, systems=systems, rules=rules), steps=tuple(steps))


def _without_copy(rules: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, value in rules.items():
        if key != "unlinked":
            kept[key] = _without_copy(value) if isinstance(value, Mapping) else value
    return kept


def _renamer(names: Mapping[str, str]) -> Rename:
    def rename(text: str) -> str:
        """Rename a system, or the system in `crm+quote`, `crm:p1`, `crm-1`."""
        for mark in ("+", ":", "-"):
            head, found, tail = text.partition(mark)
            if found and head in names:
                return names[head] + mark + (names.get(tail, tail) if mark == "+" else rename(tail))
        return names.get(text, text)

    return rename


def _mirrored(setting: Setting, rename: Rename) -> Setting:
    systems = tuple(
        sorted((replace(made, name=rename(made.name)) for made in setting.systems), key=lambda made: made.name)
    )
    records = {key: tuple(sorted(map(rename, held))) for key, held in setting.records.items()}
    return replace(setting, systems=systems, records=records, rules=_renamed_all(setting.rules, rename))


def _renamed_all(value: Any, rename: Rename) -> Any:
    if isinstance(value, Mapping):
        return {rename(key): _renamed_all(inner, rename) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed_all(one, rename) for one in value]
    return rename(value) if isinstance(value, str) else value


def _renamed(step: Step, rename: Rename) -> Step:
    match step:
        case Edit() | Put() | Remove():
            return replace(step, system=rename(step.system), record=rename(step.record))
        case Run(observe=observe) if observe is not None:
            return replace(step, observe=tuple(map(rename, observe)))
        case Run() | Answer():
            return step
        case Rude():
            return step
        case _ if hasattr(step, "system"):
            return replace(step, system=rename(step.system))  # type: ignore[arg-type]
        case _:
            return step
