"""Guards: what a changeset or a listing must not be without a person's word.

Each guard is one file and one row of a table here. A guard is given plain evidence and returns what it lets through,
never raises, and asks with its evidence. It stands after deciding and before the first write; what it holds back stays
owed, so nothing is lost by it. The same input gives the same verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from syncd.reconcile.guards import (
    delete,
    empty_side,
    identity_epoch,
    permission,
    scope,
    shrunken_side,
    too_many_changes,
)
from syncd.reconcile.guards.base import Evidence, Limits, Sighting, Trip, Twin, Verdict
from syncd.reconcile.types import Changeset, Decided

CHANGESET_GUARDS: Mapping[str, Callable[[Changeset, Evidence, Limits, Mapping[str, Decided]], Verdict]] = {
    "delete": delete.check,
    "empty-side": empty_side.check_sections,
    "too-many-changes": too_many_changes.check,
}
"""Guards over what was decided for one group, in the order in which they look at it."""

LISTING_GUARDS: Mapping[str, Callable[[Sighting, Limits], Trip | None]] = {
    "scope": scope.check,
    "permission": permission.check,
    "identity-epoch": identity_epoch.check,
    "empty-side": empty_side.check,
    "shrunken-side": shrunken_side.check,
}
"""Guards over one complete listing of one system."""

NAMES = tuple(dict.fromkeys((*LISTING_GUARDS, *CHANGESET_GUARDS)))


def guard(
    changeset: Changeset,
    evidence: Evidence,
    limits: Limits,
    approvals: Mapping[str, Decided],
    force: Collection[str] = (),
) -> Changeset:
    """Narrow a changeset to what every guard lets through. `approvals`: unused answers to guard questions, by name."""
    for name, check in CHANGESET_GUARDS.items():
        if name not in force:
            changeset = check(changeset, evidence, limits, approvals).changeset
    return changeset


def judge(sighting: Sighting, limits: Limits, force: Collection[str] = ()) -> Trip | None:
    """Judge a listing: the first guard that trips, or None."""
    trips = (check(sighting, limits) for name, check in LISTING_GUARDS.items() if name not in force)
    return next((trip for trip in trips if trip is not None), None)


__all__ = ["NAMES", "Evidence", "Limits", "Sighting", "Trip", "Twin", "Verdict", "guard", "judge"]
