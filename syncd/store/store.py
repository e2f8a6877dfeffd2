"""The facade: open a store and ask it anything."""

from __future__ import annotations

from pathlib import Path

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
        """Open a store, bringing its schema up to date: a file's path, or ":memory:" for one that ends with the process."""
        where = str(url).removeprefix("sqlite:///")
        if where == ":memory:":
            writer, reader = engines(None)
            with writer.begin() as connection:
                create(connection)
            return cls(where, writer, reader)
        if "://" in where:
            raise StoreError(
                f"{where.partition('://')[0]} is no database that syncd can open", hint="Name the path of a file."
            )
        writer, reader = engines(Path(where))
        with explained(where):
            prepare(writer, reader, where)
        return cls(where, writer, reader)

    def fork(self) -> Store:
        """Give a copy in memory that ends with the process: a preview decides on it and leaves this store untouched."""
        copy = Store.open(":memory:")
        with self._reading() as mine, copy._writer.connect() as theirs:
            source, target = mine.connection.dbapi_connection, theirs.connection.dbapi_connection
            theirs.rollback()
            source.backup(target)  # type: ignore[union-attr]
        return copy
