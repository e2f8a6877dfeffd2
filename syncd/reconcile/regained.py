"""Regained: what members hold in fields that their systems carry again, or under a new mapping row. Pure.

While a system does not carry a field (its mapping row, its section or the right to see it is gone, or this record has
no place for it) the member keeps its base there: what it held when it lost the field. When the field is back the member
is a newcomer, unless it still holds just that: then it merely missed what was decided meanwhile, and is owed it. Under
a row that reads otherwise an old base means nothing, so it is dropped, and the member is a newcomer in any case.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from syncd.model import paths
from syncd.model.records import Kind
from syncd.model.values import EMPTY
from syncd.reconcile.types import Link, Member, Owed, Seen, Sight, Surface, System

MISSED = "its system did not carry the field when this was decided"


@dataclass(frozen=True, slots=True)
class Came:
    """What a system did not carry, or read otherwise, when its links were last looked at.

    `entries`: rows of its mapping and path prefixes, as `Member.unseen` takes them. `otherwise`: tells of a path
    whether its row is new or reads otherwise, so that an old base means nothing.
    """

    entries: frozenset[str]
    otherwise: Callable[[str], bool]


def met_anew(link: Link, system: System, came: Came) -> Link:
    """Make a member a newcomer in what came, until it is seen; the same link where it is one anyway."""
    members = tuple(
        _met_anew(member, came) if member.system == system and member.status != "awaited" else member
        for member in link.members
    )
    return link if members == link.members else replace(link, members=members, settled=b"")


def _met_anew(member: Member, came: Came) -> Member:
    base = {path: value for path, value in member.base.items() if not came.otherwise(path)}
    if "" in member.unseen and not base:
        return member  # a newcomer in everything
    return replace(member, base=base, unseen=member.unseen | came.entries, settled=b"")


def regained(link: Link, sights: Mapping[System, Sight], surfaces: Mapping[tuple[System, Kind], Surface]) -> Link:
    """Say path by path where members that were read are newcomers, and what those are owed that lost a field for a
    while and hold what they held."""
    if not any(member.unseen for member in link.members):
        return link
    everything = {*link.agreed}
    for member in link.members:
        sight = sights.get(member.system)
        everything.update(member.base, member.behind, sight.flat if isinstance(sight, Seen) else ())
    members = [_regained(member, link, everything, sights.get(member.system), surfaces) for member in link.members]
    return link.moved(link.agreed, tuple(members), link.revision, link.accepted)


def _regained(
    member: Member,
    link: Link,
    everything: Collection[str],
    sight: Sight | None,
    surfaces: Mapping[tuple[System, Kind], Surface],
) -> Member:
    if not (member.unseen and isinstance(sight, Seen)) or ("" in member.unseen and not member.base):
        return member
    surface = surfaces[member.system, link.kind]
    base, behind, unseen = member.base, dict(member.behind), set()
    for path in (one for one in everything if _is_unseen(one, member.unseen, surface)):
        absent = not surface.carries(path) or path in sight.lacks
        if absent or path not in base or sight.flat.get(path, EMPTY) != base[path]:
            unseen.add(path)
        elif link.agreed.get(path, EMPTY) != base[path]:
            behind.setdefault(path, Owed(link.revision, why=MISSED))
    return member.moved(base, frozenset(unseen), behind)


def _is_unseen(path: str, unseen: Collection[str], surface: Surface) -> bool:
    """Tell whether a path is one of those, below one, or held by a mapping row that is one."""
    return any(paths.under(path, one) for one in unseen) or surface.row_of(path) in unseen


def lost(member: Member, sight: Sight | None, surface: Surface, agreed: Collection[str]) -> set[str]:
    """Name the paths of a member that was read which it has no place for now: should it have one again, it is a
    newcomer there."""
    if not isinstance(sight, Seen):
        return set()
    known = member.base.keys() | member.behind.keys()
    gone = {path for path in known - sight.flat.keys() if not surface.carries(path)}
    return gone | {path for path in sight.lacks if path in known or path in agreed}
