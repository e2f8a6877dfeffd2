"""Mischief: what a seed adds to a history besides edits, faults and kills. Each kind is a knob with a rate.

A knob draws from a generator of its own, so that a history without mischief is the same whatever knobs there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from syncd.simulation.mischief_files import drop, drop_ids, drops, encoding, half_an_upload, mapped, renamed, same_time
from syncd.simulation.rude import (
    Copy,
    Decide,
    EditMade,
    KeepCopy,
    Move,
    RemoveMade,
    Restore,
    Reuse,
    Row,
    SetClock,
    Swap,
    Unlink,
    WrongGroups,
    WrongPair,
)
from syncd.simulation.script import DAY_S, Script
from syncd.simulation.setting import GROUP
from syncd.simulation.steps import Calm, Edit, Fail, Pause, Put, Race, Remove, Run, Step, Wait

OFFSETS = (-365 * DAY_S, -DAY_S, -600.0, 600.0, DAY_S, 40 * DAY_S, 365 * DAY_S)


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


def said(script: Script) -> None:
    """A value is owed to a system that is paused or refuses it; what runs say of themselves is looked at."""
    rng, record = script.rng, script.record()
    one, other = script.two(record)
    stopped: Step = rng.choice((Pause(other, on=True), Fail(other, "write", "fail", None)))
    goes_on: Step = Pause(other, on=False) if isinstance(stopped, Pause) else Calm(other)
    scene: list[Step] = [Run(), stopped, script.edit(one, record), Run(), Run()]
    scene += [script.edit(one, record), Run()] if rng.random() < 0.5 else []
    script.insert(*scene, goes_on, Run())


def disk(script: Script) -> None:
    """The disk of our machine is full amid a run, and has room again later."""
    rng, record = script.rng, script.record()
    one, other = script.two(record)
    scene: list[Step] = [Run()]
    for _ in range(rng.choice((1, 2, 2))):
        scene += [script.edit(one, record), Run(room=rng.randint(0, 14))]
        scene += [script.edit(rng.choice((one, other)), record)] if rng.random() < 0.5 else []
        scene += [Run()] if rng.random() < 0.5 else []
    if rng.random() < 0.4:
        stray = dict(script.setting.base[record])
        scene += [Put(one, "s1", stray), Run(), Copy(one, "s1", other), Run(room=rng.randint(0, 14))]
    script.insert(*scene, Run())


ODD = ("Gold\x07", "Gold\u200b", "Gold\u2028plus", "\u202eGold", "Gold\x1b[31m", "Gold\tplus", "Gold\r\nplus")


def odd_texts(script: Script) -> None:
    """Somebody pastes a text with characters that nobody sees; half of the time a system is a folder of files."""
    rng = script.rng
    if rng.random() < 0.5:
        drop(script, plain=True)
    record = script.record()
    one, other = script.two(record)
    name = "details.name" if script.setting.kind == "plan" else "name"
    scene: list[Step] = [Run()]
    for system in rng.sample((one, other), rng.choice((1, 1, 2))):
        scene += [Edit(system, record, {name: rng.choice(ODD)}), Run()]
    script.insert(*scene, script.edit(other, record, name), Run(), Run())


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
    "disk": Knob(disk, 0.05, "a store that is full amid a run"),
    "odd-texts": Knob(odd_texts, 0.03, "B7 characters that nobody sees"),
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
