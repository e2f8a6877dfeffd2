"""`syncd systems`: what is configured, whether it answers, what it can take."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from syncd.cli.out import age, joined, print_json, say, styled, table, when
from syncd.cli.run import OK, PARTIAL
from syncd.connectors import registry
from syncd.errors import ConnectorError
from syncd.mapping.show import show as sync_map
from syncd.model import paths

if TYPE_CHECKING:
    from syncd.apply.world import LiveSystem, World
    from syncd.cli.session import Session


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
        "mapping": said.mapping or name,
        "writes": said.writes,
        "paused": world.pauses("").get(name, "") if not live.writes_off else "",
        "error": error,
        "conditional": live.access.conditional if live.access else None,
        "marker": live.access.marker if live.access else None,
        "create": live.access.create if live.access else None,
        "can": _can(session, name, live),
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


def _print(found: list[dict[str, Any]], now: float) -> None:
    keys = ("group", *paths.SECTIONS)
    rows = [
        (one["system"], one["connector"], _writes(one), *(one["can"].get(key, "-") for key in keys), _seen(one, now))
        for one in found
    ]
    say(*table(rows, ("system", "connector", "writes", "groups", *paths.SECTIONS, "last read")))
    for one in found:
        if one["error"]:
            say(styled(f"{one['system']}: {one['error']}", "red"))
        if one["conditional"] is False:
            say(f"{one['system']}: unprotected: without conditional writes an edit made meanwhile may be lost.")
        if one["marker"] is False and one["create"]:
            say(f"{one['system']}: creates carry no marker; one whose reply was lost is asked about.")


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
