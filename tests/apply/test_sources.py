"""Sources: a value overwrites another system only when its own system was found to hold it in this run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from typing import Any

import pytest

from syncd.connectors.memory import MemorySystem
from syncd.errors import StoreError
from syncd.model.records import Kind, NotSeen, Page, Record
from syncd.sync import observe, run_once
from tests.apply.worlds import SCOPE, Stage


def lists_once(system: MemorySystem, record: Record) -> None:
    """Let one listing show a record as it was: a stale page, from a cache or a replica."""
    lists = system.list

    async def stale(kind: Kind, groups: Collection[str] | None = None) -> AsyncIterator[Page]:
        system.list = lists  # type: ignore[method-assign]
        async for page in lists(kind, groups):
            yield replace(page, records=tuple(record if one.id == record.id else one for one in page.records))

    system.list = stale  # type: ignore[method-assign]


async def linked(*names: str, **more: Any) -> Stage:
    stage = Stage(*names, **more)
    stage.link()
    await stage.start()
    return stage


@pytest.mark.parametrize("names", [("crm", "quote"), ("crm", "payroll", "quote")])
async def test_p33_a_stale_listing_after_a_confirmed_write_overwrites_nothing(names: tuple[str, ...]) -> None:
    """R6: a source that a listing shows with an old value is read again before that value goes anywhere."""
    stage = await linked(*names)
    old = stage.systems["quote"].record("generic", "p1")
    assert old is not None
    stage.edit("crm", phone="2")
    await stage.cycle()
    lists_once(stage.systems["quote"], old)
    before = stage.writes()
    report = await stage.cycle()
    assert (stage.writes(), report.failed, stage.asked()) == (before, (), [])
    assert all(stage.held(name) == {"name": "Gold", "phone": "2"} for name in names)
    assert (await stage.cycle()).result == "ok"


async def test_p33_an_edit_that_its_system_took_back_is_not_written() -> None:
    """R6: what was edited and put back before the run came to it is decided as it is now."""
    stage = await linked()
    stage.edit("crm", phone="2")
    await observe("crm", stage.world)
    stage.edit("crm", phone="1")
    await run_once(SCOPE, stage.world)
    assert (stage.held("quote"), stage.writes()["quote"]) == ({"name": "Gold", "phone": "1"}, 0)


async def test_p33_a_newer_edit_of_the_source_is_what_is_written() -> None:
    """R6: the source has moved on, and the run that found it so writes what it holds now."""
    stage = await linked()
    stage.edit("crm", phone="2")
    await observe("crm", stage.world)
    stage.edit("crm", phone="3")
    report = await run_once(SCOPE, stage.world)
    assert (stage.held("quote"), report.result) == ({"name": "Gold", "phone": "3"}, "ok")
    assert ("observed", "crm", {"phone": ("2", "3")}) in stage.told("observed")


async def test_p33_a_source_that_cannot_be_read_again_writes_nothing_and_its_value_stays_owed() -> None:
    """R6: without its source the value waits, is said to be owed, and arrives when the source answers."""
    stage = await linked()
    stage.edit("crm", phone="2")
    await observe("crm", stage.world)
    crm = stage.systems["crm"]
    read = crm.read

    async def hidden(_kind: Kind, _id: str) -> NotSeen:
        return NotSeen("no right to see it")

    crm.read = hidden  # type: ignore[method-assign, assignment]
    report = await run_once(SCOPE, stage.world)
    assert (report.result, stage.writes()["quote"]) == ("partial", 0)
    assert report.failed == ("quote p1: its source, crm p1, cannot be read again: no right to see it",)
    assert stage.member("quote").behind.keys() == {"phone"}
    crm.read = read  # type: ignore[method-assign]
    await stage.cycle()
    assert stage.held("quote") == {"name": "Gold", "phone": "2"}


async def test_p33_two_edits_each_way_are_both_confirmed_first() -> None:
    """R6: of two systems that each edited something, each is read before the other is written."""
    stage = await linked()
    stage.edit("crm", phone="2")
    stage.edit("quote", name="Silver")
    await stage.cycle()
    assert stage.held("crm") == stage.held("quote") == {"name": "Silver", "phone": "2"}
    # Each is read before and after it is written; the one that is written last was a source before that.
    assert sorted(stage.requests(name, "read") for name in stage.systems) == [2, 3]


async def test_p33_a_record_that_moved_is_copied_as_it_is_now() -> None:
    """R6: what a create is made of is read again before it is sent."""
    stage = Stage(rules={"default": {"unlinked": "copy"}})
    stage.put({"name": "Gold", "phone": "1"}, "crm")
    for name in stage.systems:
        await observe(name, stage.world)
    stage.edit("crm", phone="2")
    await run_once(SCOPE, stage.world)
    assert list(stage.systems["quote"].content()["generic"].values()) == [{"name": "Gold", "phone": "2"}]


async def test_p33_a_record_that_cannot_be_read_again_is_not_copied() -> None:
    """R6: nothing is created of a record that does not answer; the create is said to wait, and comes later."""
    stage = Stage(rules={"default": {"unlinked": "copy"}})
    stage.put({"name": "Gold"}, "crm")
    for name in stage.systems:
        await observe(name, stage.world)
    crm = stage.systems["crm"]
    read = crm.read

    async def hidden(_kind: Kind, _id: str) -> NotSeen:
        return NotSeen("no right to see it")

    crm.read = hidden  # type: ignore[method-assign, assignment]
    report = await run_once(SCOPE, stage.world)
    assert (report.result, stage.requests("quote", "create")) == ("partial", 0)
    crm.read = read  # type: ignore[method-assign]
    await stage.cycle()
    assert list(stage.systems["quote"].content()["generic"].values()) == [{"name": "Gold"}]


async def test_a_damaged_snapshot_stops_the_run_and_says_what_to_do() -> None:
    """R6: a snapshot that is not what was stored decides nothing; the error names the record, the file, the remedy."""
    stage = await linked()
    found = stage.store.snapshots("crm", "generic")["p1"]
    stage.store.save_snapshots([replace(found, flat={**found.flat, "phone": "7"}, raw=found.raw, digest=b"0" * 16)])
    with pytest.raises(StoreError, match=r"crm p1: the store is damaged") as error:
        await run_once(SCOPE, stage.world)
    assert "restore the last backup" in error.value.hint
    assert (stage.held("quote"), stage.writes()["quote"]) == ({"name": "Gold", "phone": "1"}, 0)


@pytest.mark.parametrize("garbage", [b"{", b"\x00\xff", b'{"phone": {"d": "x1"}}', b'{"phone": {"zz": 1}}', b"[1, 2]"])
async def test_a_snapshot_that_cannot_be_read_at_all_is_a_damaged_store(garbage: bytes) -> None:
    """R6: bytes that are no snapshot are an error of the store that says what to do, never a traceback."""
    stage = await linked()
    stage.edit("crm", phone="2")
    await observe("crm", stage.world)
    with stage.store._writing() as connection:
        connection.exec_driver_sql("UPDATE snapshot SET flat = ? WHERE system = 'quote'", (garbage,))
    with pytest.raises(StoreError, match="damaged") as error:
        await run_once(SCOPE, stage.world)
    assert "restore the last backup" in error.value.hint
