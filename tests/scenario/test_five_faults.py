"""The five faults that every synchroniser is judged by; the README names these tests, the tables tell the stories."""

from __future__ import annotations

from pathlib import Path

from syncd.simulation.scenario import load, run_scenario

TABLES = {table.id: table for table in load(Path(__file__).with_name("faults.yaml"))}


async def _holds(name: str) -> None:
    result = await run_scenario(TABLES[f"five-faults-{name}"])
    assert result.ok, f"{result.line}\n" + "\n".join(result.details)


async def test_half_a_list():
    """A listing broke off in the middle: nothing is judged missing by it."""
    await _holds("half-a-list")


async def test_empty_list():
    """A listing came back empty: nothing is deleted and nothing is created anew."""
    await _holds("an-empty-list")


async def test_failed_write():
    """A write failed: the member stays behind and gets the value in the next run."""
    await _holds("a-failed-write")


async def test_kill_after_create():
    """The process died after a create: there is one record."""
    await _holds("killed-after-a-create")


async def test_two_fields_on_two_sides():
    """Two people edited two fields of one plan in two systems: both edits arrive."""
    await _holds("two-fields-on-two-sides")
