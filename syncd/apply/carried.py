"""Carried: what each system carried when a group's links were last looked at, and what came since.

A mapping row that is new or reads otherwise, and a row, section or right that is back, move no value by themselves: the
members of that system become newcomers there, before anything of the group is decided (`reconcile/regained.py`). Takes
the lenses and rights as they are now, writes to the store alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from syncd.apply.world import LiveSystem, World
from syncd.connectors.base import Access
from syncd.mapping.lens import Lens
from syncd.model import paths
from syncd.model.records import Kind
from syncd.model.values import EMPTY
from syncd.reconcile.regained import Came, met_anew
from syncd.reconcile.types import AllSurfaces, Link, System
from syncd.store.rows import HistoryRow

AREA = "carried"
"""Area of the store: scope -> `system|kind` -> the mapping and the hidden sections under which its bases stand, and the
rows that were there before."""
ROWS = "rows"
"""Area of the store: `system|kind|digest of a lens` -> its rows with their digests."""
LISTED = "hidden"
"""Area of the store: `system|kind` -> what was hidden when its records were last listed whole."""


def surfaces(world: World) -> AllSurfaces:
    """Give what every system can take now; what was hidden when its records were listed is not carried yet."""
    return AllSurfaces(
        {
            (name, kind): system.surface(kind, _hidden(name, kind, system, world))
            for name, system in world.systems.items()
            for kind in system.lenses
        }
    )


def listed(name: System, kind: Kind, access: Access, world: World) -> None:
    """Note what was hidden when the records of a kind were listed whole."""
    world.store.put(LISTED, f"{name}|{kind}", sorted(access.unreadable))


def meet(scope: str, world: World) -> None:
    """Make newcomers of the members whose systems carry more than before, or read it otherwise."""
    store = world.store
    before: dict[str, Any] = store.get(AREA, scope) or {}
    now: dict[str, Any] = {}
    rows: dict[str, Mapping[str, str]] = {}
    came: dict[tuple[System, Kind], Came] = {}
    for name, system in world.systems.items():
        for kind, lens in system.lenses.items():
            key, hidden = f"{name}|{kind}", _hidden(name, kind, system, world)
            known = before.get(key)
            if known is not None and (known["lens"], known["hidden"]) == (lens.digest, hidden):
                continue
            now[key] = entry = {"lens": lens.digest, "hidden": hidden, "left": {}}
            rows[f"{key}|{lens.digest}"] = dict(lens.row_digests)
            if known is not None and (found := _came(key, lens, known, entry, world)) is not None:
                came[name, kind] = found
    if not now:
        return
    with store.transaction():
        store.put_all(ROWS, rows)
        store.put(AREA, scope, before | now)
        if came:
            _meet(scope, came, world)


def _hidden(name: System, kind: Kind, system: LiveSystem, world: World) -> list[str]:
    access = system.access or Access("")
    return sorted({*access.unreadable, *(world.store.get(LISTED, f"{name}|{kind}") or ())})


def _came(key: str, lens: Lens, known: Mapping[str, Any], entry: dict[str, Any], world: World) -> Came | None:
    """Compare what was carried with what is carried now, and remember the rows that left."""
    old, new = _rows(key, lens, known, world), lens.row_digests
    entry["left"] = {row: digest for row, digest in {**known["left"], **old}.items() if row not in new}
    fresh = {row for row, digest in new.items() if old.get(row) != digest}
    otherwise = {row for row in fresh if known["left"].get(row) != new[row]}
    visible = {one for one in known["hidden"] if not any(paths.under(one, prefix) for prefix in entry["hidden"])}
    if not fresh and not visible:
        return None
    return Came(frozenset(fresh | visible), lambda path: lens.row_of(path) in otherwise)


def _rows(key: str, lens: Lens, known: Mapping[str, Any], world: World) -> Mapping[str, str]:
    if known["lens"] == lens.digest:
        return lens.row_digests
    return world.store.get(ROWS, f"{key}|{known['lens']}") or {}


def _meet(scope: str, came: Mapping[tuple[System, Kind], Came], world: World) -> None:
    links: list[Link] = []
    history: list[HistoryRow] = []
    for link in world.store.links(scope, status=None):
        after = link
        for (system, kind), one in came.items() if link.status != "unlinked" else ():
            if kind == link.kind:
                after = met_anew(after, system, one)
        if after is not link:
            links.append(after)
            history += _told(link, after, came, world.now())
    world.store.save_links(links, history)


def _told(link: Link, after: Link, came: Mapping[tuple[System, Kind], Came], now: float) -> Iterator[HistoryRow]:
    """Say in the history of a link where its members start anew, and why."""
    for old, member in zip(link.members, after.members, strict=True):
        if member != old:
            rows = ", ".join(sorted(came[member.system, link.kind].entries)) or "everything"
            what: dict[str, tuple[object, object]] = {"": (EMPTY, f"{member.system} carries anew: {rows}")}
            yield HistoryRow("", now, "decided", link.id, "", link.kind, "", what, who=f"mapping of {member.system}")
