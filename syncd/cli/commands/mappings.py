"""`syncd mappings`: check a mapping on real records, show the sync map, try a codec on texts."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syncd.cli.out import Progress, brief, count, print_json, say, styled, table
from syncd.cli.run import OK, USAGE
from syncd.errors import ConfigError
from syncd.mapping.check import Finding
from syncd.mapping.check import check as check_mapping
from syncd.mapping.coverage import Count, LineCoverage, counts, coverage
from syncd.mapping.live import Schema
from syncd.mapping.load import load_mapping, mapping_names
from syncd.mapping.show import Shown
from syncd.mapping.show import show as sync_map
from syncd.mapping.trial import try_codec
from syncd.model import paths
from syncd.model.records import Kind, Record
from syncd.text.nearest import did_you_mean
from syncd.text.yaml import YamlTextError, read, typed

if TYPE_CHECKING:
    from syncd.apply.world import World
    from syncd.cli.session import Session
    from syncd.mapping.compile import Mapping

_LONGEST = 76


@dataclass(frozen=True, slots=True)
class Ask:
    """Which mappings are checked, on how many records of each kind, and whether every note is told."""

    names: Sequence[str] = ()
    samples: int = 100
    notes: bool = False


def check(session: Session, ask: Ask) -> int:
    """Check mappings: of a configured system on its own records, of a file by itself."""
    progress = Progress()
    try:
        return asyncio.run(_check(session, ask, progress))
    finally:
        progress.done()


async def _check(session: Session, ask: Ask, progress: Progress) -> int:
    findings: list[tuple[str, Finding]] = []
    samples: dict[str, dict[Kind, int]] = {}
    files = [name for name in ask.names if name.endswith(".yaml")]
    for name in files:
        load_mapping(Path(name))  # compiling it checks all that can be known without records
        samples[name] = {}
    systems = [name for name in ask.names if name not in files]
    if systems or not ask.names:
        async with session.world() as world:
            for name in systems or sorted(world.systems):
                if name not in world.systems:
                    raise ConfigError(
                        f"there is no system `{name}`{did_you_mean(name, world.systems)}",
                        hint=f"The systems are {', '.join(world.systems)}; a file is named by its path, NAME.yaml.",
                    )
                mapping = _mapping(session, name)
                records, schemas = await _look(name, world, ask.samples, progress)
                samples[name] = {kind: len(found) for kind, found in records.items()}

                def told(kind: Kind, at: int, name: str = name) -> None:
                    progress.say(f"{name}: trying the laws on {kind} {at + 1} of {samples[name][kind]}")

                findings += [(name, one) for one in check_mapping(mapping, records, schemas, told)]
    progress.done()
    return _finish(session, ask, samples, findings)


async def _look(
    name: str, world: World, most: int, progress: Progress
) -> tuple[dict[Kind, list[Record]], dict[Kind, Schema]]:
    """Read samples of a system, and what it says of its fields."""
    from syncd.apply.intake import linked_groups
    from syncd.connectors.base import Examined
    from syncd.connectors.paging import pages_of

    live = world.systems[name]
    live.access = await live.connector.access()
    groups = tuple(linked_groups(name, world)) if live.access.by_group else None
    records: dict[Kind, list[Record]] = {}
    schemas: dict[Kind, Schema] = {}
    for kind in live.lenses:
        records[kind] = []
        async for page in pages_of(live.connector, kind, groups if kind == "plan" else None):
            records[kind] += page.records
            progress.say(f"{name}: {count(len(records[kind]), kind)} read")
            if len(records[kind]) >= most:
                break
        records[kind] = records[kind][:most]
        if isinstance(live.connector, Examined):
            schemas[kind] = await live.connector.schema(kind)
    return records, schemas


def _mapping(session: Session, system: str) -> Mapping:
    from syncd.assemble import load_mapping as of_system

    return of_system(session.config, system)


def _finish(
    session: Session, ask: Ask, samples: dict[str, dict[Kind, int]], findings: list[tuple[str, Finding]]
) -> int:
    errors = sum(one.level == "error" for _, one in findings)
    code = USAGE if errors else OK
    if session.json:
        told = [{"mapping": name} | {key: getattr(one, key) for key in Finding.__slots__} for name, one in findings]
        print_json({"command": "mappings check", "samples": samples, "findings": told, "exit": code})
        return code
    for name, sampled in samples.items():
        mine = [one for of, one in findings if of == name]
        say(*_told(name, mine, every=ask.notes))
        on = ", ".join(count(number, kind) for kind, number in sampled.items()) or "no records: only the file itself"
        by_level = Counter(one.level for one in mine)
        sums = ", ".join(count(by_level[level], level) for level in ("error", "warning", "note"))
        say(f"{name}: {sums} (checked on {on})")
    return code


_STYLES = {"error": "red", "warning": "yellow", "note": "dim"}
_SUMS = {
    "key": "{of_kind} whose vendor keys are in none of the records",
    "empty": "{of_kind} that no record has a value for",
    "text": "{of_kind} with texts that were not understood (kept, never written)",
    "field": "{of_kind} that this installation need not have and has not",
}


def _told(name: str, findings: Sequence[Finding], *, every: bool) -> Iterator[str]:
    """Tell each error, and of warnings and notes one line a kind, with how many they are and an example."""
    for one in findings:
        if one.level == "error" or every:
            yield f"{styled(one.level, _STYLES[one.level])}: {one}"
    groups: dict[tuple[str, str, Kind], list[Finding]] = {}
    for one in findings:
        if one.level != "error" and not every:
            groups.setdefault((one.level, one.what, one.kind), []).append(one)
    for (level, what, kind), found in groups.items():
        rows = dict.fromkeys(one.row for one in found)
        told = _SUMS[what].format(of_kind=count(len(rows), f"field of {kind}s", f"fields of {kind}s"))
        yield f"{styled(level, _STYLES[level])}: {name}: {told}, such as {found[0].row}: {found[0].message}"


# -- the sync map -----------------------------------------------------------------------------------------------------


def show(session: Session, name: str | None, *, markdown: bool = False) -> int:
    """Print what a mapping binds to what, and how much of each line of coverage that is."""
    if name is None:
        return _overview(session, markdown=markdown)
    mapping = _named(session, name)
    rows = sync_map(mapping)
    lines = coverage(mapping)
    if session.json:
        print_json(
            {
                "command": "mappings show",
                "mapping": name,
                "title": mapping.title,
                "rows": [_row(row) for row in rows],
                "coverage": [_line(one) for one in lines],
            }
        )
        return OK
    longest = 10_000 if markdown else _LONGEST
    told = [
        (row.kind, row.path, _ARROWS[row.direction], brief(row.field or "(a fact)", longest), row.codec, _note(row))
        for row in rows
    ]
    _heading(mapping.title, markdown=markdown)
    _tabulate(told, ("kind", "field", "", f"in {name}", "codec", "note"), markdown=markdown)
    say("", "<-> read and written   <-- read only   <-+ written once, when a record is created")
    if lines:
        say("")
        _heading(f"Lines of coverage of {name}: fields written/carried", markdown=markdown)
        _tabulate([_cells(one) for one in lines], ("line", *paths.SECTIONS, "types named there"), markdown=markdown)
        say("", _named_types(lines))
    return OK


def _overview(session: Session, *, markdown: bool) -> int:
    """List the mappings with what they carry."""
    found = {each: _named(session, each) for each in mapping_names(_folder(session))}
    counted = {each: counts(mapping) for each, mapping in found.items()}
    if session.json:
        told = {
            each: {
                "title": found[each].title,
                "sections": {key: _count(one) for key, one in sections.items()},
                "lines": len(coverage(found[each])),
            }
            for each, sections in counted.items()
        }
        print_json({"command": "mappings show", "mappings": list(found), "coverage": told})
        return OK
    rows = [
        (each, *(str(one) for one in sections.values()), str(len(coverage(found[each]))), found[each].title)
        for each, sections in counted.items()
    ]
    _tabulate(rows, ("mapping", "group", *paths.SECTIONS, "lines", "title"), markdown=markdown)
    say("", "Fields written/carried. `syncd mappings show NAME` prints one mapping, with counts per line of coverage.")
    return OK


_ARROWS = {"both": "<->", "read": "<--", "create": "<-+"}


def _heading(text: str, *, markdown: bool) -> None:
    say(f"## {text}" if markdown else styled(text, "bold"), *([""] if markdown else []))


def _tabulate(rows: Sequence[Sequence[str]], head: Sequence[str], *, markdown: bool) -> None:
    """Print a table for a terminal, or one that web pages show."""
    if not markdown:
        say(*table(rows, head))
        return
    say(f"| {' | '.join(head)} |", f"|{'---|' * len(head)}")
    for row in rows:
        say("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")


def _cells(one: LineCoverage) -> tuple[str, ...]:
    return one.line, *(str(one.sections[section]) for section in paths.SECTIONS), brief(", ".join(one.types), 60)


def _named_types(lines: Sequence[LineCoverage]) -> str:
    """Count the vendor's types, and its own lines where its words tell them."""
    named = {word for one in lines for word in one.named}
    begun = {word for one in lines for word in one.types} - named
    theirs = {word.partition("/")[0] for word in named | begun if "/" in word}
    own = f" of its {count(len(theirs), 'own line', 'own lines')}" if theirs else ""
    more = f"; the rest is read by {count(len(begun), 'beginning')} (`*`)" if begun else ""
    return f"{count(len(named), 'type')}{own} named, over {count(len(lines), 'line')} of coverage{more}."


def _line(one: LineCoverage) -> dict[str, Any]:
    sections = {section: _count(found) for section, found in one.sections.items()}
    return {"line": one.line, "types": list(one.types), "sections": sections}


def _count(one: Count) -> dict[str, int]:
    return {"carried": one.carried, "written": one.written}


def _note(row: Shown) -> str:
    return brief("; ".join(filter(None, (row.reason, row.note))), 70) if row.reason or row.note else ""


def _row(row: Shown) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Shown.__slots__}


def _folder(session: Session) -> Path | None:
    """Give the folder of one's own mappings, if there is a configuration that names one."""
    from syncd.config import MissingConfigError

    try:
        config = session.config
    except MissingConfigError:
        if session.config_file is not None:
            raise
        return None
    return config.at(config.mappings) if config.mappings is not None else None


def _named(session: Session, name: str) -> Mapping:
    from syncd.config import MissingConfigError

    if name.endswith(".yaml"):
        return load_mapping(Path(name))
    try:
        if name in session.config.systems:
            return _mapping(session, name)
    except MissingConfigError:
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
    try:
        node = read(value, na=False)
    except YamlTextError as error:
        raise ConfigError(f"`{text}` cannot be read: {error.message}", field="--option") from error
    return key.strip(), "" if node is None else typed(node.written())
