"""Said is so, in every history: what the command prints of a run tells what is owed (PROPERTIES 37)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncd.cli import preview
from syncd.cli.names import Labels
from syncd.simulation.play import draw_history, play
from syncd.simulation.ran import Ran
from syncd.simulation.stage import Stage


def p37_owed_is_told(stage: Stage, ran: Ran) -> Iterator[str]:
    """Exit 0 of `sync --check`, only when nothing is owed in the group that was run."""
    if ran.report is None or ran.report.result in ("partial", "refused"):
        return
    left = {q.proposal.link for q in ran.asked_after.values() if q.status == "ignored"}
    owing = [
        f"{member.system} {path}"
        for link in ran.links_after.values()
        if ran.report.scope in (link.scope, link.id) and link.status == "live" and link.id not in left
        for member in link.members
        for path in (member.behind or ([""] if member.status == "awaited" else []))
    ]
    doc = preview.describe(ran.report, stage.world, Labels.of(stage.store), dry_run=False)
    if owing and not preview.is_open(doc):
        yield f"`sync --check` ends with 0, and owed is {', '.join(owing)}: {doc['counts']}"


def failures(seeds: range, rates: dict[str, float] | None) -> list[str]:
    """Play seeds and tell what was not said."""
    played = ((seed, play(draw_history(seed, rates), (p37_owed_is_told,))) for seed in seeds)
    return [f"seed {seed}: {found.property}: {found.what}" for seed, found in played if found is not None]


@pytest.mark.parametrize("first", [0, 10])
def test_r13_what_is_owed_is_told(first: int) -> None:
    """R13: a value owed to a paused or refusing system keeps `sync --check` from ending with 0, in every history."""
    assert failures(range(first, first + 10), {"said": 1.0}) == []


@pytest.mark.prove
@pytest.mark.parametrize("first", range(0, 500, 50))
def test_r13_what_is_owed_is_told_in_hundreds(first: int) -> None:
    """R13: the same over 500 seeds of everything that may go wrong."""
    assert failures(range(first, first + 50), None) == []


def test_r13_a_command_that_is_silent_is_noticed(monkeypatch) -> None:
    """R13: without the lines about what waits, a history shows it."""
    monkeypatch.setattr(preview, "_waiting", lambda *_: [])
    assert any("p37_owed_is_told" in one for one in failures(range(10), {"said": 1.0}))
