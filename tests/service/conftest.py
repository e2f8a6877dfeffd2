"""The office of the command line's tests, and a service that runs in it, in this process or in one of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import structlog

from syncd import config
from syncd.apply.world import World
from syncd.config import Config
from syncd.service.notify import Notifier
from syncd.service.service import Service
from syncd.service.worlds import scheduled
from tests.cli.conftest import Office, make_office, office, templates
from tests.service.contract import until

__all__ = ["make_office", "office", "templates"]

QUICK = "\n[service]\nevery_s = 0.2\ndrain_s = 1\n"


class Ears(Notifier):
    """A notifier that keeps what it is told."""

    def __init__(self, ping_s: float = 0.0) -> None:
        super().__init__({})
        self.ping_s, self.told = ping_s, []

    def tell(self, *lines: str) -> None:
        self.told += lines


class Running:
    """A service that runs, and what it logged."""

    def __init__(self, service: Service, task: asyncio.Task[None], events: list[Any], ears: Ears) -> None:
        self.service, self.task, self.events, self.ears = service, task, events, ears

    def logged(self, event: str, **fields: Any) -> list[dict[str, Any]]:
        """Give the events of a name that have these fields."""
        return [one for one in self.events if one["event"] == event and fields.items() <= one.items()]

    async def says(self, event: str, **fields: Any) -> dict[str, Any]:
        """Wait for an event."""

        def there() -> bool:
            assert not self.task.done() or self.task.exception() is None, self.task.exception()
            return bool(self.logged(event, **fields))

        try:
            await until(there, 5)
        except TimeoutError:
            raise AssertionError(f"no {event} {fields} in {self.events}") from None
        return self.logged(event, **fields)[-1]

    async def says_anew(self, event: str, **fields: Any) -> dict[str, Any]:
        """Wait for an event that was not logged yet."""
        self.events.clear()
        return await self.says(event, **fields)


@pytest.fixture
def events():
    """What is logged, with what is bound to the context."""
    capture = structlog.testing.LogCapture()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, capture], cache_logger_on_first_use=False)
    yield capture.entries
    structlog.reset_defaults()


@pytest.fixture
def start(events):
    """Start a service on a folder, and stop it in the end."""

    @asynccontextmanager
    async def started(
        folder: Path, trouble: Callable[[World], None] = lambda _: None, ping_s: float = 0.0
    ) -> AsyncIterator[Running]:
        def build(settings: Config) -> World:
            world = scheduled(settings)
            trouble(world)
            return world

        ears = Ears(ping_s)
        service = Service(
            lambda: config.load(folder / "syncd.toml"), build=build, notifier=ears, look_s=0.05, settle_s=0.0
        )
        running = Running(service, asyncio.create_task(service.run()), events, ears)
        try:
            await running.says("service_started")
            yield running
        finally:
            service.stop()
            with suppress(asyncio.CancelledError):
                await asyncio.wait_for(running.task, 10)

    return started


def add(office: Office, text: str = QUICK) -> None:
    """Add to the configuration of an office."""
    file = office.folder / "syncd.toml"
    file.write_text(file.read_text() + text)
