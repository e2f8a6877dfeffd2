"""The facade: open a store and ask it anything."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import cast

from syncd import private
from syncd.errors import StoreError
from syncd.store.database import engines, explained
from syncd.store.history import Histories
from syncd.store.journal import Journal
from syncd.store.links import Links
from syncd.store.questions import Questions
from syncd.store.schema import create, prepare
from syncd.store.snapshots import Snapshots
from syncd.store.states import States


class Store(Snapshots, Links, Journal, Questions, Histories, States):
    """Everything syncd remembers. Threads may share it; each call is one short transaction."""

    @classmethod
    def open(cls, url: str | Path) -> Store:
        """Open a file, bringing its schema up to date, or ":memory:" for a store that ends with the process."""
        where = str(url).removeprefix("sqlite:///")
        if "://" in where:
            raise StoreError(
                f"syncd cannot open {where.partition('://')[0]} databases", hint="Name the path of a file."
            )
        path = None if where == ":memory:" else Path(where)
        writer, reader = engines(path)
        with explained(where):
            if path is None:
                with writer.begin() as connection:
                    create(connection)
            else:
                _make_private(path)
                prepare(writer, reader, where)
        return cls(where, writer, reader)

    def fork(self) -> Store:
        """Give a copy in memory that ends with the process: a preview decides on it and leaves this store untouched."""
        if self.in_transaction:
            raise RuntimeError("a store is not forked inside a transaction: SQLite would wait for its end for ever")
        writer, reader = engines(None)
        with self._reading() as mine, writer.connect() as theirs:
            source, target = mine.connection.driver_connection, theirs.connection.driver_connection
            cast("sqlite3.Connection", source).backup(cast("sqlite3.Connection", target))
        return Store(":memory:", writer, reader)


def _make_private(path: Path) -> None:
    """Make a new file that only its owner can read: it will hold clients' plans. SQLite gives its -wal the same mode.

    A file that exists is not even opened: closing it again would take away this process's own locks on it.
    """
    with suppress(OSError):  # whatever is wrong with the path, SQLite says it next
        private.tighten(path, private.FILE)
    with suppress(OSError):
        os.close(private.create(path))
