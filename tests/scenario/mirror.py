"""Swap the sides of a table: every system gets a name from the other end of the alphabet, in rules and answers too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from syncd.simulation.scenario import Scenario

Names = Mapping[str, str]
OF_A_SYSTEM = ("source_of_truth", "to")


def mirrored(scenario: Scenario) -> Scenario:
    """Give the table as its mirror image."""
    systems = scenario.systems
    names = dict(zip(systems, reversed(systems), strict=True))
    data = scenario._node.plain()
    data |= {
        "systems": _keys(data.get("systems"), names),
        "start": _start(data.get("start"), names),
        "rules": _rules(data.get("rules"), names),
        "cycles": [_cycle(cycle, names) for cycle in data["cycles"]],
    }
    made = Scenario.model_validate(data)
    made._file, made._node = scenario.file, scenario._node
    return made


def _keys(data: Any, names: Names) -> Any:
    return {names.get(key, key): value for key, value in data.items()} if isinstance(data, dict) else data


def _base(data: Any, names: Names) -> Any:
    return _keys(data, names) if data and all(key in names for key in data) else data


def _start(data: Any, names: Names) -> Any:
    return {names.get(key, key): _base(value, names) if key == "base" else value for key, value in (data or {}).items()}


def _rules(data: Any, names: Names) -> Any:
    if isinstance(data, list):
        return [_rules(one, names) for one in data]
    if not isinstance(data, dict):
        return data
    made = {}
    for key, value in data.items():
        told = re.sub(r"\w+", lambda word: names.get(word[0], word[0]), key) if "+" in key else key
        made[told] = names.get(value, value) if key in OF_A_SYSTEM else _rules(value, names)
    return made


def _cycle(cycle: dict[str, Any], names: Names) -> dict[str, Any]:
    made = dict(cycle)
    for key in ("edit", "faults"):
        if key in made:
            made[key] = _keys(made[key], names)
    if "decide" in made:
        made["decide"] = {_named(key, names): _answer(value, names) for key, value in (made["decide"] or {}).items()}
    if isinstance(made.get("mode"), dict):
        made["mode"] = {"resync": names[made["mode"]["resync"]]}
    if made.get("expect"):
        made["expect"] = _expect(made["expect"], names)
    return made


def _answer(answer: Any, names: Names) -> Any:
    return names.get(answer, answer) if isinstance(answer, str) else answer


def _named(name: str, names: Names) -> str:
    """Swap the system in `hand-off quote:p1` and `quote:p1`."""
    return re.sub(r"(\w+):", lambda found: f"{names.get(found[1], found[1])}:", name)


def _expect(expect: dict[str, Any], names: Names) -> dict[str, Any]:
    made = {names.get(key, key): value for key, value in expect.items()}
    if "writes" in made:
        made["writes"] = _keys(made["writes"], names)
    if "base" in made:
        made["base"] = _base(made["base"], names)
    if made.get("proposals"):
        made["proposals"] = {
            kind: [_named(one, names) for one in listed or []] for kind, listed in made["proposals"].items()
        }
    return made
