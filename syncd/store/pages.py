"""Turn journal entries and history lines into pages and back. Pure: no SQL, no I/O.

A page is one row for some hundred of them, a JSON document in which each is a list. What is searched by stands in
columns of the page as a range, so that a search reads few pages and looks into each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from operator import attrgetter
from typing import Any, TypeVar, cast

from syncd.model import encoding
from syncd.model.values import Value
from syncd.store.packing import dumps, loads, whole
from syncd.store.rows import HistoryRow, Intent
from syncd.store.tables import Row

PAGE = 256
"""Entries of a page: as many as are settled together, so that each page is touched about once."""
_UNFINISHED = frozenset({"intended", "open"})

_T = TypeVar("_T")


def pages(items: Iterable[_T], *alike: str) -> Iterator[list[_T]]:
    """Cut into pages of items that are alike in the attributes named, in their order."""
    for _, group in groupby(items, attrgetter(*alike)):
        while page := list(islice(group, PAGE)):
            yield page


# -- journal ------------------------------------------------------------------------------------------------------

Ends = dict[str, list[Any]]
"""What became of entries, by id: state, when settled, note, when sent, record id, images of the part before and after.
An entry that is not here is as it was planned."""


def pack_journal(page: Sequence[Intent]) -> Row:
    """Give the row of a page of entries of one run and scope, without its id."""
    first, ids = page[0], [each.id for each in page]
    seqs, links = [each.seq for each in page], [each.link for each in page]
    moved = {each.id: pack_end(each) for each in page if not _is_planned(each)}
    planned = [
        (i.id, i.seq, i.link, i.system, i.kind, i.record_id, i.op, i.part, i.at, i.marker, i.reasons, i.before, i.after)
        for i in page
    ]
    return (
        first.run, first.scope, min(seqs), max(seqs), min(links), max(links), *pack_ends(moved, ids)[:2], dumps(ids),
        pack_ends(moved, ids)[2], encoding.write(planned),
    )  # fmt: skip


def _is_planned(i: Intent) -> bool:
    return i.state == "intended" and i.sent_at is None is i.settled_at and not (i.note or i.raw_before or i.raw_after)


def pack_end(i: Intent) -> list[Any]:
    """Give what became of an entry."""
    note, images = i.note and whole(i.note), ("", "")
    if i.raw_before or i.raw_after:
        images = whole(i.raw_before), whole(i.raw_after)
    return [i.state, i.settled_at, note, i.sent_at, i.record_id, *images]


def pack_ends(ends: Ends, ids: Sequence[str]) -> tuple[bool, float | None, str | None]:
    """Give the columns `unfinished`, `confirmed_at` and `ended_json` of a page with these entries."""
    unfinished = len(ends) < len(ids) or any(end[0] in _UNFINISHED for end in ends.values())
    confirmed = [end[1] for end in ends.values() if end[0] == "confirmed" and end[1] is not None]
    return unfinished, max(confirmed, default=None), dumps(ends) if ends else None


def unpack_ends(ended: str | None) -> Ends:
    """Read the column `ended_json`."""
    return loads(ended) if ended else {}


def unpack_journal(run: str, scope: str, ended: str | None, planned: bytes) -> Iterator[Intent]:
    """Read the entries of a page."""
    ends = unpack_ends(ended)
    for id_, seq, link, system, kind, named, op, part, at, marker, reasons, before, after in encoding.read(planned):
        state, settled_at, note, sent_at, record_id, raw_before, raw_after = ends.get(id_) or _AS_PLANNED
        yield Intent(
            id_, run, seq, scope, link, system, kind, named if record_id is None else record_id, op, part,
            encoding.revive(before), encoding.revive(after), cast("dict[str, str]", encoding.revive(reasons)), at,
            marker, raw_before, raw_after, sent_at, state, settled_at, note,
        )  # fmt: skip


_AS_PLANNED = ("intended", None, "", None, None, "", "")


# -- history ------------------------------------------------------------------------------------------------------


def pack_history(page: Sequence[HistoryRow]) -> Row:
    """Give the row of a page of lines of one run, without its id."""
    links, records = [each.link for each in page], [each.record_id for each in page]
    return (
        page[0].run, page[0].at, min(links), max(links), min(records), max(records),
        encoding.write(list(map(_pack_line, page))),
    )  # fmt: skip


def _pack_line(h: HistoryRow) -> list[Any]:
    """Give the form of a history line. A side of a field that is None had no value at all."""
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    for path, (old, new) in h.fields.items():
        if old is not None:
            before[path] = old
        if new is not None:
            after[path] = new
    who, note = h.who and whole(h.who), h.note and whole(h.note)
    return [h.at, h.what, h.link, h.system, h.kind, h.record_id, who, note, before, after, h.readback]


def unpack_history(id_: int, run: str, lines: bytes, asked: Mapping[str, str]) -> Iterator[HistoryRow]:
    """Read the lines of a page that are what is asked for (link, system, record_id), in their order."""
    for place, line in enumerate(encoding.read(lines)):
        at, what, link, system, kind, record_id, who, note, before, after, readback = line
        held = {"link": link, "system": system, "record_id": record_id}
        if any(held[name] != value for name, value in asked.items()):
            continue
        old: Mapping[str, Value] = encoding.revive(before)
        new: Mapping[str, Value] = encoding.revive(after)
        fields = {path: (old.get(path), new.get(path)) for path in {**old, **new}}
        back = encoding.revive(readback)
        yield HistoryRow(run, at, what, link, system, kind, record_id, fields, who, note, back, id_ * PAGE + place)
