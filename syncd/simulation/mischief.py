"""Mischief: what a seed adds to a history besides edits, faults and kills. Each kind is a knob with a rate.

A knob draws from a generator of its own, so that a history without mischief is the same whatever knobs there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from syncd.connectors.memory import Behaviour
from syncd.simulation.drop import DROPS
from syncd.simulation.mapped import MAPPINGS, held_alike, several_of
from syncd.simulation.rude import (
    Copy,
    Decide,
    EditMade,
    Finish,
    KeepCopy,
    Move,
    QuietEdit,
    Recode,
    RemoveMade,
    Rename,
    Restore,
    Reuse,
    Row,
    SetClock,
    Swap,
    Unlink,
    Upload,
    WrongGroups,
    WrongPair,
)
from syncd.simulation.setting import FIXED, GROUP, POOLS, Setting, SystemSetting
from syncd.simulation.steps import Calm, Edit, Fail, Pause, Put, Race, Remove, Run, Step, Wait, draw_steps

DAY_S = 86_400.0
OFFSETS = (-365 * DAY_S, -DAY_S, -600.0, 600.0, DAY_S, 40 * DAY_S, 365 * DAY_S)


@dataclass(slots=True)
class Script:
    """A history while it is written."""

    rng: Random
    setting: Setting
    steps: list[Step]
    struck: list[str] = field(default_factory=list)

    # -- choosing

    def record(self, most: int = 9) -> str:
        """Choose a record that several systems hold and that is linked."""
        linked = [
            k for k, held in self.setting.records.items() if 1 < len(held) <= most and k not in self.setting.loose
        ]
        return self.rng.choice(linked or sorted(self.setting.records))

    def two(self, record: str) -> tuple[str, str]:
        """Choose two systems that hold a record."""
        one, other = self.rng.sample(self.setting.records[record], 2)
        return one, other

    def system(self) -> str:
        """Choose a system."""
        return self.rng.choice(self.setting.systems).name

    def path(self, but: str = "") -> str:
        """Choose a field that some record has, another one than `but` where there is one."""
        known = sorted({path for flat in self.setting.base.values() for path in flat}) or ["details.name"]
        return self.rng.choice([path for path in known if path != but] or known)

    def value(self, path: str) -> str | None:
        """Choose a value for a field."""
        pool = POOLS[self.setting.kind].get(path)
        return self.rng.choice(pool) if pool else "Other"

    def edit(self, system: str, record: str, path: str | None = None) -> Edit:
        """Let somebody change a field to another value than it had at the beginning."""
        path = path or self.path()
        was = self.setting.base.get(record, {}).get(path)
        others = [value for value in POOLS[self.setting.kind].get(path, ("Other",)) if value != was]
        return Edit(system, record, {path: self.rng.choice(others)})

    # -- changing

    def insert(self, *scene: Step) -> None:
        """Let a scene happen somewhere in the history; half of the time nothing else happens in it."""
        at = self.rng.randint(0, len(self.steps))
        if self.rng.random() < 0.5:
            self.steps = list(scene)
            self.plain()
        else:
            self.steps[at:at] = scene

    def plain(self) -> None:
        """Make the vendors as plain as they can be, but for what mischief made of them."""
        odd = {"decimals", "recase", "late", "read_only", "carries", "create", "update", "end_sets", "skew_s"}
        plain = {name: getattr(Behaviour(), name) for name in odd}
        if "tidy" in self.struck:
            plain = {name: value for name, value in plain.items() if name not in ("decimals", "recase")}
        self.behave(lambda made: replace(made, behaviour=replace(made.behaviour, **plain)))
        self.setting = replace(self.setting, guards={})

    def behave(self, change: Callable[[SystemSetting], SystemSetting]) -> None:
        """Change how systems are made."""
        self.setting = replace(self.setting, systems=tuple(map(change, self.setting.systems)))

    def behaves(self, system: str, **changes: Any) -> None:
        """Change how one system is made."""
        self.behave(
            lambda made: replace(made, behaviour=replace(made.behaviour, **changes)) if made.name == system else made
        )

    def rule(self, **settings: Any) -> None:
        """Set default rules."""
        rules = dict(self.setting.rules)
        default = dict(rules.get("default", {}))
        default["all"] = {**default.get("all", {}), **settings}
        self.setting = replace(self.setting, rules={**rules, "default": default})

    def as_plans(self) -> None:
        """Let the records be plans with what tells them apart; what happened to them before is forgotten."""
        names = [one.name for one in self.setting.systems]
        base = {
            key: {
                "details.name": self.rng.choice(POOLS["plan"]["details.name"]),
                "details.line": "medical",
                "details.carrier": "Aetna",
                "details.carrier_plan_code": f"C{n}",
                "rates[2026-01-01].ee": self.rng.choice(POOLS["plan"]["rates[2026-01-01].ee"]),
            }
            for n, key in enumerate(("p1", "p2"))
        }
        self.setting = replace(
            Setting("plan", self.setting.systems, {key: tuple(names) for key in base}, base, self._asking())
        )
        self.plain()
        self.behave(
            lambda made: replace(made, mapping="", drop=False, behaviour=replace(made.behaviour, parts={}, several=()))
        )
        self.steps = []

    def _asking(self) -> dict[str, Any]:
        owner = self.rng.choice(self.setting.systems).name
        some = {"on_conflict": "source_of_truth", "source_of_truth": owner}
        return {"default": {"all": some}} if self.rng.random() < 0.3 else {}


# -- what strikes -----------------------------------------------------------------------------------------------------


def overlap(script: Script) -> None:
    """An observation goes on while a run writes: what it read before, it stores after."""
    rng, record = script.rng, script.record()
    one, other = script.two(record)
    path = script.path()
    if rng.random() < 0.5:
        script.behaves(other, feed=True)
    scene: list[Step] = [Run()]
    for _ in range(rng.choice((1, 2, 3))):
        scene.append(script.edit(one, record, path))
        if rng.random() < 0.6:
            scene.append(script.edit(other, record, script.path(path)))
        race = Race(rng.randint(1, 30), script.edit(*rng.choice(((one, record), (other, record)))))
        watched = tuple(name for name in script.setting.records[record] if name == other or rng.random() < 0.3)
        # What is seen only while the run goes on, it has not looked at before.
        seen = rng.choice((None, (one,), (one,), tuple(sorted(set(script.setting.records[record]) - {other}))))
        races = (race,) if rng.random() < 0.3 else ()
        scene.append(Run(races=races, observe=seen, overlap=watched, turns=rng.randrange(1 << 20)))
        if rng.random() < 0.7:
            scene.append(Run(observe=() if rng.random() < 0.7 else (one,)))
    script.insert(*scene)


def feed(script: Script) -> None:
    """Systems tell what moved through a feed, and sometimes keep something to themselves."""
    rng, system, record = script.rng, script.system(), script.record()
    script.behaves(system, feed=True)
    scene: list[Step] = [Run()]
    for _ in range(rng.choice((1, 2, 3))):
        scene.append(script.edit(system, record))
        if rng.random() < 0.5:
            scene.append(Fail(system, "changes", rng.choice(("short", "expired", "error")), 1))
        if rng.random() < 0.3:
            scene.append(rng.choice((Remove(system, record), Put(system, record, dict(script.setting.base[record])))))
        scene.append(Run())
    script.insert(*scene)


def clock(script: Script) -> None:
    """The clock of our machine is set ahead or back, and right again later."""
    rng, record = script.rng, script.record()
    one, other = script.two(record)
    if rng.random() < 0.5:
        script.behaves(other, feed=True)
    off = rng.choice(OFFSETS)
    path = script.path()
    scene: list[Step] = [Run(), script.edit(one, record, path)]
    kind = rng.choice(("fail", "lost_reply", None))
    if kind is not None:
        scene.append(Fail(other, "write", kind, rng.choice((1, 2))))
    more: list[Step] = [script.edit(one, record), Run()]
    scene += [SetClock(off), Run(), *more[rng.choice((0, 1, 2)) :]]
    scene += [SetClock(0.0), Run(), Wait(rng.choice((60.0, 3 * DAY_S))), Run()]
    script.insert(*scene)


def rows(script: Script) -> None:
    """A row is taken out of a mapping and put in again; meanwhile people go on editing."""
    rng, record = script.rng, script.record()
    one, other = script.two(record)
    path = script.path()
    prefix = path if rng.random() < 0.6 else path.split("[", maxsplit=1)[0].split(".", maxsplit=1)[0]
    scene: list[Step] = [Run(), Row(one, prefix, there=False), Run()]
    for _ in range(rng.choice((1, 1, 2, 3))):
        scene.append(script.edit(rng.choice((one, other)), record, path))
        scene += [Run()] if rng.random() < 0.6 else []
    more: list[Step] = [script.edit(other, record, path), Run()]
    scene += [Row(one, prefix, there=True), Run(), *(more if rng.random() < 0.3 else [])]
    script.insert(*scene)


def new_row(script: Script) -> None:
    """An upgrade brings a row for what a system held all along, often otherwise than the others or not at all."""
    rng, record = script.rng, script.record()
    one, _ = script.two(record)
    if script.setting.system(one).mapping:
        return  # its rows are those of a file
    path = script.path()
    script.setting = replace(
        script.setting,
        unmapped={one: frozenset({path})},
        other={one: {record: {path: rng.choice((None, script.value(path), script.value(path)))}}},
    )
    script.insert(Run(), Row(one, path, there=True), Run())


def swap(script: Script) -> None:
    """Two rows of a mapping are made to read each other's column."""
    rng = script.rng
    name = script.system()
    cells = sorted({path for flat in script.setting.base.values() for path in flat})
    by_section: dict[str, list[str]] = {}
    for path in cells:
        by_section.setdefault(path.split(".", maxsplit=1)[0], []).append(path)
    many = [paths for paths in by_section.values() if len(paths) > 1]
    if not many:
        return
    one, other = rng.sample(rng.choice(many), 2)
    scene: list[Step] = [Run(), Swap(name, one, other), Run()]
    if rng.random() < 0.5:
        scene += [Swap(name, one, other), Run()]
    script.insert(*scene)


def copies(script: Script) -> None:
    """Copies of copies: copied, parted, changed, copied again."""
    rng = script.rng
    script.as_plans()
    one, other = rng.sample([made.name for made in script.setting.systems], 2)
    if rng.random() < 0.4:
        script.behaves(other, replays_s=DAY_S, marker=rng.random() < 0.5)
    data = {
        "details.name": "Stray",
        "details.line": "dental",
        "details.carrier": "Cigna",
        "rates[2026-01-01].ee": "9.50",
    }
    scene: list[Step] = [Put(one, "s1", data), Run(), Copy(one, "s1", other), Run(), Unlink(one, "s1")]
    if rng.random() < 0.8:
        scene.append(EditMade(other, {"details.name": "Set apart"}))
    scene += [Run()] if rng.random() < 0.7 else []
    scene += [Copy(one, "s1", other), Run(kill=rng.choice((None, None, rng.randint(1, 40)))), Run()]
    script.steps = scene


def recreate(script: Script) -> None:
    """A record is removed, recreated by decision or rule, removed and recreated once more."""
    rng = script.rng
    script.as_plans()
    one, other = rng.sample([made.name for made in script.setting.systems], 2)
    if rng.random() < 0.5:
        script.behaves(other, replays_s=DAY_S)
    if rng.random() < 0.5:
        script.rule(on_missing="recreate")
    again: list[Step] = [Run(), Decide("missing-record", "recreate"), Run(), Run()]
    script.steps = [Remove(other, "p1"), *again, script.edit(one, "p1", "details.name"), RemoveMade(other), *again]


def restore(script: Script) -> None:
    """An older state is restored from a copy."""
    rng = script.rng
    if rng.random() < 0.5:
        script.as_plans()
        one, other = rng.sample([made.name for made in script.setting.systems], 2)
        data = {"details.name": "Stray", "details.line": "dental", "rates[2026-01-01].ee": "9.50"}
        script.steps = [Put(one, "s1", data), Run(), Copy(one, "s1", other), Run(), Restore(1), Run(), Run()]
        return
    record = script.record()
    one, other = script.two(record)
    path = script.path()
    scene: list[Step] = [Run(), script.edit(one, record, path)]
    races = (Race(rng.randint(1, 40), KeepCopy()),) if rng.random() < 0.5 else ()
    scene += [Run(races=races), script.edit(rng.choice((one, other)), record, path), Run()]
    if rng.random() < 0.5:
        scene += [script.edit(rng.choice((one, other)), record, path), Run()]
    scene += [Restore(rng.choice((1, 2, 2, 3))), Run(observe=rng.choice((None, None, ()))), Run()]
    script.insert(*scene)


def stale(script: Script) -> None:
    """A listing shows records as they were before their last change; a keyed read shows them as they are."""
    rng, record = script.rng, script.record()
    one, other = script.two(record)
    path = script.path()
    scene: list[Step] = [
        Run(),
        script.edit(one, record, path),
        Run(),
        Fail(rng.choice((one, other)), "list", "stale", 2),
        Run(),
    ]
    scene += [Run()] if rng.random() < 0.5 else []
    script.insert(*scene)


UNTIDY = (
    "Gold ",
    " Gold",
    "Gold & Silver",
    "A plan with a very long name indeed",
    "Básica",
    "Ba\u0301sica",
    "gold PLUS",
)


def tidy(script: Script) -> None:
    """A vendor changes what it is sent: it trims, cuts, escapes, re-cases, rounds."""
    rng, record = script.rng, script.record()
    one, other = script.two(record)
    odd: dict[str, Any] = rng.choice(
        (
            {"trims": True},
            {"longest": 8},
            {"escapes": True},
            {"normal": "NFD"},
            {"normal": "NFC"},
            {"recase": "upper"},
            {"decimals": 0, "distorts": ("rates", "rate_ee", "rate_es", "rate_fam")},
        )
    )
    name = "details.name" if script.setting.kind == "plan" else "name"
    script.behaves(other, **odd)
    script.behave(lambda made: replace(made, declared=made.declared and made.name != other))
    scene: list[Step] = [Run()]
    for _ in range(rng.choice((1, 1, 2))):
        if "decimals" in odd:
            scene.append(script.edit(one, record))
        scene += [Edit(one, record, {name: rng.choice(UNTIDY)}), Run(), Run()]
    scene += [Run()] * rng.choice((0, 3))
    script.insert(*scene)


def move(script: Script) -> None:
    """A record moves to another group, whose people edit it there."""
    rng = script.rng
    script.as_plans()
    script.setting = replace(script.setting, homes={"p2": "h"})
    one, other = rng.sample([made.name for made in script.setting.systems], 2)
    if rng.random() < 0.5:
        script.behaves(one, feed=True)
    edits = [script.edit(rng.choice((one, other)), "p1", "details.name") for _ in range(rng.choice((1, 2)))]
    script.steps = [Run(), Move(one, "p1", "h"), *edits, Run(), *edits[:1], Run()]
    if rng.random() < 0.3:
        script.steps += [Move(one, "p1", GROUP), Run()]


def reuse(script: Script) -> None:
    """An id is given to another thing: line, carrier and code are others."""
    rng = script.rng
    script.as_plans()
    one, other = rng.sample([made.name for made in script.setting.systems], 2)
    data = {
        "details.name": "Dental choice",
        "details.line": "dental",
        "details.carrier": "Delta",
        "details.carrier_plan_code": "D77",
        "rates[2026-01-01].ee": "31.10",
    }
    script.steps = [Run(), Reuse(one, "p1", data), Run(), script.edit(other, "p1", "details.name"), Run()]


def wrong(script: Script) -> None:
    """A person links what belongs to somebody else."""
    rng = script.rng
    script.as_plans()
    script.setting = replace(script.setting, strangers=("x",))
    one, other = rng.sample([made.name for made in script.setting.systems], 2)
    if rng.random() < 0.5:
        script.steps = [Run(), WrongGroups(one, "x", other), Run()]
    else:
        data = {"details.name": "Stray", "details.line": "dental", "details.carrier": "Cigna"}
        script.steps = [Put(one, "s1", data), Run(), WrongPair(one, "s1", other, "p1"), Run()]


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

    rules = script.setting.rules if script.setting.kind == "plan" else script._asking()
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


def said(script: Script) -> None:
    """A value is owed to a system that is paused or refuses it; what runs say of themselves is looked at."""
    rng, record = script.rng, script.record()
    one, other = script.two(record)
    stopped: Step = rng.choice((Pause(other, on=True), Fail(other, "write", "fail", None)))
    goes_on: Step = Pause(other, on=False) if isinstance(stopped, Pause) else Calm(other)
    scene: list[Step] = [Run(), stopped, script.edit(one, record), Run(), Run()]
    scene += [script.edit(one, record), Run()] if rng.random() < 0.5 else []
    script.insert(*scene, goes_on, Run())


@dataclass(frozen=True, slots=True)
class Knob:
    """A kind of mischief: what it does to a history, and in which share of them it strikes as a rule."""

    strike: Callable[[Script], None]
    rate: float
    rows: str
    """The faults that it stands for."""


KNOBS: Mapping[str, Knob] = {
    "mapped": Knob(mapped, 0.12, "all of the merge over shipped mappings"),
    "drop": Knob(drops, 0.05, "all of the merge over folders of files"),
    "half": Knob(half_an_upload, 0.02, "B1"),
    "encoding": Knob(encoding, 0.02, "B4"),
    "renamed": Knob(renamed, 0.02, "B13"),
    "same-time": Knob(same_time, 0.02, "B14 R12"),
    "drop-ids": Knob(drop_ids, 0.03, "B2"),
    "said": Knob(said, 0.03, "R13 N4"),
    "overlap": Knob(overlap, 0.1, "R1"),
    "feed": Knob(feed, 0.1, "R1"),
    "clock": Knob(clock, 0.06, "B10 R9"),
    "rows": Knob(rows, 0.08, "R2"),
    "new-row": Knob(new_row, 0.05, "R3"),
    "swap": Knob(swap, 0.04, "R3"),
    "copies": Knob(copies, 0.04, "R4"),
    "recreate": Knob(recreate, 0.04, "R4 B2"),
    "restore": Knob(restore, 0.06, "R5 R6"),
    "stale": Knob(stale, 0.05, "R6"),
    "tidy": Knob(tidy, 0.08, "B3 R10 B7"),
    "move": Knob(move, 0.04, "B6 R7"),
    "reuse": Knob(reuse, 0.03, "R8"),
    "wrong": Knob(wrong, 0.02, "N1"),
}
RATES: Mapping[str, float] = {name: knob.rate for name, knob in KNOBS.items()}


def strike(script: Script, rates: Mapping[str, float]) -> None:
    """Let each kind of mischief strike as often as its rate says."""
    for name, knob in KNOBS.items():
        # Each knob is asked every time, so that what one does depends on no other's rate.
        own = Random(f"{name} {script.rng.random()}")
        if own.random() < rates.get(name, 0.0):
            script.struck.append(name)
            before, script.rng = script.rng, own
            knob.strike(script)
            script.rng = before
