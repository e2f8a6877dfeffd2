"""Every table holds: when run once more, when the process dies at each step, and when the sides are swapped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from syncd.simulation.scenario import Play, Scenario, load, run_scenario
from syncd.simulation.scenario.expect import Came, based
from syncd.simulation.scenario.system import Killed
from tests.scenario.mirror import mirrored

TABLES = load(Path(__file__).parent)
DEADLY = ("after_journal", "after_mark", "after_send")
"""Moments that leave different things behind. Dying before sending is dying after the one before; after a reply, the
store knows no more than after sending; after an empty journal there was nothing left to do."""

tables = pytest.mark.parametrize("table", [pytest.param(table, id=table.id) for table in TABLES])


@tables
async def test_table(table: Scenario):
    result = await run_scenario(table)
    assert result.ok, f"{result.line}\n" + "\n".join(result.details)


@tables
async def test_p09_mirrored(table: Scenario):
    """Swap the systems' roles and rules: the outcome is the mirror image."""
    result = await run_scenario(mirrored(table))
    assert result.ok, f"{result.line}\n" + "\n".join(result.details)


@tables
async def test_p01_run_once_more(table: Scenario):
    """A run that left nothing undone is followed by one that writes nothing, asks nothing new and moves nothing."""
    play = Play(table)
    try:
        last = await _played(play)
        if last.result not in ("ok", "open") or table.cycles[-1].way == "dry_run":
            last = await play.quiet()
        before = _standing(play, last)
        again = await play.quiet()
        assert not any(again.writes.values()), f"wrote again: {dict(again.writes)}"
        assert _standing(play, again) == before
    finally:
        play.close()


@tables
async def test_p11_killed_at_each_step(table: Scenario):
    """Die at each effect, start again: the end is the one of the run that did not die, and no record is there twice."""
    await _killed_everywhere(table, lambda moment: moment.endswith(DEADLY))


@pytest.mark.prove
@tables
async def test_p11_killed_at_every_moment(table: Scenario):
    """The same, at the moments that should make no difference too."""
    await _killed_everywhere(table, lambda _: True)


async def _killed_everywhere(table: Scenario, deadly: Callable[[str], bool]) -> None:
    whole, moments = await _end(table, deadly, None)
    for at, moment in enumerate(moments):
        died, _ = await _end(table, deadly, at)
        assert died == whole, f"killed at moment {at + 1} of {len(moments)}: {moment}"


async def _end(table: Scenario, deadly: Callable[[str], bool], at: int | None) -> tuple[Any, list[str]]:
    """Play a table to its quiet end, dying once at a moment; give how everything stands and the moments there were."""
    moments: list[str] = []
    quiet = False

    def watch(moment: str) -> None:
        # Where the table itself kills, when recovery comes is part of what it tells.
        if quiet or not deadly(moment) or any(fault.kill for fault in play.at.faults.values()):
            return
        moments.append(moment)
        if len(moments) - 1 == at:
            raise Killed

    play = Play(table, watch)
    try:
        await _played(play)
        quiet = True
        return _standing(play, await play.quiet()), moments
    finally:
        play.close()


async def _played(play: Play) -> Came:
    came = Came("ok")
    for at in range(len(play.scenario.cycles)):
        came = await play.cycle(at)
    return came


def _standing(play: Play, came: Came) -> Any:
    """Give how everything stands: contents, links with their bases and debts, open questions."""
    state = play.state()
    links = {
        (state.keys[link.id], link.status): (
            link.agreed,
            {m.system: (m.status, based(m), sorted(m.unseen), sorted(m.behind)) for m in link.members},
        )
        for link in state.links
    }
    return came.result, state.contents, links, came.proposals
