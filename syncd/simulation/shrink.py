"""Shrink a failing history: drop what it does not need while the same property still fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from syncd.connectors.memory import Behaviour
from syncd.simulation.play import Failure, History, play
from syncd.simulation.setting import Setting
from syncd.simulation.steps import Edit, Put, Run, Step


def shrink(history: History, failure: Failure, tries: int = 400) -> tuple[History, Failure]:
    """Give the smallest history found that fails in the same property, and how it fails."""
    progress = True
    while progress and tries > 0:
        progress = False
        for smaller in _smaller(history):
            tries -= 1
            found = play(smaller)
            if found is not None and found.property == failure.property:
                history, failure, progress = smaller, found, True
                break
            if tries <= 0:
                break
    return history, failure


def _smaller(history: History) -> Iterator[History]:
    """Give the next smaller histories, the boldest first."""
    steps = history.steps
    size = max(len(steps) // 2, 1)
    while True:
        for start in range(0, len(steps), size):
            yield replace(history, steps=steps[:start] + steps[start + size :])
        if size == 1:
            break
        size //= 2
    if history.answers:
        yield replace(history, answers=False)
    for setting in _simpler(history.setting):
        yield replace(history, setting=setting)
    for n, step in enumerate(steps):
        for simple in _plainer(step):
            yield replace(history, steps=(*steps[:n], simple, *steps[n + 1 :]))


def _plainer(step: Step) -> Iterator[Step]:
    if isinstance(step, Run):
        if step.kill is not None:
            yield replace(step, kill=None)
        if step.room is not None:
            yield replace(step, room=None)
        if step.races:
            yield replace(step, races=())
        if step.observe is not None:
            yield replace(step, observe=None)
        if step.full:
            yield replace(step, full=False)
    if isinstance(step, Edit) and len(step.changes) > 1:
        for path in step.changes:
            yield replace(step, changes={p: text for p, text in step.changes.items() if p != path})
    if isinstance(step, Put) and len(step.data) > 1:
        for path in step.data:
            yield replace(step, data={p: text for p, text in step.data.items() if p != path})


def _simpler(setting: Setting) -> Iterator[Setting]:
    for key in setting.records:
        if len(setting.records) > 1:
            yield replace(setting, records={k: v for k, v in setting.records.items() if k != key})
    if len(setting.systems) > 2:
        for one in setting.systems:
            rest = tuple(other for other in setting.systems if other is not one)
            records = {k: tuple(n for n in names if n != one.name) for k, names in setting.records.items()}
            if one.name not in repr(setting.rules):
                yield replace(setting, systems=rest, records={k: names for k, names in records.items() if names})
    if setting.rules:
        yield replace(setting, rules={})
        for scope, body in setting.rules.items():
            yield replace(setting, rules={k: v for k, v in setting.rules.items() if k != scope})
            for level, inner in body.items():
                yield replace(setting, rules={**setting.rules, scope: {k: v for k, v in body.items() if k != level}})
                for name in inner if level == "all" else ():
                    less = {k: v for k, v in inner.items() if k != name}
                    yield replace(setting, rules={**setting.rules, scope: {**body, level: less}})
    if setting.guards:
        yield replace(setting, guards={})
    for n, one in enumerate(setting.systems):
        if one.mapping:
            continue  # what it is made of comes from its mapping
        for made in _plainer_systems(one.behaviour):
            plain = replace(one, behaviour=made)
            yield replace(setting, systems=(*setting.systems[:n], plain, *setting.systems[n + 1 :]))
    for path in sorted({path for flat in setting.base.values() for path in flat}):
        if any(one.mapping for one in setting.systems):
            break  # a vendor adds some of it by itself
        yield replace(setting, base={k: {p: t for p, t in f.items() if p != path} for k, f in setting.base.items()})


_PLAIN = Behaviour()


def _plainer_systems(made: Behaviour) -> Iterator[Behaviour]:
    if made != _PLAIN:
        yield _PLAIN
    for name in ("versions", "parts", "decimals", "recase", "late", "read_only", "carries", "skew_s", "marker",
                 "page_size", "end_sets", "create", "update", "conditional"):  # fmt: skip
        plain = getattr(_PLAIN, name)
        if getattr(made, name) != plain:
            yield replace(made, **{name: plain})
