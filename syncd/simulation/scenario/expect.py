"""Compare what a cycle came to with what the table states, and say the first difference: `expected … got …`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from syncd.mapping.flat import FlatLens
from syncd.model import paths
from syncd.model.values import EMPTY, Flat, Value
from syncd.model.values_text import format_value
from syncd.reconcile.types import Link, Member
from syncd.simulation.scenario.models import Expect, Scenario


@dataclass(frozen=True, slots=True)
class Came:
    """What one cycle came to: the run's result, writes that took effect by system, open proposals by kind."""

    result: str
    writes: Mapping[str, int] = field(default_factory=dict)
    proposals: Mapping[str, frozenset[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """What there is after a cycle: each system's content by key, the links, and the key of each link by its id."""

    contents: Mapping[str, Mapping[str, Flat]]
    links: tuple[Link, ...]
    keys: Mapping[str, str]


def first_difference(expect: Expect, came: Came, state: State, scenario: Scenario) -> str:
    """Say the first thing that is not as stated; "" when all is."""
    return next(_differences(expect, came, state, scenario), "")


def _differences(expect: Expect, came: Came, state: State, scenario: Scenario) -> Iterator[str]:
    if expect.result is not None and expect.result != came.result:
        why = f" ({'; '.join(came.notes)})" if came.notes else _open(came)
        yield f"result: expected {expect.result}, got {came.result}{why}"
    if expect.proposals is not None:
        yield from _proposals(expect.proposals, came.proposals)
    for name, wanted in (expect.writes or {}).items():
        if came.writes.get(name, 0) != wanted:
            yield f"writes to {name}: expected {wanted}, got {came.writes.get(name, 0)}"
    lens = FlatLens(scenario.kind)
    for name, records in expect.contents.items():
        told = {key: _flat(record, scenario, lens) for key, record in records.items() if record is not None}
        yield from _records(name, told, state.contents[name])
    if expect.base is not None:
        yield from _bases(expect.base, state, scenario, lens)


def _open(came: Came) -> str:
    told = [f"{kind} {name}" for kind, names in came.proposals.items() for name in sorted(names)]
    return f" ({', '.join(told)})" if told else ""


# -- proposals --------------------------------------------------------------------------------------------------------


def _proposals(wanted: Mapping[str, tuple[str, ...]], got: Mapping[str, frozenset[str]]) -> Iterator[str]:
    for kind in dict.fromkeys((*wanted, *got)):
        told = {_canonical(name) for name in wanted.get(kind, ())}
        seen = got.get(kind, frozenset())
        if told != seen:
            yield f"proposals: expected {kind} {_listed(told)}, got {_listed(seen)}"


def _canonical(name: str) -> str:
    """Spell the path behind a key as the engine does."""
    key, dot, path = name.partition(".")
    return f"{key}{dot}{paths.canonical(path)}" if "[" in path else name


def _listed(names: frozenset[str] | set[str]) -> str:
    return f"[{', '.join(sorted(names))}]" if names else "none"


# -- contents and bases -----------------------------------------------------------------------------------------------


def _flat(record: Mapping[str, Any], scenario: Scenario, lens: FlatLens) -> Flat:
    values = {path: lens.value(path, raw) for path, raw in scenario.fields(record).items()}
    return {path: value for path, value in values.items() if value is not EMPTY}


def _records(name: str, wanted: Mapping[str, Flat], got: Mapping[str, Flat]) -> Iterator[str]:
    for key in sorted({*wanted, *got}):
        if key not in got:
            yield f"{name} {key}: expected a record, got none"
        elif key not in wanted:
            yield f"{name} {key}: expected no record, got {_told(got[key])}"
        else:
            yield from _fields(f"{name} {key}", wanted[key], got[key])


def _fields(where: str, wanted: Flat, got: Flat) -> Iterator[str]:
    for path in sorted({*wanted, *got}):
        told, seen = wanted.get(path, EMPTY), got.get(path, EMPTY)
        if told != seen:
            yield f"{where} {path}: expected {_text(told)}, got {_text(seen)}"


def _bases(stated: Any, state: State, scenario: Scenario, lens: FlatLens) -> Iterator[str]:
    """Compare the bases of all members that have one."""
    split = scenario.split(stated)
    wanted = {
        name: {key: _flat(record, scenario, lens) for key, record in (records or {}).items() if record is not None}
        for name, records in scenario.by_system(stated).items()
    }
    held: dict[str, dict[str, Flat]] = {name: {} for name in scenario.systems}
    for link in state.links:
        if link.status != "unlinked":
            for member in link.members:
                base = based(member)
                if base is not None:
                    held[member.system][state.keys[link.id]] = base
    everywhere = {key for records in held.values() for key in records}
    for name, records in wanted.items():
        for key in sorted({*records, *held[name]}):
            told, seen = records.get(key), held[name].get(key)
            if seen is None and not split and key in everywhere:
                continue  # one map for all systems: a system that is no member of this key has no base to compare
            if told is None or seen is None:
                yield f"base of {name} {key}: expected {_told(told)}, got {_told(seen)}"
                continue
            carried = scenario.settings[name].carries if name in scenario.settings else None
            if carried is not None and not split:
                told = {p: v for p, v in told.items() if any(paths.under(p, prefix) for prefix in carried)}
            yield from _fields(f"base of {name} {key}", told, seen)


def based(member: Member) -> Flat | None:
    """Give what a member was confirmed to hold; None for one that never agreed on anything."""
    if member.status == "awaited" or "" in member.unseen:
        return None
    return {
        path: value
        for path, value in member.base.items()
        if not any(paths.under(path, prefix) for prefix in member.unseen)
    }


def _told(flat: Mapping[str, Value] | None) -> str:
    if flat is None:
        return "none"
    return "{" + ", ".join(f"{path}: {_text(value)}" for path, value in sorted(flat.items())) + "}"


def _text(value: Value) -> str:
    if value is EMPTY:
        return "nothing"
    text = format_value(value)
    return f"{text} ({type(value).__name__})" if type(value).__name__ in ("Flag", "Unparsed") else text
