"""empty-side: a system, or a whole section of a plan, that is suddenly empty is more likely broken than cleared."""

from __future__ import annotations

from collections.abc import Mapping

from syncd.model import paths
from syncd.model.values import EMPTY
from syncd.reconcile.guards.base import Evidence, Limits, Sighting, Trip, Verdict, hold_back, trip
from syncd.reconcile.types import Change, Changeset, Decided, Link, Operation

NAME = "empty-side"
_FIELDS_OF_A_SECTION = 2
"""A section of a single field that is cleared is a cleared field, not an emptied section."""


def check(sighting: Sighting, limits: Limits) -> Trip | None:
    """Trip on a complete listing of nothing though records are known."""
    if NAME in limits.off or sighting.listed or not sighting.known:
        return None
    why = f"{sighting.system} lists no {sighting.kind} at all; {sighting.known} are known"
    return trip(NAME, sighting, why, *sighting.missing[:20])


def check_sections(
    changeset: Changeset, _evidence: Evidence, limits: Limits, approvals: Mapping[str, Decided]
) -> Verdict:
    """Hold back the writes that would clear a whole section of a plan."""
    if NAME in limits.off:
        return Verdict(changeset)
    emptied = {
        (outcome.after.id, section)
        for outcome in changeset.outcomes
        if EMPTY in [change.new for change in outcome.changes]
        for section in _emptied(outcome.before, outcome.after)
    }

    def clears(write: Change | Operation) -> bool:
        return (
            isinstance(write, Change)
            and write.new is EMPTY
            and not write.reason.startswith("decision ")
            and (write.link, paths.section(write.path)) in emptied
        )

    why = "a whole section of a plan was cleared in one system"
    return hold_back(changeset, NAME, why, clears, approvals, suspects=bool(emptied))


def _emptied(before: Link, after: Link) -> set[str]:
    """Name the sections in which nothing is agreed any more though several fields were, or are still owed."""
    held: dict[str, int] = {}
    owed = {path for member in after.members for path in member.behind if path and path not in after.agreed}
    for path in {*before.agreed, *owed}:
        section = paths.section(path)
        if section in paths.SECTIONS:
            held[section] = held.get(section, 0) + 1
    left = {paths.section(path) for path in after.agreed}
    return {section for section, count in held.items() if count >= _FIELDS_OF_A_SECTION and section not in left}
