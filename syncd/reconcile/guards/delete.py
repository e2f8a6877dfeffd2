"""delete: no record is ended without a decision that names it. No path of the program plans such an end; this guard
makes sure that none ever slips through."""

from __future__ import annotations

from collections.abc import Mapping

from syncd.reconcile.guards.base import Evidence, Limits, Verdict, hold_back
from syncd.reconcile.types import Change, Changeset, Decided, Operation

NAME = "delete"


def check(changeset: Changeset, _evidence: Evidence, _limits: Limits, approvals: Mapping[str, Decided]) -> Verdict:
    """Hold back ends that no decision of a person used in this changeset asks for."""
    decided = {answer for outcome in changeset.outcomes for answer in outcome.used}

    def undecided(write: Change | Operation) -> bool:
        return (
            isinstance(write, Operation) and write.op == "end" and write.reason.removeprefix("decision ") not in decided
        )

    ends = any(outcome.operations for outcome in changeset.outcomes)
    why = "a record would be ended that no decision names"
    return hold_back(changeset, NAME, why, undecided, approvals, suspects=ends)
