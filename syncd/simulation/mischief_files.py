"""Mischief with mapping files and with folders of files: what uploads, editors and renamed columns do."""

from __future__ import annotations

from dataclasses import replace

from syncd.connectors.memory import Behaviour
from syncd.simulation.drop import DROPS
from syncd.simulation.mapped import MAPPINGS, held_alike, several_of
from syncd.simulation.rude import (
    Copy,
    Finish,
    QuietEdit,
    Recode,
    RemoveMade,
    Rename,
    Restore,
    Upload,
)
from syncd.simulation.script import Script
from syncd.simulation.setting import FIXED, POOLS, Setting, SystemSetting
from syncd.simulation.steps import Edit, Put, Remove, Run, Step, draw_steps


def mapped(script: Script) -> None:
    """Some systems hold their plans as a mapping file describes them."""
    rng = script.rng
    names = [made.name for made in script.setting.systems]
    kinds = {name: rng.choice((*MAPPINGS, "")) for name in names}
    if not any(kinds.values()):
        kinds[names[0]] = rng.choice(MAPPINGS)
    pool = POOLS["plan"]
    cells = ("rates[2026-01-01].ee", "rates[2026-01-01].es", "contributions[2026-01-01].ee")
    more = ("benefits.deductible.individual.in_network", "benefits.primary_care.in_network", *cells)
    some = ["details.name", *rng.sample(more, rng.randint(1, len(more)))]
    base = {}
    for key in ("p1", "p2")[: rng.choice((1, 2))]:
        plan = {**FIXED, **{path: rng.choice(pool[path]) for path in some}}
        base[key] = held_alike(plan, {one for one in kinds.values() if one})
    systems = tuple(
        replace(
            made,
            mapping=kinds[made.name],
            behaviour=Behaviour(versions=made.behaviour.versions, several=several_of(kinds[made.name])),
        )
        if kinds[made.name]
        else made
        for made in script.setting.systems
    )
    rules, guards = script.setting.rules if script.setting.kind == "plan" else {}, script.setting.guards
    script.setting = Setting("plan", systems, {key: tuple(names) for key in base}, base, rules, guards)
    script.behave(
        lambda made: made if made.mapping else replace(made, behaviour=replace(made.behaviour, carries=("",)))
    )
    script.steps = draw_steps(rng, script.setting)


def drop(script: Script, *, plain: bool = False) -> str:
    """A system, sometimes two, is a folder of files; gives its name."""
    rng = script.rng
    names = [made.name for made in script.setting.systems]
    drops = dict(zip(rng.sample(names, rng.choice((1, 1, 2))), rng.sample(DROPS, 2), strict=False))
    kinds = {name: drops.get(name, "" if plain else rng.choice((*MAPPINGS, "", ""))) for name in names}
    pool = POOLS["plan"]
    some = ("benefits.deductible.individual.in_network", "rates[2026-01-01].ee", "rates[2026-01-01].es")
    base = {}
    for key in ("p1", "p2", "p3")[: rng.choice((1, 2, 3))]:
        plan = {**FIXED, **{path: rng.choice(pool[path]) for path in ("details.name", *some)}}
        base[key] = held_alike(plan, {one for one in kinds.values() if one})

    def make(made: SystemSetting) -> SystemSetting:
        if made.name in drops:
            said = rng.choice(("utf-8", "utf-8", "cp1252"))
            return replace(
                made, mapping=kinds[made.name], drop=True, encoding=said, behaviour=Behaviour(versions="etag")
            )
        several = several_of(kinds[made.name]) if kinds[made.name] else ()
        return replace(
            made, mapping=kinds[made.name], drop=False, behaviour=Behaviour(versions="etag", several=several)
        )

    rules = script.setting.rules if script.setting.kind == "plan" else script.asking()
    systems = tuple(map(make, script.setting.systems))
    script.setting = Setting("plan", systems, {key: tuple(names) for key in base}, base, rules)
    script.steps = [] if plain else draw_steps(rng, script.setting)
    return min(drops)


def drops(script: Script) -> None:
    """Systems are folders of files; nothing more."""
    drop(script)


def half_an_upload(script: Script) -> None:
    """A file is read while it is uploaded: only its first lines are there."""
    rng, name = script.rng, drop(script, plain=True)
    script.rule(on_missing=rng.choice(("ask", "recreate", "unlink")))
    other = rng.choice([made.name for made in script.setting.systems if made.name != name])
    rests = rng.random() < 0.5
    scene: list[Step] = [Run(), Upload(name, rng.choice((0.0, 0.4, 0.7)), rests), Run()]
    scene += [script.edit(other, "p1", "details.name")] if rng.random() < 0.5 else []
    script.steps = [*scene, Finish(name), Run(), Run()]


ENCODINGS = ("utf-8", "utf-8-sig", "cp1252")


def encoding(script: Script) -> None:
    """A file is saved in another encoding than it was."""
    rng, name = script.rng, drop(script, plain=True)
    said = script.setting.system(name).encoding
    record = rng.choice(sorted(script.setting.records))
    other = rng.choice([made.name for made in script.setting.systems if made.name != name])
    script.steps = [
        Edit(rng.choice((name, other)), record, {"details.name": "Básica"}),
        Run(),
        Recode(name, rng.choice([one for one in ENCODINGS if one != said])),
        Run(),
        script.edit(other, record, "rates[2026-01-01].ee"),
        Run(),
        Recode(name, said),
        Run(),
    ]


def renamed(script: Script) -> None:
    """A key or column has another name in every row."""
    rng, name = script.rng, drop(script, plain=True)
    script.rule(blanks=rng.choice(("keep", "overwrite")))
    is_crm = script.setting.system(name).mapping == "crm"
    key = rng.choice(("Plan Name", "Employee Only", "Carrier") if is_crm else ("plan", "rate_sets", "benefits"))
    scene: list[Step] = [Run(), Rename(name, key, f"{key} 2"), Run(), Run()]
    script.steps = [*scene, Rename(name, key, None), Run()]


def same_time(script: Script) -> None:
    """A row is changed, and neither the size nor the time of the file is."""
    rng, name = script.rng, drop(script, plain=True)
    record = rng.choice(sorted(script.setting.records))
    other = rng.choice([made.name for made in script.setting.systems if made.name != name])
    path = rng.choice(("rates[2026-01-01].ee", "details.name"))
    was = script.setting.base[record].get(path, "")
    same = [value for value in POOLS["plan"][path] if value != was]
    scene: list[Step] = [Run(), QuietEdit(name, record, path, rng.choice(same))]
    scene += [script.edit(other, rng.choice(sorted(script.setting.records)), "rates[2026-01-01].es")]
    script.steps = [*scene, Run(), Run()]


def drop_ids(script: Script) -> None:
    """The newest row of a folder is removed, and another record is copied there."""
    rng, name = script.rng, drop(script, plain=True)
    other = rng.choice([made.name for made in script.setting.systems if made.name != name])
    steps: list[Step] = [Put(name, one, {"details.name": f"Plan {one}"}) for one in ("6", "7")]
    steps += [Run(), Copy(name, "7", other), Run(), Remove(name, "7"), *([Run()] if rng.random() < 0.7 else [])]
    for stray in ("s1", "s2")[: rng.choice((1, 2))]:
        data = {"details.name": f"Stray {stray}", "details.line": rng.choice(("medical", "dental"))}
        steps += [Put(other, stray, data), Run(), Copy(other, stray, name), Run()]
        steps += [RemoveMade(name), *([Run()] if rng.random() < 0.7 else [])]
        steps += [Restore(rng.choice((1, 2)))] if rng.random() < 0.3 else []
    script.steps = [*steps, Run(), Run()]
