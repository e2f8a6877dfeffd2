"""shrunken-side: a complete listing that lacks an unusual share of the known records."""

from __future__ import annotations

from syncd.reconcile.guards.base import Limits, Sighting, Trip, trip

NAME = "shrunken-side"
FEW = 2
"""One record that is gone is asked about by its link; two of four are more likely half a listing."""


def check(sighting: Sighting, limits: Limits) -> Trip | None:
    """Trip when the known records that are missing reach share and count."""
    limit = limits.of(NAME)
    missing = len(sighting.missing)
    if limit is None or not limit.reached(missing, sighting.known, FEW):
        return None
    why = f"{sighting.system} lacks {missing} of {sighting.known} known {sighting.kind} records"
    return trip(NAME, sighting, why, *sorted(sighting.missing))
