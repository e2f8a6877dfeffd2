"""Listings: filters, order, pages. A cursor is the last place given, so that inserts never shift a page.

Without `updated_since` the order is that of creation; with it `updated_at, id`. A cursor carries a digest of the
filters it was made for, and is refused with others.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from syncd.sandbox.clock import parse, stamp
from syncd.sandbox.perfectquote.problems import Problem
from syncd.sandbox.perfectquote.store import Record

PAGING = ("limit", "cursor")
_DEFAULT, _MOST = 50, 200

Place = list[Any]


@dataclass(frozen=True)
class Page:
    """A page of records and how to go on."""

    records: list[Record]
    next_cursor: str | None

    def body(self, shown: Iterable[Any]) -> dict[str, Any]:
        """Give the listing as it is served."""
        return {
            "data": list(shown),
            "page": {"next_cursor": self.next_cursor, "has_more": self.next_cursor is not None},
        }


def page(records: Iterable[Record], query: Mapping[str, str], scope: str) -> Page:
    """Cut the page that a query asks for. `scope` names what is listed. Raises 400."""
    limit = number(query, "limit", _DEFAULT, 1, _MOST)
    since = query.get("updated_since")
    place: Callable[[Record], Place]
    if since is None:
        rows, place = list(records), lambda record: [record["_n"]]
    else:
        first = _moment(since)
        rows = [record for record in records if record["updated_at"] >= first]
        place = lambda record: [record["updated_at"], record["id"]]  # noqa: E731 - chosen beside the other one
    rows.sort(key=place)
    digest = _digest(query, scope)
    after = _open(query["cursor"], digest) if "cursor" in query else None
    if after is not None:
        rows = [record for record in rows if place(record) > after]
    shown, more = rows[:limit], len(rows) > limit
    return Page(shown, _close(place(shown[-1]), digest) if more else None)


def number(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """Read a whole number from a query. Raises 400."""
    text = query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise Problem("bad_filter", f"{name} is {text!r}: a whole number from {least} to {most}")
    return int(text)


def day(query: Mapping[str, str], name: str) -> str | None:
    """Read a date from a query. Raises 400."""
    text = query.get(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise Problem("bad_filter", f"{name} is {text!r}: a date is written YYYY-MM-DD") from error


def word(query: Mapping[str, str], name: str, known: Iterable[str]) -> str | None:
    """Read a word of a list from a query. Raises 400."""
    text = query.get(name)
    if text is not None and text not in known:
        raise Problem("bad_filter", f"{name} is {text!r}: one of {', '.join(known)}")
    return text


def _moment(text: str) -> str:
    try:
        at = parse(text)
        if at.tzinfo is None:
            raise ValueError("no time zone")
    except ValueError as error:
        raise Problem("bad_filter", f"updated_since is {text!r}: RFC 3339, such as 2026-11-20T12:00:00.000Z") from error
    return stamp(at)


def _digest(query: Mapping[str, str], scope: str) -> str:
    filters = sorted((name, value) for name, value in query.items() if name not in PAGING)
    return hashlib.blake2b(json.dumps([scope, filters]).encode(), digest_size=6).hexdigest()


def _close(place: Place, digest: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([digest, place]).encode()).decode().rstrip("=")


def _open(cursor: str, digest: str) -> Place:
    try:
        held, place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, TypeError) as error:
        raise Problem("bad_cursor", "the cursor is not one of ours") from error
    if held != digest or not isinstance(place, list):
        raise Problem("bad_cursor", "the cursor belongs to a listing with other filters")
    return place
