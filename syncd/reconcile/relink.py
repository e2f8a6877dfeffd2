"""Relink: start a link anew, let a record join one, say what linking would overwrite. Pure.

A link that starts anew forgets what its members were confirmed to hold: equal values adopt silently, differing ones are
asked, unless a winner is named whose values count everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from syncd.model import paths
from syncd.model.fields import uncompared_paths
from syncd.model.records import Kind
from syncd.model.values import EMPTY, Value
from syncd.reconcile.adopt import new_link
from syncd.reconcile.types import Link, Member, Owed, Seen, Sight, Stray, Surface, System

Surfaces = Mapping[tuple[System, Kind], Surface]
NEWCOMER = frozenset({""})


def forgotten(link: Link) -> Link:
    """Forget the bases of all live members; what was agreed stays agreed until they say otherwise."""
    members = tuple(_newcomer(member) if member.status == "live" else member for member in link.members)
    return replace(link, members=members, settled=b"")


def _newcomer(member: Member) -> Member:
    return replace(member, base={}, unseen=NEWCOMER, behind={}, own_stamp=None, settled=b"")


def restarted(
    link: Link, sights: Mapping[System, Sight], surfaces: Surfaces, winner: System, *, blanks: str = "keep"
) -> Link | None:
    """Start a link anew from what one member holds. None when the winner is no live member or was not read."""
    seen = [
        (member, sight)
        for member in link.members
        if member.status == "live" and isinstance(sight := sights.get(member.system), Seen)
    ]
    if winner not in {member.system for member, _ in seen}:
        return None
    records = [Stray(member.system, link.kind, member.id, link.label, sight) for member, sight in seen]
    fresh = new_link(link.scope, records, {"all": winner}, surfaces, blanks=blanks)
    revision = link.revision + 1
    started = {member.system: _owed_since(member, revision, winner) for member in fresh.members}
    members = tuple(
        started.get(member.system) or (_newcomer(member) if member.status == "live" else member)
        for member in link.members
    )
    # What the winner does not carry it cannot decide: that stays as it was agreed, and is compared anew.
    carries, lacks = surfaces[winner, link.kind].carries, next(s.lacks for m, s in seen if m.system == winner)
    kept = {path: value for path, value in link.agreed.items() if path in lacks or not carries(path)}
    return replace(link, agreed=kept | fresh.agreed, members=members, revision=revision, settled=b"")


def _owed_since(member: Member, revision: int, winner: System) -> Member:
    behind = {path: Owed(revision, why=f"resync: {winner} wins") for path in member.behind}
    return replace(member, behind=behind)


def newcomer(system: System, record_id: str) -> Member:
    """Give a record that becomes a member: it has no base, so it may agree or ask and never wins."""
    return Member(system, record_id, {}, unseen=NEWCOMER)


def joined(link: Link, stray: Stray, surfaces: Surfaces, *, wins: bool = False, blanks: str = "keep") -> Link:
    """Let a record join a link: it may agree or ask and never wins, unless the decision says that its values count."""
    members = (*link.members, newcomer(stray.system, stray.id))
    link = replace(link, members=members, settled=b"", status="live")
    if not wins:
        return link
    # The others' sight is what they were last confirmed to hold: the next run compares it with what they hold then.
    sights: dict[System, Sight] = {
        member.system: Seen(dict(member.base), b"")
        for member in link.members
        if member.status == "live" and (member.system, link.kind) in surfaces
    }
    sights[stray.system] = stray.seen
    return restarted(link, sights, surfaces, stray.system, blanks=blanks) or link


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that two records hold differently. `refusals`: system -> why it could not be written there."""

    path: str
    values: Mapping[System, Value]
    refusals: Mapping[System, str]


def differences(one: Stray, other: Stray, surfaces: Surfaces) -> dict[str, list[Difference]]:
    """Give what two records hold differently, by section: what linking them would overwrite, one way or the other."""
    mine, theirs = surfaces[one.system, one.kind], surfaces[other.system, other.kind]
    found: dict[str, list[Difference]] = {}
    for path in sorted({*one.seen.flat, *other.seen.flat} - uncompared_paths(one.kind)):
        if not (mine.carries(path) and theirs.carries(path)) or path in one.seen.lacks | other.seen.lacks:
            continue
        left, right = one.seen.flat.get(path, EMPTY), other.seen.flat.get(path, EMPTY)
        if left == right or mine.nearest(path, right) == left or theirs.nearest(path, left) == right:
            continue
        refusals = {
            system: why
            for system, surface in ((one.system, mine), (other.system, theirs))
            if (why := surface.unwritable(path)) is not None
        }
        held = {one.system: left, other.system: right}
        found.setdefault(paths.section(path), []).append(Difference(path, held, refusals))
    return found
