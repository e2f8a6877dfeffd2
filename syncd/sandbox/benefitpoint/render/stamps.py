"""When the seeded records were made and last changed: one after another, on days before the seed's own date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.clock import stamp

_FIRST: Final = datetime(2025, 9, 2, 16, 0, 0, 417_000, UTC)
_CREATED: Final = timedelta(days=95, seconds=7)
_STEP: Final = timedelta(seconds=613, milliseconds=88)


class Stamps:
    """Stamps records in the order in which they are filed."""

    def __init__(self) -> None:
        self._at = _FIRST

    def put(self, record: Record) -> Record:
        """Stamp a record."""
        self._at += _STEP
        record["createdOn"], record["lastModifiedOn"] = stamp(self._at - _CREATED), stamp(self._at)
        return record
