"""Runs and their history, which is only ever added to."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, desc, literal_column, select, text

from syncd.model.paths import under
from syncd.store.database import Database, many
from syncd.store.packing import pack_run, unpack_run
from syncd.store.pages import pack_history, pages, unpack_history
from syncd.store.rows import HistoryRow, Run
from syncd.store.tables import HISTORY, RUN, insert_sql, upsert_sql

_ADD = insert_sql(HISTORY, without="id")
_FORGET_IDLE = """
DELETE FROM sync_run
WHERE scope = ? AND mode = ? AND result = ? AND id <> ? AND ended_at IS NOT NULL AND counts_json IS NULL
"""
_UPSERT_RUN = upsert_sql(RUN)
GOOD = ("ok", "open")
"""Results of a run that saw every member and did all that was decided; questions may stand."""


_BEGUN: ColumnElement[int] = literal_column("sync_run.rowid")
"""The order in which runs began, whatever the clock said."""


class Histories(Database):
    """Sync passes, and what happened to fields."""

    def start_run(self, run: Run) -> None:
        """Store that a run began."""
        self.end_run(run)

    def end_run(self, run: Run) -> None:
        """Store how a run ended. Of runs that had nothing to do only the last of each result stays."""
        with self._writing() as connection:
            connection.exec_driver_sql(_UPSERT_RUN, pack_run(run))
            if run.ended_at is not None and not run.counts:
                connection.exec_driver_sql(_FORGET_IDLE, (run.scope, run.mode, run.result, run.id))

    def runs(self, scope: str | None = None, limit: int = 20) -> list[Run]:
        """Give the latest runs, newest first."""
        wanted = select(RUN).order_by(_BEGUN.desc()).limit(limit)
        if scope is not None:
            wanted = wanted.where(RUN.c.scope == scope)
        with self._reading() as connection:
            return [unpack_run(tuple(row)) for row in connection.execute(wanted)]

    def last_good(self, scope: str) -> Run | None:
        """Give the latest run of a scope that saw every member and did all that was decided."""
        wanted = (
            select(RUN)
            .where(RUN.c.scope == scope, RUN.c.ended_at.is_not(None), RUN.c.result.in_(GOOD))
            .order_by(_BEGUN.desc())
            .limit(1)
        )
        with self._reading() as connection:
            row = connection.execute(wanted).first()
        return None if row is None else unpack_run(tuple(row))

    def history(
        self,
        *,
        link: str | None = None,
        system: str | None = None,
        record_id: str | None = None,
        run: str | None = None,
        path: str | None = None,
        limit: int | None = None,
        newest_first: bool = True,
    ) -> list[HistoryRow]:
        """Give the history lines that fit all that is named. A path covers what lies below it: an atom its cells."""
        asked = {"link": link, "system": system, "record_id": record_id}
        within = {name: value for name, value in asked.items() if value is not None}
        wanted = select(HISTORY.c.id, HISTORY.c.run, HISTORY.c.lines)
        if run is not None:
            wanted = wanted.where(HISTORY.c.run == run)
        if link is not None:
            wanted = wanted.where(HISTORY.c.first_link <= link, HISTORY.c.last_link >= link)
        if record_id is not None:
            wanted = wanted.where(HISTORY.c.first_record <= record_id, HISTORY.c.last_record >= record_id)
        # The plus keeps SQLite from walking all pages in order of their ids when an index finds the few that matter.
        in_order = HISTORY.c.id if run is link is record_id is None else text("+id")
        wanted = wanted.order_by(desc(in_order) if newest_first else in_order)
        found: list[HistoryRow] = []
        with self._reading() as connection:
            for page in connection.execute(wanted):
                lines = list(unpack_history(*page, within))
                for line in reversed(lines) if newest_first else lines:
                    if path is None or any(under(each, path) for each in line.fields):
                        if len(found) == limit:
                            return found
                        found.append(line)
        return found


def write_history(connection: Connection, rows: Iterable[HistoryRow]) -> None:
    """Add history lines; the database numbers their pages in this order."""
    many(connection, _ADD, map(pack_history, pages(rows, "run")))
