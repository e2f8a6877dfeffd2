"""Do several readings at once, a few at a time, and stop all of them at the first that fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from syncd.errors import UnreadableError
from syncd.model.records import Page, Record

T = TypeVar("T")
R = TypeVar("R")


async def each(work: Callable[[T], Awaitable[R]], items: Iterable[T], parallel: int) -> list[R]:
    """Give what `work` gives for every item, in their order. Raises the first error alone, not a group of them."""
    turns = asyncio.Semaphore(parallel)

    async def one(item: T) -> R:
        async with turns:
            return await work(item)

    tasks = [asyncio.ensure_future(one(item)) for item in items]
    try:
        return [await task for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def page_of(
    read: Callable[[int], Awaitable[Record]], ids: Iterable[int], parallel: int, *, last: bool = False
) -> Page:
    """Read records as a page; one in which something cannot be read is named, and the others go on."""
    unreadable: dict[str, str] = {}

    async def one(number: int) -> Record | None:
        try:
            return await read(number)
        except UnreadableError as error:
            unreadable[str(number)] = error.message
            return None

    found = await each(one, ids, parallel)
    return Page(tuple(record for record in found if record is not None), last, unreadable)
