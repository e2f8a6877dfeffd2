"""Bring the schema of a store up to date, or refuse it. Migrating is one transaction: all of it or nothing."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from syncd.errors import StoreError
from syncd.store.database import use_wal
from syncd.store.tables import METADATA

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0005"
"""The newest revision, repeated here so that opening a store that is up to date does not cost importing Alembic."""

MIGRATIONS = Path(__file__).with_name("migrations")


def prepare(writer: Engine, reader: Engine, where: str) -> None:
    """Migrate a file to the newest schema; refuse one that a newer syncd, or another program, wrote."""
    with reader.connect() as connection:
        found = revision(connection, where)
    if found != HEAD:
        with writer.begin() as connection:
            # Asked again: another process may have migrated while this one waited for the lock.
            if revision(connection, where) != HEAD:
                upgrade(connection, where)
    use_wal(writer)  # not sooner: a file that is refused stays as it was


def revision(connection: Connection, where: str) -> str | None:
    """Give the revision of a store, None for an empty file."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise StoreError(
            "this is a database, but not a syncd store", file=where, hint="Name another file; this one was left alone."
        )
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar())


def upgrade(connection: Connection, where: str) -> None:
    """Run the migrations that are missing."""
    from alembic import command  # noqa: PLC0415 - 0.8 s that only a new or old store costs
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    current, settings = revision(connection, where), config(connection)
    known = {script.revision for script in ScriptDirectory.from_config(settings).walk_revisions()}
    if current is not None and current not in known:
        raise StoreError(
            f"a newer syncd wrote this store (schema {current}, this one knows up to {HEAD})",
            file=where,
            hint="Install that version of syncd again; this one did not touch the store.",
        )
    command.upgrade(settings, "head")


def config(connection: Connection) -> Config:
    """Give Alembic what it needs to work on this connection."""
    from alembic.config import Config  # noqa: PLC0415

    settings = Config(stdout=io.StringIO())  # Alembic keeps the stdout of its import, which may be closed by now
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    settings.attributes["connection"] = connection
    return settings


def create(connection: Connection) -> None:
    """Create all tables at once, for a store in memory."""
    for statement in _statements():
        connection.exec_driver_sql(statement)


@cache
def _statements() -> tuple[str, ...]:
    dialect = sqlite.dialect()
    tables = METADATA.sorted_tables
    made = [str(CreateTable(table).compile(dialect=dialect)) for table in tables]
    indexed = [
        str(CreateIndex(index).compile(dialect=dialect))
        for table in tables
        for index in sorted(table.indexes, key=lambda index: str(index.name))
    ]
    return (*made, *indexed)
