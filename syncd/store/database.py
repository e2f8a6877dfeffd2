"""Open the database and run transactions on it; turn what the driver raises into a `StoreError` an operator can act on.

A SQLite file has two engines: readers `BEGIN`, the writer `BEGIN IMMEDIATE`. With the driver's own transactions
concurrent read-modify-writes are lost without any error, and with a plain `BEGIN` for writers many end "locked".
":memory:" has one connection that all threads take in turn, for simulations and tests.
"""

from __future__ import annotations

import gc
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from syncd.errors import DAMAGED, StoreError
from syncd.store.tables import Row

_T = TypeVar("_T")

BUSY_TIMEOUT_S = 15
CHUNK = 2000

_PRAGMAS = (
    f"busy_timeout={BUSY_TIMEOUT_S * 1000}",
    "synchronous=FULL",  # a write that was sent has its journal row, whatever the power does
    "foreign_keys=ON",
    "temp_store=MEMORY",  # what a savepoint may have to put back
    "cache_size=-32000",  # 32 MB
    "wal_autocheckpoint=8000",  # pages: a run of ten thousand writes is copied back once, not at every commit
)
_RAISED = (SQLAlchemyError, sqlite3.Error)


class Database:
    """The engines and this thread's transaction; the classes of `store.py` add what can be asked."""

    def __init__(self, where: str, writer: Engine, reader: Engine) -> None:
        self.where = where
        self._writer, self._reader = writer, reader
        self._one_writer = threading.RLock()
        self._local = threading.local()

    def close(self) -> None:
        """Close all connections."""
        self._reader.dispose()
        self._writer.dispose()

    @property
    def in_transaction(self) -> bool:
        """Tell whether this thread is inside `transaction`."""
        return getattr(self._local, "connection", None) is not None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make several calls of this thread one transaction; an exception undoes all of them. Never await inside."""
        with self._writing():
            yield

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        joined: Connection | None = getattr(self._local, "connection", None)
        if joined is not None:
            # A savepoint: a call that fails leaves nothing behind, even if its caller goes on with the transaction.
            with explained(self.where), joined.begin_nested():
                yield joined
            return
        with explained(self.where), self._one_writer, self._writer.begin() as connection:
            self._local.connection = connection
            try:
                yield connection
            finally:
                self._local.connection = None

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        joined: Connection | None = getattr(self._local, "connection", None)
        if joined is not None:
            with explained(self.where):
                yield joined
            return
        shared: AbstractContextManager[Any] = self._one_writer if self._reader is self._writer else nullcontext()
        with explained(self.where), shared, self._reader.connect() as connection:
            yield connection

    def _rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Give all rows of one query. By itself it needs no transaction, and to begin one costs more than most answers:
        a run asks some fifty times."""
        joined: Connection | None = getattr(self._local, "connection", None)
        with explained(self.where):
            if joined is not None:
                return fetch(joined, sql, parameters)
            shared: AbstractContextManager[Any] = self._one_writer if self._reader is self._writer else nullcontext()
            with shared, closing(self._reader.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute(sql, tuple(parameters))
                return list(cursor.fetchall())


def engines(path: Path | None) -> tuple[Engine, Engine]:
    """Give the writer and the reader of a file; of ":memory:" (None) they are the same."""
    if path is None:
        memory = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        _listen(memory, "BEGIN IMMEDIATE")
        return memory, memory
    url = URL.create("sqlite", database=str(path))
    writer, reader = create_engine(url, pool_size=1), create_engine(url)
    _listen(writer, "BEGIN IMMEDIATE")
    _listen(reader, "BEGIN")
    return writer, reader


def use_wal(engine: Engine) -> None:
    """Let readers and the writer of a file not wait for each other. The file remembers it."""
    with closing(engine.raw_connection()) as connection:
        connection.cursor().execute("PRAGMA journal_mode=WAL")


def _listen(engine: Engine, begin: str) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions are ours
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _began(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn the driver's exceptions into a `StoreError` with the path and what to do."""
    try:
        yield
    except _RAISED as error:
        raise explain(where, error) from error


def explain(where: str, error: BaseException) -> StoreError:
    """Say what happened to the store and what its operator can do."""
    said = _first_words(error)
    for word, what, hint in _EXPLANATIONS:
        if word in said:
            return StoreError(f"{what} ({said})", file=where, hint=hint)
    return StoreError(said, file=where)


def _first_words(error: BaseException) -> str:
    """Give what the database said first: a full disk also ends the transaction, and undoing it then fails as well."""
    while isinstance(error.__context__, _RAISED):
        error = error.__context__
    return str(error)


_EXPLANATIONS = (
    ("not a database", "this is no syncd store, or it is damaged", DAMAGED),
    ("malformed", "the store is damaged", DAMAGED),
    (
        "locked",
        f"another process kept the store locked for {BUSY_TIMEOUT_S} s",
        "Wait for the other syncd to end, or end it, and run again; nothing was lost.",
    ),
    (
        "readonly",
        "the store may not be written",
        "Give the user that runs syncd the right to write this file and its folder.",
    ),
    (
        "unable to open",
        "the store could not be opened",
        "Create the folder, and let the user that runs syncd write to it.",
    ),
    ("is full", "the disk is full", "Free some space and run again; nothing was lost."),
    (
        "disk I/O error",
        "the disk does not read or write the store",
        "Look at the free space, the rights of the folder and the disk (`dmesg`); then run again: nothing was lost.",
    ),
)


def fetch(connection: Connection, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
    """Give all rows of a query as plain tuples, past SQLAlchemy's results, which cost as much as reading the rows."""
    return list(connection.exec_driver_sql(sql, tuple(parameters)).cursor.fetchall())


def many(connection: Connection, sql: str, rows: Iterable[Row]) -> None:
    """Run a statement for many rows, some thousand at a time."""
    for chunk in chunks(rows):
        connection.exec_driver_sql(sql, chunk)


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the cycle collector from running while thousands of rows become objects.

    It would look at each of them again and again, which takes longer than making them, and none is part of a cycle.
    Inside `spared` it never looks at them.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if _sparing.depth:
            gc.freeze()
        if was:
            gc.enable()


@contextmanager
def spared() -> Iterator[None]:
    """Keep the cycle collector from looking again at all that is held already; it goes on with what is new.

    For stretches that wait for vendors, where it must not rest: a run holds dozens of objects for each link to its end.
    """
    _sparing.depth += 1
    gc.freeze()
    try:
        yield
    finally:
        _sparing.depth -= 1
        if not _sparing.depth:
            gc.unfreeze()


@dataclass(slots=True)
class _Sparing:
    """How many `spared` stretches are open: groups take turns on one event loop, and there is one collector."""

    depth: int = 0


_sparing = _Sparing()


def chunks(items: Iterable[_T]) -> Iterator[list[_T]]:
    """Cut into pieces that fit into one statement."""
    left = iter(items)
    while chunk := list(islice(left, CHUNK)):
        yield chunk


def marks(ids: Sequence[str]) -> str:
    """Give as many question marks as there are ids, for `IN (...)`."""
    return ", ".join("?" * len(ids))
