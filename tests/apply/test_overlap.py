"""Observations that overlap runs: what was read before a write never stands for what was read after it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import replace
from typing import Any

import pytest

from syncd.connectors.base import Changes
from syncd.connectors.memory import Behaviour, Feeding, MemorySystem
from syncd.model.records import Answer, Kind, Page
from syncd.store.rows import Snapshot
from syncd.sync import observe, run_once
from tests.apply.worlds import BASE, SCOPE, Stage

NEW = {"name": "Gold", "phone": "2"}


class Slow:
    """A system whose answer to an observation is on its way while other things happen; or its question, when `late`."""

    def __init__(self, system: MemorySystem, *, late: bool = False) -> None:
        self.late = late
        self.asked, self.released = asyncio.Event(), asyncio.Event()
        self._list, system.list = system.list, self.list  # type: ignore[method-assign]
        if isinstance(system, Feeding):
            self._changes, system.changes = system.changes, self.changes  # type: ignore[method-assign]

    async def list(self, kind: Kind, groups: Collection[str] | None = None) -> AsyncIterator[Page]:
        await self._on_its_way(before=True)
        pages = [page async for page in self._list(kind, groups)]
        await self._on_its_way()
        for page in pages:
            yield page

    async def changes(self, position: str, groups: Collection[str] | None = None) -> Changes:
        await self._on_its_way(before=True)
        told = await self._changes(position, groups)
        await self._on_its_way()
        return told

    async def _on_its_way(self, *, before: bool = False) -> None:
        if before is self.late:
            self.asked.set()
            await self.released.wait()


async def overlapped(stage: Stage, meanwhile: Callable[[], Awaitable[Any]], *, late: bool = False, **how: Any) -> None:
    """Observe the quote system, and let something happen after the observation began."""
    slow = Slow(stage.systems["quote"], late=late)
    looking = asyncio.create_task(observe("quote", stage.world, **how))
    await slow.asked.wait()
    await meanwhile()
    slow.released.set()
    await looking


def snapshot(stage: Stage) -> Snapshot:
    return stage.store.snapshots("quote", stage.kind)["p1"]


@pytest.fixture(params=["listing", "feed"])
async def stage(request: pytest.FixtureRequest) -> Stage:
    """One linked record in step, of which the quote system will tell something by listing or by feed."""
    stage = Stage(behaviour={"quote": Behaviour(feed=request.param == "feed")})
    stage.link()
    await stage.start()
    stage.edit("quote", name="Gold Plus")
    return stage


async def test_p29_a_reading_from_before_a_write_never_replaces_what_was_read_back(stage: Stage) -> None:
    """R1: an observation that began before a run's write does not put back what it read then."""
    stage.edit("crm", phone="2")
    await observe("crm", stage.world)
    await overlapped(stage, lambda: run_once(SCOPE, stage.world))
    await run_once(SCOPE, stage.world)  # before anything is observed anew
    assert stage.held("crm") == stage.held("quote") == {"name": "Gold Plus", "phone": "2"}
    await stage.cycle()
    assert stage.held("crm") == stage.held("quote") == {"name": "Gold Plus", "phone": "2"}


async def test_p29_an_edit_made_after_the_write_is_not_lost_to_an_overtaken_reading(stage: Stage) -> None:
    """R1: what an observation may not store is read again, so an edit that its feed has passed is still seen."""
    stage.edit("crm", phone="2")
    await observe("crm", stage.world)

    async def written_and_edited() -> None:
        await run_once(SCOPE, stage.world)
        stage.edit("quote", phone="3")

    await overlapped(stage, written_and_edited, late=True)
    assert snapshot(stage).flat["phone"] == "3"


async def test_p29_a_record_made_while_its_system_is_listed_is_no_hole_in_the_listing() -> None:
    """R1: a record that a run created after a listing began is not missing from it."""
    stage = Stage(rules={"default": {"unlinked": "copy"}})
    stage.put(BASE, "crm")
    await observe("crm", stage.world)
    await observe("quote", stage.world)
    await overlapped(stage, lambda: run_once(SCOPE, stage.world), full=True)
    listing = stage.store.listing("quote", "generic")
    assert listing is not None
    assert listing.complete
    assert [row.gone for row in stage.store.snapshots("quote", "generic").values()] == [None]


async def test_p29_proof_that_a_record_is_gone_is_older_than_a_record_that_was_found_later() -> None:
    """R1: what was proved gone and is there again by a later reading is there."""
    stage = Stage()
    for id_ in ("p1", "p2", "p3"):
        stage.link(id=id_)
    await stage.start()
    stage.systems["quote"].remove("generic", "p1")
    quote = stage.systems["quote"]
    read = quote.read

    async def there_again(kind: Kind, record_id: str) -> Answer:
        quote.read = read  # type: ignore[method-assign]
        answer = await read(kind, record_id)
        stage.put(NEW, "quote")
        await observe("quote", stage.world)
        return answer

    quote.read = there_again  # type: ignore[method-assign]
    await observe("quote", stage.world)
    assert (snapshot(stage).gone, snapshot(stage).flat) == (None, NEW)


async def test_p29_a_look_at_a_few_groups_replaces_nothing_newer() -> None:
    """R1: a look at groups that are about to be linked does not put back what it read before a write."""
    stage = Stage(kind="plan")
    stage.link({"details.name": "Gold"})
    await stage.start()
    stage.edit("crm", details__name="Silver")
    await observe("crm", stage.world)
    await overlapped(stage, lambda: run_once(stage.scope, stage.world), groups=["g1"])
    await run_once(stage.scope, stage.world)  # before anything is observed anew
    assert stage.held("crm") == stage.held("quote") == {"details.name": "Silver"}


async def test_p29_the_store_itself_refuses_an_older_reading(stage: Stage) -> None:
    """R1: no caller can put an older reading over a newer one, and a run's reading is younger than every observation
    that has begun and older than the next."""
    first, run, second = (
        stage.store.begin_reading(),
        stage.store.reading_of_run(),
        stage.store.begin_reading(),
    )
    assert first < run < second
    now = snapshot(stage)
    stage.store.save_snapshots([replace(now, label="newer", began=run)])
    stage.store.save_snapshots([replace(now, label="older", began=first)])
    assert snapshot(stage).label == "newer"
