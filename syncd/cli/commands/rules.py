"""`syncd rules`: test them on cases, show them with their names, explain which one holds for a field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syncd.assemble import load_rules
from syncd.cli.commands.why import fields_of, find_field, place_of, rule_text
from syncd.cli.names import find_group, find_plan
from syncd.cli.out import print_json, say, styled, table
from syncd.cli.run import OK
from syncd.reconcile.rules import CHOICES, LEVELS, SCOPES, SETTINGS

if TYPE_CHECKING:
    from syncd.cli.session import Session


def show(session: Session) -> int:
    """Print every setting that the rules file makes, by name."""
    rules = load_rules(session.config)
    rows = list(_flat(rules.raw))
    file = rules_file(session)
    built_in = {setting: words[0] for setting, words in CHOICES.items()}
    if session.json:
        told = [{"rule": name, "setting": setting, "value": value} for name, setting, value in rows]
        print_json({"command": "rules show", "file": file, "rules": told, "built_in": built_in})
        return OK
    written = [(name, setting, str(value)) for name, setting, value in rows]
    say(f"{file}:", "", *table(written, ("rule", "setting", "value")))
    say("", f"Where nothing is said: {', '.join(f'{setting}: {word}' for setting, word in built_in.items())}.")
    say("The narrowest place counts: links, groups, pairs, default; inside each fields, sections, all.")
    return OK


def _flat(raw: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Give name, setting and value of everything that is written."""
    for scope in SCOPES:
        found = raw.get(scope) or {}
        bodies = {"default": found} if scope == "default" else {f"{scope}.{key}": body for key, body in found.items()}
        for name, body in bodies.items():
            yield from _body(name, body or {})


def _body(name: str, body: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for key, value in body.items():
        if key in SETTINGS:
            yield name, key, value
        elif key == "all":
            yield from _body(f"{name}.all", value or {})
        elif key in LEVELS:
            for what, settings in (value or {}).items():
                yield from _body(f"{name}.{key}.{what}", settings or {})


def explain(session: Session, group: str, plan: str | None, field: str) -> int:
    """Say which rule holds for a field when systems disagree, setting by setting."""
    rules = load_rules(session.config)
    with session.store() as store:
        link = find_group(store, group)
        if plan is not None:
            link = find_plan(store, link.id, plan)
        path = find_field(field, fields_of(store, link), link)
    rule = rules.at(place_of(link, path))
    rows = [(name, _text(getattr(rule, name)), rule.name(name)) for name in (*CHOICES, "source_of_truth", "operations")]
    if session.json:
        told = {name: {"value": value, "rule": by} for name, value, by in rows}
        text = rule_text(rule)
        print_json({"command": "rules explain", "link": link.id, "field": path, "settings": told, "text": text})
        return OK
    systems = ", ".join(sorted(member.system for member in link.members))
    say(styled(path, "bold"), f"of “{link.label}” {link.id} ({systems})", "")
    say(*table(rows, ("setting", "value", "rule"), indent="  "))
    say("", f"When two systems change it to different values, {rule_text(rule)}.")
    return OK


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else "-" if value is None else str(value)


def test(session: Session, paths: Sequence[Path], junit: Path | None) -> int:
    """Run scenario tables through the real engine, on systems in memory; those without rules under the installation's.

    Without a configuration such tables run under what is built in. Rules that cannot be used are an error.
    """
    from syncd.config import MissingConfigError
    from syncd.simulation.scenario import run_paths

    rules = file = None
    try:
        rules = load_rules(session.config)
        file = rules_file(session)
    except MissingConfigError:
        if session.config_file is not None:
            raise
    results = run_paths(paths, rules)
    if junit is not None:
        junit.write_text(results.junit(), encoding="utf-8")
    if session.json:
        say(results.json())
        return results.exit_code
    say(f"Cases without `rules:` are tried under {file or 'the built-in settings: there is no configuration here'}.")
    say(results.text())
    return results.exit_code


def rules_file(session: Session) -> str:
    """Say which rules an installation has."""
    config = session.config
    return str(config.at(config.rules)) if config.rules is not None else "the rules that come with syncd"
