"""What whoever is on call asks first: does the service run, when is the next run, what failed last, what waits longest.

Looks into the store and at one lock; changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from syncd.cli.out import styled, when, when_exact
from syncd.cli.preview import KINDS
from syncd.service.engine import slot_of
from syncd.text.show import age, ago

if TYPE_CHECKING:
    from syncd.store.store import Store

_AREA, _RELOAD = "service", "reload_refused"


def runs(state: Path) -> bool:
    """Tell whether `syncd run` runs on this state folder."""
    lock = state / "locks" / "service.lock"
    if not lock.exists():
        return False
    try:
        with FileLock(lock, timeout=0):
            return False
    except Timeout:
        return True


def describe(
    store: Store, state: Path, systems: Iterable[str], groups: Sequence[str], period_s: float, now: float
) -> dict[str, Any]:
    """Tell it for programs."""
    running = runs(state)
    listings = [one for name in systems for kind in KINDS if (one := store.listing(name, kind)) is not None]
    oldest = next(iter(store.questions()), None)
    next_at = min((_next(group, period_s, now) for group in groups), default=None) if running else None
    return {
        "running": running,
        "next_run": when_exact(next_at) if next_at is not None else None,
        "next_run_s": round(next_at - now) if next_at is not None else None,
        "oldest_question": {"id": oldest.id, "kind": oldest.proposal.kind, "opened_at": when_exact(oldest.opened_at)}
        if oldest is not None
        else None,
        "last_errors": [
            {"system": one.system, "kind": one.kind, "at": when_exact(one.at), "why": one.error}
            for one in listings
            if one.error
        ],
        "reload_refused": store.get(_AREA, _RELOAD) if running else None,
    }


def _next(group: str, period_s: float, now: float) -> float:
    """Give the moment of a group's next run: its own in every period."""
    slot = slot_of(group, period_s)
    return ((now - slot) // period_s + 1) * period_s + slot


def lines(store: Store, told: dict[str, Any], now: float) -> list[str]:
    """Tell it for people."""
    found = ["Service: not running; `syncd run` keeps everything in step."]
    if told["running"]:
        ahead = told["next_run_s"]
        found = ["Service: running" + (f", next run in {age(ahead)}." if ahead is not None else ", no group to run.")]
    if refused := told["reload_refused"]:
        text = f"  its settings of {when(refused['at'])} were refused and the former ones count: {refused['why']}"
        found.append(styled(text, "red"))
    for one in told["last_errors"]:
        at = ago(datetime.fromisoformat(one["at"]).timestamp(), now)
        found.append(styled(f"Last error: {one['system']} ({one['kind']}s), {at}: {one['why']}", "red"))
    oldest = next(iter(store.questions()), None)
    if oldest is not None:
        found.append(f"Oldest question: {oldest.id} ({oldest.proposal.kind}), asked {ago(oldest.opened_at, now)}.")
    return found
