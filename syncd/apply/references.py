"""Translate what only means something inside one system, when a record is created in another.

A field such as the plan before this one holds a system's own id of a record. It is never compared across systems; a new
record gets the id that the same plan has there, found over the links. Reads only.
"""

from __future__ import annotations

from syncd.apply.world import World
from syncd.model.fields import local_paths
from syncd.model.values import EMPTY, Flat
from syncd.reconcile.originate import LINK
from syncd.reconcile.types import Link, System


def translated(link: Link, system: System, world: World) -> tuple[Flat, tuple[str, ...]]:
    """Give the references that a new record of a link gets in a system, and in words those that had to be left out."""
    found: Flat = {}
    left_out: list[str] = []
    for path in sorted(local_paths(link.kind)):
        named = _named(path, link, world)
        ids = {_id_in(system, one) for one in named.values()}
        if not named or not world.systems[system].surface(link.kind).carries(path):
            continue
        if len(ids) == 1 and (known := ids.pop()) is not None:
            found[path] = known
        else:
            told = ", ".join(sorted(named))
            why = "has no record" if len(ids) <= 1 else "is not one plan"
            left_out.append(f"{path} is left out: {told} {why} in {system}")
    return found, tuple(left_out)


def _named(path: str, link: Link, world: World) -> dict[str, Link | None]:
    """Find the plans that a link names: by its agreed value where that is a link, else by what its records say."""
    agreed = link.agreed.get(path, EMPTY)
    if isinstance(agreed, str) and agreed.startswith(LINK):
        other = world.store.link(agreed.removeprefix(LINK))
        return {f"“{other.label}”" if other is not None else agreed: other}
    named: dict[str, Link | None] = {}
    for member in link.members:
        if member.status != "live":
            continue
        snapshot = world.store.snapshots(member.system, link.kind, [member.id]).get(member.id)
        said = snapshot.flat.get(path, EMPTY) if snapshot is not None else EMPTY
        if isinstance(said, str) and said.strip():
            other = world.store.find_link(member.system, link.kind, said.strip())
            named[f"{said.strip()} of {member.system}"] = other
    return named


def _id_in(system: System, link: Link | None) -> str | None:
    """Give the id of a linked plan in a system, None when it has none there."""
    members = link.members if link is not None else ()
    return next((one.id for one in members if one.system == system and one.status == "live"), None)
