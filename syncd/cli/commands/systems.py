"""`syncd systems`: what is configured, whose contract it speaks, whether it answers, what it can take and why not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from syncd.cli.out import age, count, joined, print_json, say, short, styled, table, when
from syncd.cli.run import OK, PARTIAL
from syncd.connectors import registry
from syncd.connectors.base import Directory, Examined, Feed, Needing, Notebook
from syncd.errors import ConnectorError
from syncd.mapping.coverage import section_of
from syncd.mapping.show import show as sync_map
from syncd.model import paths

if TYPE_CHECKING:
    from syncd.apply.world import LiveSystem, World
    from syncd.cli.session import Session

THE_VENDORS: Final = "the vendor's own"
"""Whose contract a connector speaks, unless its module says otherwise (`CONTRACT`)."""


def run(session: Session) -> int:
    """Show every system."""
    return asyncio.run(_run(session))


async def _run(session: Session) -> int:
    async with session.world() as world:
        found = [await _describe(session, world, name) for name in sorted(world.systems)]
        code = PARTIAL if any(one["error"] for one in found) else OK
        if session.json:
            print_json({"command": "systems", "systems": found, "exit": code})
            return code
        if not found:
            say(
                f"No system is configured in {session.config.file}.",
                "Take the # from its examples, or see `syncd init`.",
            )
            return code
        _print(found, world.now())
    return code


async def _describe(session: Session, world: World, name: str) -> dict[str, Any]:
    live, said = world.systems[name], session.config.systems[name]
    error = ""
    try:
        live.access = await live.connector.access()
    except ConnectorError as problem:
        error = str(problem)
    folders = [session.config.at(folder) for folder in session.config.connectors_path]
    module = registry.find(said.connector, connectors_path=folders)
    listings = {kind: world.store.listing(name, kind) for kind in live.lenses}
    return {
        "system": name,
        "connector": said.connector,
        "about": (module.__doc__ or "").strip().split("\n")[0],
        "contract": str(getattr(module, "CONTRACT", THE_VENDORS)),
        "mapping": said.mapping or name,
        "writes": said.writes,
        "paused": world.pauses("").get(name, "") if not live.writes_off else "",
        "error": error,
        "conditional": live.access.conditional if live.access else None,
        "marker": live.access.marker if live.access else None,
        "create": live.access.create if live.access else None,
        "can": _can(session, name, live),
        "sections": _sections(session, name, live),
        "observed_by": _observed_by(live),
        "notes": isinstance(live.connector, Notebook),
        "directory": isinstance(live.connector, Directory),
        "asks_before_create": isinstance(live.connector, Needing),
        "examined": isinstance(live.connector, Examined),
        "listings": {
            kind: None
            if one is None
            else {
                "at": one.at,
                "good_at": one.good_at,
                "count": one.count,
                "complete": one.complete,
                "error": one.error,
                "guard": one.tripped,
            }
            for kind, one in listings.items()
        },
    }


def _can(session: Session, name: str, live: LiveSystem) -> dict[str, str]:
    """Tell, for each kind and section, RW, R or -; rights of the account narrow what the mapping says."""
    from syncd.assemble import load_mapping

    found: dict[str, str] = {}
    for row in sync_map(load_mapping(session.config, name)):
        key = "group" if row.kind == "group" else paths.section(row.path.replace("[]", "[x]"))
        update = row.direction == "both" and (live.access is None or live.access.update)
        found[key] = "RW" if update or found.get(key) == "RW" else "R"
    return found


def _observed_by(live: LiveSystem) -> str:
    by_group = live.access is not None and live.access.by_group
    listing = "listing group by group" if by_group else "listing"
    return f"feed, and {listing} once a day" if isinstance(live.connector, Feed) else listing


def _sections(session: Session, name: str, live: LiveSystem) -> dict[str, dict[str, Any]]:
    """Count what is carried and written of each section, with the reasons for what is not. What cannot be written is
    handed to a person; rights of the account narrow what the mapping says."""
    from syncd.assemble import load_mapping

    found: dict[str, dict[str, Any]] = {}
    for row in sync_map(load_mapping(session.config, name)):
        if row.path.endswith(">"):
            continue  # it tells sets apart
        key = "group" if row.kind == "group" else section_of(row)
        one = found.setdefault(key, {"carried": 0, "written": 0, "reasons": {}})
        hidden, why = _rights(row.path.replace("[]", "[x]"), live)
        if hidden:
            one["reasons"].setdefault(f"hidden: {hidden}", []).append(row.path)
            continue
        one["carried"] += 1
        reason = "" if row.direction == "create" else row.reason or why
        if reason:
            one["reasons"].setdefault(reason, []).append(row.path)
        else:
            one["written"] += 1
    return found


def _rights(path: str, live: LiveSystem) -> tuple[str, str]:
    """Say why the account does not see a field, and why it does not change it; "" when it does."""
    access = live.access
    if access is None:
        return "", ""
    hidden = next((why for prefix, why in access.unreadable.items() if paths.under(path, prefix)), "")
    barred = next((why for prefix, why in access.unwritable.items() if paths.under(path, prefix)), "")
    return hidden, barred or ("" if access.update else "the account changes nothing")


def _print(found: list[dict[str, Any]], now: float) -> None:
    keys = ("group", *paths.SECTIONS)
    rows = [
        (one["system"], one["connector"], _writes(one), *(one["can"].get(key, "-") for key in keys), _seen(one, now))
        for one in found
    ]
    say(*table(rows, ("system", "connector", "writes", "groups", *paths.SECTIONS, "last read")))
    for one in found:
        say("", *_details(one))


def _details(one: Mapping[str, Any]) -> Iterator[str]:
    """Tell of one system what the table has no room for."""
    yield styled(one["system"], "bold") + f"  {one['about']}"
    if one["error"]:
        yield styled(f"  {one['error']}", "red")
    yield f"  contract: {one['contract']}"
    yield f"  observed by {one['observed_by']}"
    more = [
        *(["its groups are searched by `syncd import`"] if one["directory"] else []),
        *(["asks about a group before its first new plan"] if one["asks_before_create"] else []),
        *(["hand-offs are left there as notes"] if one["notes"] else []),
    ]
    if more:
        yield f"  {'; '.join(more)}"
    for section, said in one["sections"].items():
        yield from _section(section, said)
    if one["conditional"] is not None:
        yield (
            "  protected: a write is refused when the record moved since it was read"
            if one["conditional"]
            else f"  {one['system']}: unprotected: without conditional writes an edit made meanwhile may be lost."
        )
    if one["marker"] is False and one["create"]:
        yield f"  {one['system']}: creates carry no marker; one whose reply was lost is asked about."


def _section(section: str, said: Mapping[str, Any]) -> Iterator[str]:
    """Count a section, and say why a part of it is not written: then a person is handed the values."""
    yield f"  {section:<13} {said['written']} of {count(said['carried'], 'field')} written"
    for why, fields in said["reasons"].items():
        named = short(", ".join(fields), 60) if len(fields) < said["carried"] else "all"
        yield styled(f"    not {named}: {why}", "dim")


def _writes(one: Mapping[str, Any]) -> str:
    return f"{one['writes']} (paused)" if one["paused"] else str(one["writes"])


def _seen(one: Mapping[str, Any], now: float) -> str:
    listings = [each for each in one["listings"].values() if each is not None]
    if not listings:
        return "never"
    said = joined([f"{each['count']} {kind}s" for kind, each in one["listings"].items() if each is not None])
    problem = next(
        (each["error"] or f"guard {each['guard']}" for each in listings if each["error"] or each["guard"]), ""
    )
    at = min(each["at"] for each in listings)
    return f"{when(at)} ({age(now - at)} ago): {problem or said}"


def connectors(session: Session) -> int:
    """List the connectors there are."""
    folders = [session.config.at(folder) for folder in session.config.connectors_path]
    names = registry.available(connectors_path=folders)
    if session.json:
        print_json({"command": "systems --connectors", "connectors": list(names)})
        return OK
    rows = [
        (name, (registry.find(name, connectors_path=folders).__doc__ or "").strip().split("\n")[0]) for name in names
    ]
    say(*table(rows, ("connector", "about")))
    return OK
