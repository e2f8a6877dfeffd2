"""Events: the history lines of links, whoever caused them, each once.

An observation does not know the links, so its lines name a record and no link; what belongs to a link are its own lines
and those of its records, under the ids that they had at the time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from syncd.reconcile.types import Link
from syncd.store.rows import HistoryRow

RENAMED = "renamed"
"""A record that its vendor gave another id; the line's field `id` says which it had and has."""


class Histories(Protocol):
    """What is needed of the store."""

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
        """Give history lines."""
        ...


def events_of(
    store: Histories, links: Iterable[Link], *, path: str | None = None, limit: int | None = None
) -> list[HistoryRow]:
    """Give the lines of some links and their records, newest first."""
    found: dict[int, HistoryRow] = {}
    for link in links:
        rows = store.history(link=link.id, path=path, limit=limit)
        for member in link.members:
            rows += store.history(system=member.system, record_id=member.id, path=path, limit=limit)
        for renamed in (row for row in store.history(link=link.id) if row.what == RENAMED):
            former = str(renamed.fields["id"][0])
            before = store.history(system=renamed.system, record_id=former, path=path)
            rows += [row for row in before if (row.id or 0) < (renamed.id or 0)]
        for row in rows:
            if row.kind == link.kind:
                found[row.id or 0] = row
    return sorted(found.values(), key=lambda row: row.id or 0, reverse=True)[:limit]
