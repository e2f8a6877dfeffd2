"""`syncd doctor`: is everything well? Each system by itself, then what syncd stands on. Looks, and changes nothing.

A line says what was looked at, whether it is well, what was seen and what to do. No secret is shown: connectors say
what they found in words, and settings are named, never printed.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from filelock import FileLock, Timeout

from syncd import assemble, private
from syncd.apply.intake import quarantined
from syncd.cli import writable
from syncd.cli.out import Progress, count, print_json, say, styled, table, when
from syncd.cli.run import OK, OPEN, PARTIAL, USAGE
from syncd.cli.trouble import explained
from syncd.connectors.base import Access, Examined
from syncd.connectors.paging import pages_of
from syncd.errors import ConfigError, ConnectorError, SyncdError
from syncd.mapping.live import Mismatch, against
from syncd.review.disk import ERROR_SUFFIX
from syncd.review.queue import refused

if TYPE_CHECKING:
    from syncd.apply.world import LiveSystem
    from syncd.cli.session import Session
    from syncd.mapping.compile import Mapping as CompiledMapping
    from syncd.model.records import Kind, Record
    from syncd.store.store import Store

_SHOWN: Final = 6
SETTINGS: Final = ("settings", "configuration", "rules")
"""What a person wrote wrong: nothing runs before it is mended, so it is told by the exit code, too."""
_SAMPLES: Final = 200
_FREE_BYTES: Final = 200_000_000
_MARKS: Final = {"ok": ("ok", "green"), "note": ("note", "yellow"), "wrong": ("NOT", "red"), "away": ("AWAY", "red")}

Level = Literal["ok", "note", "wrong", "away"]
"""note: as it is meant to be, perhaps, and worth knowing; away: the system does not answer."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the examination."""

    what: str
    level: Level
    detail: str = ""
    hint: str = ""


def run(session: Session, system: str | None, *, check: bool) -> int:
    """Examine one system, or everything."""
    names = list(session.config.systems)
    if system is not None and system not in names:
        raise ConfigError(f"there is no system `{system}`", hint=f"The systems are {', '.join(names) or 'none yet'}.")
    return asyncio.run(_run(session, [system] if system is not None else names, whole=system is None, check=check))


async def _run(session: Session, names: list[str], *, whole: bool, check: bool) -> int:
    found: dict[str, list[Line]] = {}
    progress = Progress()
    store_lines, store = _store(session)
    try:
        for name in names:
            progress.say(f"looking at {name} …")
            found[name] = await _system(session, name, store)
        progress.done()
        folders = _looked_at(_folders(session, store)) if whole else []
        general = [*_configuration(session), *store_lines, *folders, *_writes(session, store)] if whole else []
    finally:
        if store is not None:
            store.close()
    lines = [*general, *(line for each in found.values() for line in each)]
    away = any(line.level == "away" for line in lines)
    wrong = any(line.level == "wrong" for line in lines)
    settings = any(line.level == "wrong" and line.what in SETTINGS for line in lines)
    code = PARTIAL if away else USAGE if settings else OPEN if wrong and check else OK
    if session.json:
        print_json(
            {
                "command": "doctor",
                "well": not (away or wrong),
                "systems": {name: [asdict(line) for line in each] for name, each in found.items()},
                "syncd": [asdict(line) for line in general],
                "exit": code,
            }
        )
        return code
    for name, each in found.items():
        say(styled(name, "bold"), *_lines(each), "")
    if general:
        say(styled("syncd itself", "bold"), *_lines(general), "")
    say(_sum(lines) if session.config.systems else "No system is configured yet, so nothing can be in step.")
    return code


def _lines(lines: Iterable[Line]) -> list[str]:
    """Write lines, what is to be done below."""
    lines = list(lines)
    rows = table([(f"{_MARKS[line.level][0]:<4}", line.what, line.detail) for line in lines], indent="  ")
    told = []
    for line, row in zip(lines, rows, strict=True):
        told.append(styled(row, _MARKS[line.level][1]) if line.level != "ok" else row)
        told += [styled(f"        {line.hint}", "dim")] if line.hint else []
    return told


def _sum(lines: list[Line]) -> str:
    wrong = sum(line.level in ("wrong", "away") for line in lines)
    notes = sum(line.level == "note" for line in lines)
    noted = f"; {count(notes, 'note')}" if notes else ""
    if not wrong:
        return f"All is well{noted}."
    return f"{wrong} of {count(len(lines), 'thing')} {'is' if wrong == 1 else 'are'} not well{noted}."


# -- a system ----------------------------------------------------------------------------------------------------------


async def _system(session: Session, name: str, store: Store | None) -> list[Line]:
    """Examine one system: settings, then everything that needs it to answer."""
    if store is None:
        return [Line("settings", "note", "not looked at: the store cannot be opened")]
    try:
        mapping = assemble.load_mapping(session.config, name)
        live = assemble.live_system(session.config, name, mapping, store)
    except SyncdError as error:
        return [Line("settings", "wrong", str(error), error.hint)]
    said = session.config.systems[name]
    told = f"connector {said.connector}, mapping {said.mapping or name}, writes {said.writes}"
    try:
        return [Line("settings", "ok", told), *await _live(live, mapping, store), *_unreadable(name, store)]
    finally:
        await live.connector.aclose()


async def _live(live: LiveSystem, mapping: CompiledMapping, store: Store) -> list[Line]:
    """Examine what needs the system to answer."""
    lines: list[Line] = []
    connector = live.connector
    if isinstance(connector, Examined):
        try:
            lines += [_found(one.what, one.detail, one.hint, ok=one.ok) for one in await connector.examine()]
        except ConnectorError as error:
            return [_away(error)]
    try:
        access = await connector.access()
    except ConnectorError as error:
        return [*lines, _away(error)]
    live.access = access
    lines += [Line("access", "ok", "it answers, and our account is known"), *_rights(access, live)]
    for kind in mapping.kinds:
        try:
            lines += await _mapping(live, mapping, kind, store)
        except ConnectorError as error:
            lines.append(_found(f"mapping of {kind}s", error.message, error.hint, ok=False))
    return lines


def _unreadable(name: str, store: Store) -> Iterator[Line]:
    """Name the records that were there and could not be read when the system was last observed."""
    left = sorted(quarantined(store, name).items())
    if left:
        told = _some(f"{kind} {record_id}: {why}" for (kind, record_id), why in left)
        hint = f"Correct them in {name}: until then they are neither read nor written, and the others go on."
        yield Line("records", "wrong", f"{count(len(left), 'record')} cannot be read: {told}", hint)


def _found(what: str, detail: str, hint: str, *, ok: bool) -> Line:
    return Line(what, "ok" if ok else "wrong", detail, hint)


def _away(error: ConnectorError) -> Line:
    return Line("access", "away", error.message, error.hint)


def _rights(access: Access, live: LiveSystem) -> Iterator[Line]:
    """Say what the account may not do. Where nothing shall be written, that is as it should be."""
    denied: Level = "note" if live.writes_off else "wrong"
    hint = "" if live.writes_off else 'Give the account the right, or set `writes = "off"` for this system.'
    if access.update:
        yield Line("may change records", "ok", "protected by the version read" if access.conditional else "")
    else:
        yield Line("may change records", denied, access.unwritable.get("", "no"), hint)
    yield Line("may create records", "ok" if access.create else "note", "yes" if access.create else "no")
    for what, hidden in (("hidden from us", access.unreadable), ("not to be changed", access.unwritable)):
        for prefix, why in sorted(hidden.items()):
            if prefix:
                yield Line(what, "note", f"{prefix}: {why}")
    if access.update and not access.conditional:
        yield Line(
            "conditional writes",
            "note",
            "none: an edit made between our read and our write may be lost",
        )


async def _mapping(live: LiveSystem, mapping: CompiledMapping, kind: Kind, store: Store) -> list[Line]:
    """Compare the mapping of a kind with the live schema, or with records where the system tells no schema."""
    lens = mapping.lens(kind)
    what = f"mapping of {kind}s"
    if isinstance(live.connector, Examined):
        schema = await live.connector.schema(kind)
        if schema:
            fields = sum(map(len, schema.values()))
            return list(_mismatches(what, against(lens, schema), f"fits the live schema ({count(fields, 'field')})"))
    records = await _samples(live, kind, store)
    if not records:
        return [Line(what, "note", "not compared: there is no schema, and no record to look at")]
    lost = set(lens.missing(records[0])).intersection(*(lens.missing(record) for record in records[1:]))
    if not lost:
        return [Line(what, "ok", f"every field is in one of {count(len(records), 'record')}")]
    told = _some(f"{path} ({' or '.join(str(one) for one in lens.rows[path].sources)})" for path in sorted(lost))
    hint = "Renamed, hidden from our account, or never there: compare `syncd mappings show` with a record."
    return [Line(what, "wrong", f"{count(len(lost), 'field')} in none of {len(records)} records: {told}", hint)]


def _mismatches(what: str, found: list[Mismatch], well: str) -> Iterator[Line]:
    """Sum up what does not fit; what a row itself calls optional is only noted."""
    if not found:
        yield Line(what, "ok", well)
        return
    hints: Mapping[str, str] = {
        "renamed": "Correct the row's field in the mapping, then `syncd mappings check`.",
        "missing": "Our account may not see it, this installation may not have it, or the row is wrong.",
        "retyped": "Name another codec in the row, then `syncd mappings check`.",
        "no part": "Compare the row's `part` with what the system has.",
    }
    titles = {"renamed": "renamed fields", "missing": "missing fields", "retyped": "fields of another type"}
    for kind, hint in hints.items():
        for optional in (False, True):
            of_kind = [one for one in found if one.what == kind and one.optional == optional]
            if of_kind:
                told = _some((str(one) for one in of_kind), between="; ")
                title = f"{what}: {titles.get(kind, 'missing parts')}"
                yield Line(title, "note" if optional else "wrong", f"{len(of_kind)}: {told}", hint)


def _some(texts: Iterable[str], *, between: str = ", ") -> str:
    found = list(texts)
    more = f"{between}and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return between.join(found[:_SHOWN]) + more


async def _samples(live: LiveSystem, kind: Kind, store: Store) -> list[Record]:
    """Give some records; where plans are listed by group, those of the linked groups."""
    by_group = live.access is not None and live.access.by_group and kind == "plan"
    groups = sorted(_groups(live.name, store)) if by_group else None
    if groups is not None and not groups:
        return []
    found: list[Record] = []
    async for page in pages_of(live.connector, kind, groups):
        found += page.records
        if len(found) >= _SAMPLES:
            break
    return found[:_SAMPLES]


def _groups(system: str, store: Store) -> set[str]:
    return {
        member.id
        for link in store.links(kind="group", status=None)
        for member in link.members
        if link.status != "unlinked" and member.system == system and member.status == "live"
    }


# -- syncd itself ------------------------------------------------------------------------------------------------------


def _configuration(session: Session) -> Iterator[Line]:
    named = len(session.config.systems)
    hint = "" if named else "Name them in it; `syncd systems --connectors` lists what there is."
    yield Line("configuration", "ok" if named else "note", f"{session.config.file}, {count(named, 'system')}", hint)
    try:
        assemble.load_rules(session.config)
    except SyncdError as error:
        yield Line("rules", "wrong", str(error), error.hint)
    else:
        yield Line("rules", "ok", str(session.config.rules or "those that come with syncd"))


def _store(session: Session) -> tuple[list[Line], Store | None]:
    """Open the store, and say what it is."""
    try:
        store = assemble.open_store(session.config)
    except SyncdError as error:
        return [Line("store", "wrong", str(error), error.hint)], None
    file = session.state / "syncd.db"
    size = sum(each.stat().st_size for each in file.parent.glob(f"{file.name}*"))
    groups = len({link.id for link in store.links(kind="group", status="live")})
    plans = len({link.id for link in store.links(kind="plan", status="live")})
    told = f"{file}, {size / 1e6:.1f} MB, {count(groups, 'linked group')}, {count(plans, 'linked plan')}"
    return [Line("store", "ok", told)], store


def _looked_at(lines: Iterator[Line]) -> Iterator[Line]:
    """Give lines as far as there is the right to look; then what was refused."""
    try:
        yield from lines
    except OSError as error:
        known = explained(error)
        if known is None:
            raise
        yield Line("state folder", "wrong", str(known), known.hint)


def _folders(session: Session, store: Store | None) -> Iterator[Line]:
    """Look at the review folder, the locks, the service and the disk."""
    state = session.state
    yield _private(state)
    review = state / "review"
    yield _writable("review folder", review if review.exists() else state)
    wrong = [str(error) for error in refused(store, session.review, time.time())] if store is not None else []
    wrong = wrong or [
        file.name.removesuffix(ERROR_SUFFIX) for file in sorted(review.glob(f"pending/**/*{ERROR_SUFFIX}"))
    ]
    if wrong:
        told = _some(wrong, between="; ")
        hint = "Correct them and save the files; `syncd review list` names them."
        yield Line("review files", "wrong", f"cannot be used as they are: {told}", hint)
    yield _writable("locks", state / "locks" if (state / "locks").exists() else state)
    yield _service(state / "locks" / "service.lock", store)
    free = shutil.disk_usage(state).free
    enough = free >= _FREE_BYTES
    hint = "" if enough else "Make room: without it nothing can be stored, so nothing is written."
    yield _found("disk", f"{free / 1e9:.1f} GB free at {state}", hint, ok=enough)


def _private(state: Path) -> Line:
    """Say whether anybody else may look into what holds clients' plans; folders are put right when syncd opens them."""
    found = [f"{path} (mode {mode})" for path in (state, *state.rglob("*")) if (mode := private.loose(path))]
    if not found:
        return Line("privacy", "ok", "nobody else may look into the state folder")
    return Line("privacy", "wrong", f"others may use {_some(found)}", f"Run `chmod -R go= {state}`.")


def _writable(what: str, folder: Path) -> Line:
    well = os.access(folder, os.R_OK | os.W_OK | os.X_OK)
    return _found(what, str(folder), "" if well else "Let the user that runs syncd read and write it.", ok=well)


def _writes(session: Session, store: Store | None) -> Iterator[Line]:
    """Say so, where no system takes anything."""
    reasons = writable.nowhere(session.config, store) if store is not None else {}
    if reasons:
        yield Line("writes", "note", writable.sentence(reasons), writable.HINT)


def _service(lock: Path, store: Store | None) -> Line:
    """Say whether `syncd run` is running, and when a group was run last."""
    last = next(iter(store.runs(limit=1)), None) if store is not None else None
    ran = f"last run {when(last.started_at)}: {last.result or 'not ended'}" if last is not None else "no run yet"
    running = False
    if lock.exists():
        try:
            with FileLock(lock, timeout=0):
                pass
        except Timeout:
            running = True
    if running:
        return Line("service", "ok", f"running; {ran}")
    return Line("service", "note", f"not running; {ran}", "`syncd run` keeps everything in step; or run `syncd sync`.")
