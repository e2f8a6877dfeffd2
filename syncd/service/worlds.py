"""Worlds: the configuration as it is now, and the world it describes; a reload changes both or neither.

Jobs borrow the world they began with and give it back; the old one is closed when the last of them did.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from syncd import assemble
from syncd.apply.world import LiveSystem, World
from syncd.config import Config, line_in
from syncd.errors import ConfigError
from syncd.store.store import Store

Build = Callable[[Config], World]


def scheduled(config: Config) -> World:
    """Build the world of scheduled work: it waits for no lock, it comes again."""
    return assemble.build_world(config, wait_s=0.0)


@dataclass(slots=True)
class _Lent:
    """A world and how many jobs use it. `old`: it is closed when the last gives it back."""

    config: Config
    world: World
    users: int = 0
    old: bool = False


class Worlds:
    """Lends the world of the configuration. `load` reads the configuration anew."""

    def __init__(self, load: Callable[[], Config], build: Build = scheduled) -> None:
        self._load, self._build = load, build
        config = load()
        self._now = _Lent(config, build(config))

    @property
    def config(self) -> Config:
        """Give the configuration as it is now."""
        return self._now.config

    @property
    def store(self) -> Store:
        """Give the store, for a question that is asked and answered at once."""
        return self._now.world.store

    @property
    def systems(self) -> Mapping[str, LiveSystem]:
        """Give the systems, to look at."""
        return self._now.world.systems

    @asynccontextmanager
    async def use(self) -> AsyncIterator[World]:
        """Borrow the world; a reload meanwhile leaves it alone."""
        lent = self._now
        lent.users += 1
        try:
            yield lent.world
        finally:
            lent.users -= 1
            if lent.old and not lent.users:
                await assemble.close(lent.world)

    async def reload(self) -> Config:
        """Read configuration, rules and mappings anew. Raises SyncdError, and then everything stays as it is."""
        config = await asyncio.to_thread(self._load)
        before = self._now
        if config.at(config.state).resolve() != before.config.at(before.config.state).resolve():
            raise ConfigError(
                "the state folder cannot change under a service that runs",
                file=str(config.file),
                line=line_in(config, ("state",)),
                field="state",
                hint="Put it back, or stop the service, move the folder, and start it again.",
            )
        # Mappings and WSDLs take a second to compile: beside the loop, which goes on feeding the watchdog.
        world = await asyncio.to_thread(self._build, config)
        self._now = _Lent(config, world)
        before.old = True
        if not before.users:
            await assemble.close(before.world)
        return config

    async def close(self) -> None:
        """Close the world; who still uses it has been cancelled."""
        await assemble.close(self._now.world)
