"""`syncd mappings`: check a mapping on real records, show the sync map, try a codec on texts."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syncd.cli.out import count, print_json, say, short, styled, table
from syncd.cli.run import OK, USAGE
from syncd.errors import ConfigError
from syncd.mapping.check import Finding
from syncd.mapping.check import check as check_mapping
from syncd.mapping.load import load_mapping, mapping_names
from syncd.mapping.show import Shown
from syncd.mapping.show import show as sync_map
from syncd.mapping.trial import try_codec
from syncd.model.records import Kind, Record

if TYPE_CHECKING:
    from syncd.cli.session import Session
    from syncd.mapping.compile import Mapping

_MOST_SAMPLES = 2000


def check(session: Session, names: Sequence[str]) -> int:
    """Check mappings: of a configured system on its own records, of a file by itself."""
    return asyncio.run(_check(session, names))


async def _check(session: Session, names: Sequence[str]) -> int:
    findings: list[tuple[str, Finding]] = []
    samples: dict[str, dict[Kind, int]] = {}
    files = [name for name in names if name.endswith(".yaml")]
    for name in files:
        load_mapping(Path(name))  # compiling it checks all that can be known without records
        samples[name] = {}
    systems = [name for name in names if name not in files]
    if systems or not names:
        from syncd.apply.intake import linked_groups

        async with session.world() as world:
            for name in systems or sorted(world.systems):
                if name not in world.systems:
                    raise ConfigError(
                        f"there is no system `{name}`",
                        hint=f"The systems are {', '.join(world.systems)}; a file is named by its path, NAME.yaml.",
                    )
                live = world.systems[name]
                live.access = await live.connector.access()
                groups = tuple(linked_groups(name, world)) if live.access.by_group else None
                records = {kind: await _records(live.connector, kind, groups) for kind in live.lenses}
                samples[name] = {kind: len(found) for kind, found in records.items()}
                findings += [(name, one) for one in check_mapping(_mapping(session, name), records)]
    return _finish(session, samples, findings)


async def _records(
    connector: Any,  # noqa: ANN401 - a Connector
    kind: Kind,
    groups: Sequence[str] | None,
) -> list[Record]:
    found: list[Record] = []
    async for page in connector.list(kind, groups if kind == "plan" else None):
        found += page.records
        if len(found) >= _MOST_SAMPLES:
            break
    return found[:_MOST_SAMPLES]


def _mapping(session: Session, system: str) -> Mapping:
    from syncd.assemble import load_mapping as of_system

    return of_system(session.config, system)


def _finish(session: Session, samples: dict[str, dict[Kind, int]], findings: list[tuple[str, Finding]]) -> int:
    errors = sum(one.level == "error" for _, one in findings)
    code = USAGE if errors else OK
    if session.json:
        told = [{"mapping": name} | {key: getattr(one, key) for key in Finding.__slots__} for name, one in findings]
        print_json({"command": "mappings check", "samples": samples, "findings": told, "exit": code})
        return code
    for _, one in findings:
        say(f"{styled(one.level, 'red' if one.level == 'error' else 'yellow')}: {one}")
    for name, counts in samples.items():
        on = ", ".join(count(number, kind) for kind, number in counts.items()) or "no records: only the file itself"
        mine = [one for of, one in findings if of == name]
        bad = sum(one.level == "error" for one in mine)
        say(f"{name}: {count(bad, 'error')}, {count(len(mine) - bad, 'warning')} (checked on {on})")
    return code


# -- the sync map -----------------------------------------------------------------------------------------------------


def show(session: Session, name: str | None) -> int:
    """Print what a mapping binds to what."""
    if name is None:
        names = mapping_names(_folder(session))
        if session.json:
            print_json({"command": "mappings show", "mappings": list(names)})
            return OK
        say("Mappings: " + ", ".join(names), "`syncd mappings show NAME` prints one.")
        return OK
    rows = sync_map(_named(session, name))
    if session.json:
        print_json({"command": "mappings show", "mapping": name, "rows": [_row(row) for row in rows]})
        return OK
    told = [
        (row.kind, row.path, _ARROWS[row.direction], row.field or "(a fact)", row.codec, _note(row)) for row in rows
    ]
    say(*table(told, ("kind", "field", "", f"in {name}", "codec", "note")))
    say("", "<-> read and written   <-- read only   <-+ written once, when a record is created")
    return OK


_ARROWS = {"both": "<->", "read": "<--", "create": "<-+"}


def _note(row: Shown) -> str:
    return short("; ".join(filter(None, (row.reason, row.note))), 70) if row.reason or row.note else ""


def _row(row: Shown) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Shown.__slots__}


def _folder(session: Session) -> Path | None:
    """Give the folder of one's own mappings, if there is a configuration that names one."""
    try:
        config = session.config
    except ConfigError:
        if session.config_file is not None:
            raise
        return None
    return config.at(config.mappings) if config.mappings is not None else None


def _named(session: Session, name: str) -> Mapping:
    if name.endswith(".yaml"):
        return load_mapping(Path(name))
    try:
        if name in session.config.systems:
            return _mapping(session, name)
    except ConfigError:
        if session.config_file is not None:
            raise
    return load_mapping(name, _folder(session))


# -- codecs -----------------------------------------------------------------------------------------------------------


def trial(session: Session, codec: str, texts: Sequence[str], options: Sequence[str]) -> int:
    """Say what a codec understands of texts, given here or on stdin, and what it would write."""
    given = dict(_option(each) for each in options)
    lines = list(texts) or [line.rstrip("\n") for line in sys.stdin]
    rows = try_codec(codec, lines, given)
    if session.json:
        told = [
            {"text": row.raw, "understood": row.understood, "value": row.parsed, "written": row.formatted}
            for row in rows
        ]
        print_json({"command": "mappings try", "codec": codec, "rows": told})
        return OK
    shown = [
        (row.raw, row.parsed if row.understood else "not understood; kept, and never written", row.formatted)
        for row in rows
    ]
    say(*table(shown, ("text", "means", "would be written as")))
    return OK


def _option(text: str) -> tuple[str, Any]:
    key, mark, value = text.partition("=")
    if not mark:
        raise ConfigError(
            f"`{text}` is not KEY=VALUE", field="--option", hint="For example --option style=dollar_comma."
        )
    return key.strip(), {"true": True, "false": False}.get(value, int(value) if value.isdigit() else value)
