"""permission: the account reads less than before, so fields that look empty are only hidden."""

from __future__ import annotations

from syncd.reconcile.guards.base import Limits, Sighting, Trip, trip

NAME = "permission"


def check(sighting: Sighting, limits: Limits) -> Trip | None:
    """Trip when a part that was readable at the last good listing is not readable any more."""
    if NAME in limits.off or not sighting.last_fingerprint:
        return None
    hidden = sorted(sighting.unreadable.keys() - sighting.last_unreadable.keys())
    if not hidden:
        return None
    why = f"{sighting.system} no longer shows {', '.join(hidden)} to this account"
    return trip(NAME, sighting, why, *(f"{prefix}: {sighting.unreadable[prefix]}" for prefix in hidden))
