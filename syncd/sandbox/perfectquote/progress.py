"""Where a group's renewal stands (PerfectQuote's group workflow dashboard, as its help centre documents it)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

NOTICE = timedelta(days=30)
"""Plans are late when they are not confirmed this long before the renewal (documented)."""

_PLACES = {"confirmed": "confirmed", "presentation": "presentation", "explorer": "explorer"}


def renewal_estimated(plans: Sequence[dict[str, Any]]) -> dict[str, str] | None:
    """Estimate the renewal from the newest plan: confirmed ones first, else those presented, else all (documented)."""
    for stage, place in _PLACES.items():
        days = [plan["effective_date"] for plan in plans if plan["stage"] == stage]
        if days:
            return {"date": max(days), "from": place}
    return None


def workflow(
    next_renewal_date: str | None, plans: Sequence[dict[str, Any]], rfps: Sequence[dict[str, Any]], today: date
) -> dict[str, Any]:
    """Tell the status and whether it is late."""
    stages = {plan["stage"] for plan in plans}
    if "confirmed" in stages:
        return {"status": "confirmed", "late": False}
    status = "presenting" if "presentation" in stages else "quoting" if plans or rfps else "not_started"
    estimate = renewal_estimated(plans)
    renewal = next_renewal_date or (estimate["date"] if estimate else None)
    late = renewal is not None and today > date.fromisoformat(renewal) - NOTICE
    return {"status": status, "late": late}
