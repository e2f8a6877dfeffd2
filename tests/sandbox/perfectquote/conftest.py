"""PerfectQuote's sandbox of the small world, behind its wire, without a socket, on a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from syncd.sandbox.clock import Clock
from syncd.sandbox.server import assemble
from tests.sandbox.office import NOON, SIDE, WORLD, Office


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    clock = Clock(NOON, frozen=True)
    served = assemble(SIDE, WORLD, clock, 1)
    transport = httpx.ASGITransport(served.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        made = Office(client, clock, served)
        await made.login()
        yield made
