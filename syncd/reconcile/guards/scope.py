"""scope: address, tenant or filter of a system changed, so its listing is of another world."""

from __future__ import annotations

from syncd.reconcile.guards.base import Limits, Sighting, Trip, trip

NAME = "scope"


def check(sighting: Sighting, limits: Limits) -> Trip | None:
    """Trip when the fingerprint is not the one of the last good listing."""
    if NAME in limits.off or sighting.last_fingerprint in ("", sighting.fingerprint):
        return None
    why = f"{sighting.system} is reached under another address, tenant or filter than at the last good listing"
    return trip(NAME, sighting, why, f"was {sighting.last_fingerprint}", f"is {sighting.fingerprint}")
