"""A session: the configuration, the store and the world of one command, opened when needed, then closed."""

from __future__ import annotations

import getpass
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.stdlib import BoundLogger

    from syncd.apply.world import World
    from syncd.config import Config
    from syncd.review.files import ReviewFolder
    from syncd.store.store import Store


@dataclass
class Session:
    """What every command is given. `json`: one document on stdout and nothing else there; `csv`: one table; `yes`:
    what would be asked at a terminal is agreed to."""

    config_file: Path | None = None
    verbose: bool = False
    json: bool = False
    yes: bool = False
    csv: bool = False
    by: str = field(default="")

    def __post_init__(self) -> None:
        """Name the person at the terminal, unless somebody else is named."""
        self.by = self.by or who()

    @cached_property
    def config(self) -> Config:
        """Read the configuration, once."""
        from syncd import config

        return config.load(self.config_file)

    @cached_property
    def log(self) -> BoundLogger:
        """Give the log, set up by the configuration."""
        from syncd.cli import logs

        logs.configure(self.config, verbose=self.verbose)
        return logs.get()

    @property
    def state(self) -> Path:
        """Give the state folder."""
        from syncd.assemble import state_folder

        return state_folder(self.config)

    @property
    def review(self) -> ReviewFolder:
        """Give the review folder."""
        from syncd.review.files import ReviewFolder

        return ReviewFolder(self.state / "review")

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Open the store alone, for commands that only look."""
        from syncd.assemble import open_store

        store = open_store(self.config)
        try:
            yield store
        finally:
            store.close()

    @asynccontextmanager
    async def world(self, wait_s: float | None = None, *, dry_run: bool = False) -> AsyncIterator[World]:
        """Open the whole world; to try something, a copy of it."""
        from syncd.assemble import WAIT_S, build_world, close

        world = build_world(self.config, wait_s=WAIT_S if wait_s is None else wait_s, dry_run=dry_run)
        try:
            yield world
        finally:
            await close(world)


def who() -> str:
    """Name the person at the terminal, for history."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
