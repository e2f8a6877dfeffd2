"""Listings, and small state by area and key.

Areas are cursors, pauses, quarantine, used changesets, fingerprints, row digests: whatever needs no table of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete

from syncd.model.records import Kind
from syncd.store.database import Database, many
from syncd.store.packing import dumps, loads, pack_listing, unpack_listing
from syncd.store.rows import Listing
from syncd.store.tables import LISTING, STATE, upsert_sql

_UPSERT_LISTING = upsert_sql(LISTING)
_UPSERT_STATE = upsert_sql(STATE)
# A cycle asks these some dozen times, and composing a question takes longer than answering it.
_LISTING = "SELECT * FROM listing WHERE system = ? AND kind = ?"
_GET = "SELECT value_json FROM state WHERE area = ? AND key = ?"
_ITEMS = "SELECT key, value_json FROM state WHERE area = ? ORDER BY key"


class States(Database):
    """What observing remembers, and the rest."""

    def listing(self, system: str, kind: Kind) -> Listing | None:
        """Give the last observation of one kind of a system."""
        return next(map(unpack_listing, self._rows(_LISTING, (system, kind))), None)

    def save_listing(self, row: Listing) -> None:
        """Store the last observation of one kind of a system."""
        with self._writing() as connection:
            connection.exec_driver_sql(_UPSERT_LISTING, pack_listing(row))

    def get(self, area: str, key: str) -> Any | None:  # noqa: ANN401 - JSON
        """Give a value, None when there is none."""
        return next((loads(text) for (text,) in self._rows(_GET, (area, key))), None)

    def put(self, area: str, key: str, value: Any | None) -> None:  # noqa: ANN401 - JSON
        """Store a value; None forgets it."""
        with self._writing() as connection:
            if value is None:
                connection.execute(delete(STATE).where(STATE.c.area == area, STATE.c.key == key))
            else:
                connection.exec_driver_sql(_UPSERT_STATE, (area, key, dumps(value)))

    def put_all(self, area: str, values: Mapping[str, Any]) -> None:
        """Store many values of an area."""
        with self._writing() as connection:
            many(connection, _UPSERT_STATE, ((area, key, dumps(value)) for key, value in values.items()))

    def items(self, area: str) -> dict[str, Any]:
        """Give all values of an area by key."""
        return {key: loads(text) for key, text in self._rows(_ITEMS, (area,))}
