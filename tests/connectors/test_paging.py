"""A listing comes to its end, or is broken; it never goes on for ever."""

from __future__ import annotations

from itertools import count

import pytest

from syncd.connectors import paging
from syncd.connectors.paging import BrokenListingError, Trail, pages_of
from syncd.errors import TransientError
from syncd.model.records import Page, Part, Record


def record(name: str) -> Record:
    return Record("plan", name, (Part("plan", name, {}),), "g1")


class Rounds:
    """A connector whose cursors lead through these pages."""

    system = "acme"

    def __init__(self, pages):
        self._pages, self.asked = pages, 0

    async def list(self, kind, groups=None):
        for page in self._pages:
            self.asked += 1
            yield page


def page(*names: str, last: bool = False) -> Page:
    return Page(tuple(map(record, names)), last)


async def listed(connector) -> list[str]:
    return [one.id async for each in pages_of(connector, "plan") for one in each.records]


async def test_cursors_that_go_round_end_a_listing_at_once():
    """R19: a listing that comes to a page that it has given before is broken, at that page."""
    connector = Rounds(page(*"ab") if number % 2 else page(*"cd") for number in count())
    with pytest.raises(BrokenListingError, match="acme: plans: page 3 is one that was seen before") as caught:
        await listed(connector)
    assert isinstance(caught.value, TransientError)
    assert connector.asked == 3


async def test_a_listing_that_ends_is_given_as_it_is():
    """R19: records that moved while we paged may come twice; pages may be empty."""
    connector = Rounds([page(*"ab"), page(), page(*"bc"), page(), page(*"d", last=True)])
    assert await listed(connector) == list("abbcd")


async def test_a_listing_of_new_pages_without_end_is_broken(monkeypatch):
    """R19: not even pages that all differ, or hold nothing, go on for ever."""
    monkeypatch.setattr(paging, "MOST_PAGES", 50)
    for pages in ((page(str(number)) for number in count()), (page() for _ in count())):
        with pytest.raises(BrokenListingError, match="more than 50 pages"):
            await listed(Rounds(pages))


def test_a_trail_knows_each_step_once():
    """R19: the first page has no cursor; it, too, is seen once only."""
    trail = Trail("acme", "plans.list")
    for cursor in ("", "a", "b", "c"):
        trail.step(cursor)
    with pytest.raises(BrokenListingError, match="page 5 is one"):
        trail.step("b")
