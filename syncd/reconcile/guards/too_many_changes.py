"""too-many-changes: a run that would write to an unusual share of a group, or to a system too often within an hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from syncd.reconcile.guards.base import Evidence, Limits, Verdict, hold_back, writes_of
from syncd.reconcile.types import Changeset, Decided

NAME = "too-many-changes"
FEW = 4
"""So many plans of a client at once are a day's work, however small it is; half of eight are looked at."""


def check(changeset: Changeset, evidence: Evidence, limits: Limits, approvals: Mapping[str, Decided]) -> Verdict:
    """Hold back every write of the group when the limits are reached; by the hour, those to the busy system."""
    limit = limits.of(NAME)
    if limit is None:
        return Verdict(changeset)
    writes = list(writes_of(changeset))
    touched = {write.link for write in writes}
    if limit.reached(len(touched), evidence.known, FEW):
        why = f"{len(touched)} of {evidence.known} plans of the group would be written in one run"
        return hold_back(changeset, NAME, why, lambda _: True, approvals)
    records = Counter(system for _, system in {(write.link, write.system) for write in writes})
    busy = {
        system: evidence.written_this_hour.get(system, 0) + count
        for system, count in records.items()
        if limit.hourly is not None and evidence.written_this_hour.get(system, 0) + count > limit.hourly
    }
    if not busy:
        return Verdict(changeset)
    told = ", ".join(f"{system} would take {count} writes" for system, count in sorted(busy.items()))
    why = f"{told} within an hour; the limit is {limit.hourly}"
    return hold_back(changeset, NAME, why, lambda write: write.system in busy, approvals)
