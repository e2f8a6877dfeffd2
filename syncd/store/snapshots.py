"""Snapshots: records as last observed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Connection, select

from syncd.model.records import Kind
from syncd.store.database import Database, chunks, fetch, many, marks
from syncd.store.history import write_history
from syncd.store.packing import pack_snapshot, unpack_snapshot
from syncd.store.rows import HistoryRow, Snapshot
from syncd.store.tables import SNAPSHOT, upsert_sql

_UPSERT = upsert_sql(SNAPSHOT, unless_older_by="began")
# Observations have even places in the order of readings, what a run reads has odd ones: after the observation that
# began last, and before the next.
_BEGIN = """
INSERT INTO state (area, key, value_json) VALUES ('readings', '', '2')
ON CONFLICT (area, key) DO UPDATE SET value_json = CAST(value_json AS INTEGER) + 2 RETURNING CAST(value_json AS INTEGER)
"""
_BEGUN = "SELECT id, began FROM snapshot WHERE system = ? AND kind = ?"
_LAST = "SELECT CAST(value_json AS INTEGER) FROM state WHERE area = 'readings' AND key = ''"
_FOUND = "SELECT * FROM snapshot WHERE system = ? AND kind = ?"
_ID = SNAPSHOT.c.keys().index("id")
_STRAYS = """
SELECT s.* FROM snapshot AS s WHERE s.scope = ? AND s.gone IS NULL AND NOT EXISTS (
    SELECT 1 FROM member AS m WHERE m.system = s.system AND m.kind = s.kind AND m.record_id = s.id AND m.holds = 1)
ORDER BY s.system, s.kind, s.id
"""
_HEADS = "SELECT id, raw, gone FROM snapshot WHERE system = ? AND kind = ?"
_RESCOPE = "UPDATE snapshot SET scope = ? WHERE system = ? AND kind = ? AND id = ? AND scope IS NOT ?"


class Snapshots(Database):
    """What was observed of each record."""

    def heads(self, system: str, kind: Kind) -> dict[str, tuple[bytes, str | None]]:
        """Give the raw digest of every record, and the evidence where it is gone."""
        return {id_: (raw, gone) for id_, raw, gone in self._rows(_HEADS, (system, kind))}

    def snapshots(self, system: str, kind: Kind, ids: Collection[str] | None = None) -> dict[str, Snapshot]:
        """Give the snapshots by record id, all or those asked for."""
        with self._reading() as connection:
            if ids is None:
                rows = fetch(connection, f"{_FOUND} ORDER BY id", (system, kind))
            else:
                rows = []
                for chunk in chunks(ids):
                    rows += fetch(connection, f"{_FOUND} AND id IN ({marks(chunk)})", (system, kind, *chunk))
        return {row[_ID]: unpack_snapshot(row) for row in rows}

    def ids_in(self, system: str, kind: Kind, scopes: Collection[str]) -> set[str]:
        """Give the ids of the records of some scopes that exist."""
        found: set[str] = set()
        with self._reading() as connection:
            for chunk in chunks(scopes):
                wanted = select(SNAPSHOT.c.id).where(
                    SNAPSHOT.c.scope.in_(chunk),
                    SNAPSHOT.c.system == system,
                    SNAPSHOT.c.kind == kind,
                    SNAPSHOT.c.gone.is_(None),
                )
                found.update(connection.execute(wanted).scalars())
        return found

    def begin_reading(self) -> int:
        """Begin an observation: give its place in the order of all readings. Call it before the first request.

        The order is the store's own, because clocks are set back and several processes read.
        """
        with self._writing() as connection:
            return int(connection.exec_driver_sql(_BEGIN).scalar_one())

    def reading_of_run(self) -> int:
        """Give the place of what a run reads now, under its group's lock: after every observation that has begun."""
        return 1 + int(next(iter(self._rows(_LAST)), (0,))[0])

    def begun(self, system: str, kind: Kind, ids: Collection[str]) -> dict[str, int]:
        """Give when the records began to be read that are known, in the order of readings."""
        found: dict[str, int] = {}
        for chunk in chunks(ids):
            found.update(self._rows(f"{_BEGUN} AND id IN ({marks(chunk)})", (system, kind, *chunk)))
        return found

    def save_snapshots(self, rows: Sequence[Snapshot], history: Sequence[HistoryRow] = ()) -> None:
        """Store snapshots, new or not, with what they tell for history. No reading replaces one that began later."""
        with self._writing() as connection:
            write_snapshots(connection, rows)
            write_history(connection, history)

    def rescope(self, system: str, kind: Kind, ids_by_scope: Mapping[str, str | None]) -> None:
        """Say which scope handles each record (None: no scope)."""
        with self._writing() as connection:
            many(connection, _RESCOPE, ((scope, system, kind, id_, scope) for id_, scope in ids_by_scope.items()))

    def strays(self, scope: str) -> list[Snapshot]:
        """Give the records of a scope that exist and belong to no link."""
        return list(map(unpack_snapshot, self._rows(_STRAYS, (scope,))))


def write_snapshots(connection: Connection, rows: Iterable[Snapshot]) -> None:
    """Store snapshots, new or not."""
    many(connection, _UPSERT, map(pack_snapshot, rows))
