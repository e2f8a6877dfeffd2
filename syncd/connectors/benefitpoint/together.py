"""Do several readings at once, a few at a time, and stop all of them at the first that fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

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
