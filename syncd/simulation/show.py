"""Show a failing history: as text, line by line, and as a scenario table (SCENARIOS.md) that plays it again.

A table cannot say everything that a simulation does (rounding, lateness, edits in the middle of a run, other moments to
die at); what it leaves out stands in its comments.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from syncd.connectors.memory import Behaviour
from syncd.simulation.play import Failure, History
from syncd.simulation.ran import Event, Quiet, Ran, Said
from syncd.simulation.setting import Setting, SystemSetting
from syncd.simulation.steps import Calm, Edit, Fail, Put, Remove

_PLAIN = Behaviour()
_SAID = {"versions": ("none", "etag", "lying")}
"""What a table can say of a behaviour."""


def as_text(history: History, failure: Failure) -> str:
    """Tell a failing history for people."""
    lines = [
        f"seed {history.seed}: {failure.property}",
        f"  {failure.what}",
        "",
        *(f"  system {line}" for line in map(_system_line, history.setting.systems)),
        f"  {history.setting.kind} records {dict(history.setting.records)}",
        f"  base {{{', '.join(f'{key}: {dict(flat)}' for key, flat in history.setting.base.items())}}}",
        f"  rules {dict(history.setting.rules)}",
        f"  guards {dict(history.setting.guards)}",
        "",
        *(f"  {line}" for line in failure.told),
    ]
    return "\n".join([*lines, *failure.trace.splitlines()]) + "\n"


def _system_line(made: SystemSetting) -> str:
    odd = _oddities(made)
    return f"{made.name}: {', '.join(odd) or 'takes everything as it is'}"


def _oddities(made: SystemSetting) -> list[str]:
    odd = [
        f"{name}={value!r}"
        for name in _PLAIN.__slots__
        if (value := getattr(made.behaviour, name)) != getattr(_PLAIN, name)
    ]
    if not made.times:
        odd.append("states no times")
    if made.mapping:
        odd.append(f"plans as in the mapping {made.mapping}")
    if made.behaviour.decimals is not None:
        odd.append("rounding declared" if made.declared else "rounding not declared")
    return odd


def as_table(history: History, failure: Failure) -> str:
    """Give a scenario table of a failing history."""
    setting = history.setting
    scenario: dict[str, Any] = {
        "id": f"simulation-{history.seed}",
        "title": failure.property,
        "kind": setting.kind,
        "systems": {made.name: _system_of(made) for made in setting.systems},
    }
    if setting.rules:
        scenario["rules"] = _plain(setting.rules)
    if setting.atoms:
        scenario["groups"] = {"table": list(setting.atoms)}
    if setting.loose:
        scenario["linked"] = [key for key in setting.records if key not in setting.loose]
    if setting.guards:
        scenario["guards"] = _plain(setting.guards)
    scenario["start"] = _start(setting)
    cycles, left_out = _cycles(failure.events)
    scenario["cycles"] = cycles or [{"expect": {"result": "ok"}}]
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.width, yaml.sort_base_mapping_type_on_output = None, 120, False  # type: ignore[assignment]
    out = StringIO()
    yaml.dump({"format": "syncd-scenario/1", "scenarios": [scenario]}, out)
    notes = [
        failure.what,
        "it went wrong in the last cycle; what each run came to stands under expect",
        *(f"not in a table: {one}" for one in [*_not_said(setting), *left_out]),
    ]
    held = (
        f"{system} {key}: {_said_fields(fields)}"
        for system, records in failure.content.items()
        for key, fields in records.items()
    )
    comments = [line for note in [*notes, "held in the end:", *held] for line in textwrap.wrap(note, 110)]
    return "".join(f"# {line}\n" for line in comments) + out.getvalue()


def _said_fields(fields: Mapping[str, Any]) -> str:
    return ", ".join(f"{path}={value}" for path, value in sorted(fields.items()))


def _system_of(made: SystemSetting) -> dict[str, Any]:
    behaviour = made.behaviour
    said: dict[str, Any] = {}
    if behaviour.versions != "none" and behaviour.versions in _SAID["versions"]:
        said["versions"] = behaviour.versions
    for name in ("create", "update"):
        if not getattr(behaviour, name):
            said[name] = False
    if behaviour.carries != _PLAIN.carries:
        said["carries"] = list(behaviour.carries)
    if behaviour.read_only:
        said["writable"] = [
            one for one in ("details", "benefits", "rates", "contributions") if one not in behaviour.read_only
        ]
    return said


def _not_said(setting: Setting) -> Iterator[str]:
    for made in setting.systems:
        known = {
            "create",
            "update",
            "carries",
            "read_only",
            *(("versions",) if made.behaviour.versions in _SAID["versions"] else ()),
        }
        odd = [one for one in _oddities(made) if one.partition("=")[0] not in known]
        if odd:
            yield f"{made.name}: {', '.join(odd)}"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _start(setting: Setting) -> dict[str, Any]:
    names = {made.name for made in setting.systems}
    holders = {key: [name for name in held if name in names] for key, held in setting.records.items()}
    base = {key: dict(setting.base[key]) for key, held in holders.items() if len(held) > 1 and key not in setting.loose}
    start: dict[str, Any] = {"base": base} if base else {}
    for made in setting.systems:
        start[made.name] = {
            key: {p: text for p, text in setting.base[key].items() if _carried(p, made)}
            for key, held in holders.items()
            if made.name in held
        }
    return start


def _carried(path: str, made: SystemSetting) -> bool:
    return any(path.startswith(prefix) for prefix in made.behaviour.carries)


def _cycles(events: tuple[Event, ...]) -> tuple[list[dict[str, Any]], list[str]]:
    """Turn what happened into cycles: answers, edits and faults, then the run; and what no cycle can say."""
    cycles: list[dict[str, Any]] = []
    left_out: list[str] = []
    now: dict[str, Any] = {}
    standing: dict[str, dict[str, Any]] = {}
    for event in events:
        match event:
            case Edit(system, record, changes):
                now.setdefault("edit", {}).setdefault(system, {}).setdefault(record, {}).update(changes)
            case Put(system, record, data):
                now.setdefault("edit", {}).setdefault(system, {})[record] = dict(data)
            case Remove(system, record):
                now.setdefault("edit", {}).setdefault(system, {})[record] = None
            case Said(name, answer):
                now.setdefault("decide", {})[name] = answer
            case Fail(system, "list", "partial" | "empty" | "error" as kind, times):
                standing.setdefault(system, {}).update({"list": kind, **({"times": times} if times else {})})
            case Fail(system, "write" | "create", "fail" | "fail_after" | "lost_reply" as kind, times):
                standing.setdefault(system, {}).update({"write": kind, **({"times": times} if times else {})})
            case Calm(system):
                standing.pop(system, None)
            case Quiet():
                standing.clear()
            case Ran():
                cycles.append(_cycle(event, now, standing, left_out))
                now = {}
            case _:
                left_out.append(f"before run {len(cycles) + 1}: {event}")
    if now:
        cycles.append({**now, "expect": {"result": "ok"}})
    return cycles, left_out


def _cycle(ran: Ran, now: dict[str, Any], standing: dict[str, dict[str, Any]], left_out: list[str]) -> dict[str, Any]:
    faults = {system: dict(fault) for system, fault in standing.items()}
    for system, fault in list(standing.items()):
        if fault.get("times"):
            del standing[system]
    if ran.killed and ran.step.room is not None:
        left_out.append(f"a disk that is full after {ran.step.room} commits ({ran.died})")
    elif ran.killed:
        moment = ran.died.split(" ", 1)[0]
        known = {
            "after_journal": "after_journal",
            "after_send": "after_send",
            "after_write": "after_reply",
            "after_reply": "after_reply",
        }
        if moment in known and ran.touched:
            faults.setdefault(ran.touched, {})["kill"] = known[moment]
        else:
            left_out.append(f"a kill at moment {ran.step.kill} ({ran.died})")
    left_out += [f"in the middle of a run, at moment {race.at}: {race.step}" for race in ran.step.races]
    if ran.step.observe is not None:
        left_out.append(f"a run that observes only {', '.join(ran.step.observe) or 'nothing'}")
    cycle = dict(now)
    if faults:
        cycle["faults"] = faults
    if ran.report is not None:
        cycle["expect"] = {"result": ran.report.result}
    return cycle
