"""The journal: what is about to be written, stored before it is sent, and how it ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf

from sqlalchemy import Connection

from syncd.store.database import Database, fetch, many
from syncd.store.history import write_history
from syncd.store.links import write_links, write_members
from syncd.store.packing import loads
from syncd.store.pages import pack_end, pack_ends, pack_journal, pages, unpack_ends, unpack_journal
from syncd.store.questions import use_questions, write_questions
from syncd.store.rows import Batch, Intent, Settlement
from syncd.store.snapshots import write_snapshots
from syncd.store.tables import JOURNAL, Row, insert_sql

_ADD = insert_sql(JOURNAL, without="id")
_PAGES_OF = """
SELECT id, ids_json, ended_json FROM journal_page WHERE run = ? AND first_seq <= ? AND last_seq >= ? ORDER BY id
"""
_PAGE = "SELECT run, scope, ended_json, planned FROM journal_page WHERE id = ?"
_END = "UPDATE journal_page SET unfinished = ?, confirmed_at = ?, ended_json = ? WHERE id = ?"
# Word for word what the partial indexes say: only then SQLite sees that they answer the question.
_UNFINISHED = "unfinished = 1"
_CONFIRMED = "confirmed_at IS NOT NULL"


class Journal(Database):
    """Intents from before they are sent until they are settled."""

    def begin(self, batch: Batch) -> None:
        """Store what a run decided, before its first write: links, questions, intents, history, used answers."""
        with self._writing() as connection:
            write_links(connection, batch.links)
            write_questions(connection, batch.questions)
            use_questions(connection, batch.used)
            _write_begun(connection, batch.intents)
            write_history(connection, batch.history)

    def mark_sent(self, intent_id: str, at: float) -> None:
        """Store that an intent is about to be sent; from here on its outcome may be unknown."""
        with self._writing() as connection:
            for intent in self._intents(_UNFINISHED):
                if intent.id == intent_id:
                    _write_ends(connection, [replace(intent, sent_at=at)])

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """Store how intents ended, with what follows for links, snapshots and history."""
        with self._writing() as connection:
            _write_ends(connection, [each.intent for each in settlements])
            moved = {each.link.id: each.link for each in settlements if each.link is not None}
            whole = {each.link.id for each in settlements if each.link is not None and each.whole}
            write_links(connection, [link for link in moved.values() if link.id in whole])
            write_members(connection, [link for link in moved.values() if link.id not in whole])
            write_snapshots(connection, (each.snapshot for each in settlements if each.snapshot is not None))
            write_history(connection, (row for each in settlements for row in each.history))

    def pending(self, scope: str) -> list[Intent]:
        """Give the intents of a scope whose end is not known, in the order in which they were to be sent."""
        return self._unfinished(scope, "intended")

    def open_creates(self, scope: str) -> list[Intent]:
        """Give the creates of a scope whose outcome only a person can settle."""
        return self._unfinished(scope, "open")

    def intents(self, run: str | None = None, link: str | None = None) -> list[Intent]:
        """Give the intents of a run, of a link, or of a link in a run."""
        where, asked = ("TRUE", []) if run is None else ("run = ?", [run])
        if link is None:
            return self._intents(where, *asked)
        found = self._intents(f"{where} AND first_link <= ? AND last_link >= ?", *asked, link, link)
        return [intent for intent in found if intent.link == link]

    def changes_since(self, system: str, at: float, until: float = inf) -> int:
        """Count the writes that a system confirmed since a time; those after `until` are of a clock that was wrong."""
        since = self._intents(f"confirmed_at >= ? AND {_CONFIRMED}", at)
        confirmed = [i.settled_at or 0.0 for i in since if i.system == system and i.state == "confirmed"]
        return sum(at <= moment <= until for moment in confirmed)

    def _unfinished(self, scope: str, state: str) -> list[Intent]:
        found = self._intents(f"scope = ? AND {_UNFINISHED}", scope)
        return [intent for intent in found if intent.state == state]

    def _intents(self, where: str, *asked: object) -> list[Intent]:
        sql = f"SELECT run, scope, ended_json, planned FROM journal_page WHERE {where}"  # noqa: S608 - a text of ours
        found = [intent for page in self._rows(sql, asked) for intent in unpack_journal(*page)]
        return sorted(found, key=lambda intent: (intent.at, intent.run, intent.seq, intent.id))


def _write_begun(connection: Connection, begun: Sequence[Intent]) -> None:
    """Store new intents; one that was begun already is planned anew and leaves the page where it stood."""
    for run, wanted in _by_run(begun).items():
        for page, ids, _ in _pages_of(connection, run, wanted):
            if not wanted.keys().isdisjoint(ids):
                ((*columns,),) = fetch(connection, _PAGE, (page,))
                kept = [intent for intent in unpack_journal(*columns) if intent.id not in wanted]
                connection.exec_driver_sql("DELETE FROM journal_page WHERE id = ?", (page,))
                many(connection, _ADD, map(pack_journal, pages(kept, "run", "scope")))
    many(connection, _ADD, map(pack_journal, pages(begun, "run", "scope")))


def _write_ends(connection: Connection, ended: Iterable[Intent]) -> None:
    """Store how intents ended; those that were never begun are stored whole."""
    for run, wanted in _by_run(ended).items():
        begun: set[str] = set()
        moved: list[Row] = []
        for page, ids, ended_json in _pages_of(connection, run, wanted):
            ends = {id_: pack_end(wanted[id_]) for id_ in ids if id_ in wanted}
            if ends:
                begun.update(ends)
                moved.append((*pack_ends(unpack_ends(ended_json) | ends, ids), page))
        many(connection, _END, moved)
        new = [intent for id_, intent in wanted.items() if id_ not in begun]
        many(connection, _ADD, map(pack_journal, pages(new, "run", "scope")))


def _by_run(intents: Iterable[Intent]) -> dict[str, dict[str, Intent]]:
    by_run: dict[str, dict[str, Intent]] = defaultdict(dict)
    for intent in intents:
        by_run[intent.run][intent.id] = intent
    return by_run


def _pages_of(
    connection: Connection, run: str, wanted: Mapping[str, Intent]
) -> Iterator[tuple[int, list[str], str | None]]:
    """Give the pages of a run where some of its intents may stand: id, ids of the entries, how they ended."""
    seqs = [intent.seq for intent in wanted.values()]
    for page, ids, ended_json in fetch(connection, _PAGES_OF, (run, max(seqs), min(seqs))):
        yield page, loads(ids), ended_json
