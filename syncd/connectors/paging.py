"""Follow the pages of a listing to their end, and notice when there is none: cursors that go round in a ring.

`pages_of` is how anybody lists a connector. One that pages by cursor has a `Trail` of its own beside, because what
it gives may leave out records that it gave before.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Hashable
from typing import Final

from syncd.connectors.base import Connector
from syncd.errors import TransientError
from syncd.model.records import Kind, Page

MOST_PAGES: Final = 100_000
"""No listing has more; twenty million records, at two hundred a page."""


class BrokenListingError(TransientError):
    """A listing does not come to its end."""

    hint = "What is known already stays as it is. Tell the vendor of it, unless the next run goes well."


class Trail:
    """The pages of one listing that were seen, by what tells them apart (a cursor, their ids)."""

    def __init__(self, system: str, listing: str) -> None:
        self._system, self._listing = system, listing
        self._seen: set[Hashable] = set()
        self._pages = 0

    def step(self, mark: Hashable) -> None:
        """Go on to a page; None: nothing tells it apart. Raises BrokenListingError for one that was seen before."""
        self._pages += 1
        if mark is not None and mark in self._seen:
            what = f"page {self._pages:,} is one that was seen before, so the listing goes round and has no end"
            raise BrokenListingError(f"{self._listing}: {what}", system=self._system)
        if self._pages > MOST_PAGES:
            raise BrokenListingError(f"{self._listing}: it has more than {MOST_PAGES:,} pages", system=self._system)
        self._seen.add(mark)


async def pages_of(connector: Connector, kind: Kind, groups: Collection[str] | None = None) -> AsyncIterator[Page]:
    """List every record of a kind, page by page, as the connector does. Raises BrokenListingError beside its errors."""
    trail = Trail(connector.system, f"{kind}s")
    async for page in connector.list(kind, groups):
        trail.step(tuple(record.id for record in page.records) or None)
        yield page
