"""Seeded histories of edits, faults, kills and answers: nothing lost, nothing invented, always to rest."""

from __future__ import annotations

import pytest

import syncd.apply.write
from syncd.reconcile.types import Link
from syncd.simulation.play import Failure, draw_history, play_seed

CHUNK = 20
SHORT, LONG = 200, 5000


def failures(first: int, count: int) -> list[str]:
    """Play seeds and tell the failures."""
    played = ((seed, play_seed(seed)) for seed in range(first, first + count))
    return [f"seed {seed}: {found.property}: {found.what}" for seed, found in played if found is not None]


@pytest.mark.parametrize("first", range(1, SHORT + 1, CHUNK))
def test_p01_to_p26_hold_in_every_history(first: int) -> None:
    """Whatever people, vendors and kills do, no property breaks; `python -m syncd.simulation --seed N` replays one."""
    assert failures(first, CHUNK) == []


@pytest.mark.prove
@pytest.mark.parametrize("first", range(SHORT + 1, LONG + 1, 100))
def test_p01_to_p26_hold_in_thousands_of_histories(first: int) -> None:
    """The same over 5,000 seeds."""
    assert failures(first, min(100, LONG + 1 - first)) == []


def test_a_seed_reproduces_its_history() -> None:
    """The same seed draws the same world and the same steps."""
    assert draw_history(7) == draw_history(7)
    assert draw_history(7) != draw_history(8)


def test_p14_the_simulation_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that takes what it intended for what was confirmed is caught."""
    honest = syncd.apply.write.advance

    def hopeful(link: Link, system: str, result: syncd.apply.write.Result, settled: bytes = b"") -> Link:
        meant = {**result.holds, **result.changes}
        wished = syncd.apply.write.Result(
            result.changes, meant, frozenset(result.changes), result.end, result.note, result.now, result.modified
        )
        return honest(link, system, wished, settled)

    monkeypatch.setattr(syncd.apply.write, "advance", hopeful)
    found: Failure | None = None
    for seed in range(1, 200):
        found = play_seed(seed)
        if found is not None:
            break
    assert found is not None
