"""The journal: what is about to be written, stored before it is sent, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, TextClause, func, select, text, update

from syncd.reconcile.types import Link
from syncd.store.database import Database, chunks, many
from syncd.store.history import write_history
from syncd.store.links import write_links, write_members
from syncd.store.packing import ENDED, PLANNED, pack_end, pack_intent, unpack_intent
from syncd.store.questions import use_questions, write_questions
from syncd.store.rows import Batch, Intent, Settlement
from syncd.store.snapshots import write_snapshots
from syncd.store.tables import INTENT, renew_sql, upsert_sql

_END = renew_sql(INTENT, ENDED, PLANNED)
_UPSERT = upsert_sql(INTENT)
# Word for word what the partial indexes say: only then SQLite sees that they answer the question.
_UNFINISHED = text("state IN ('intended', 'open')")
_CONFIRMED = text("state = 'confirmed'")


class Journal(Database):
    """Intents from before they are sent until they are settled."""

    def begin(self, batch: Batch) -> None:
        """Store what a run decided, before its first write: links, questions, intents, history, used answers."""
        with self._writing() as connection:
            write_links(connection, batch.links)
            write_questions(connection, batch.questions)
            use_questions(connection, batch.used)
            many(connection, _UPSERT, map(pack_intent, batch.intents))
            write_history(connection, batch.history)

    def mark_sent(self, intent_id: str, at: float) -> None:
        """Store that an intent is about to be sent; from here on its outcome may be unknown."""
        with self._writing() as connection:
            connection.execute(update(INTENT).where(INTENT.c.id == intent_id).values(sent_at=at))

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """Store how intents ended, with what follows for links, snapshots and history."""
        with self._writing() as connection:
            _write_ends(connection, [each.intent for each in settlements])
            whole, single = _moved(settlements)
            write_links(connection, whole)
            write_members(connection, single)
            write_snapshots(connection, (each.snapshot for each in settlements if each.snapshot is not None))
            write_history(connection, (row for each in settlements for row in each.history))

    def pending(self, scope: str) -> list[Intent]:
        """Give the intents of a scope whose end is not known, in the order in which they were to be sent."""
        return self._intents(INTENT.c.scope == scope, _UNFINISHED, INTENT.c.state == "intended")

    def open_creates(self, scope: str) -> list[Intent]:
        """Give the creates of a scope whose outcome only a person can settle."""
        return self._intents(INTENT.c.scope == scope, _UNFINISHED, INTENT.c.state == "open")

    def intents(self, run: str | None = None, link: str | None = None) -> list[Intent]:
        """Give the intents of a run, of a link, or of a link in a run."""
        asked = {"run": run, "link": link}
        return self._intents(*(INTENT.c[name] == value for name, value in asked.items() if value is not None))

    def changes_since(self, system: str, at: float) -> int:
        """Count the writes that a system confirmed since a time."""
        wanted = select(func.count()).where(INTENT.c.system == system, INTENT.c.settled_at >= at, _CONFIRMED)
        with self._reading() as connection:
            return connection.execute(wanted).scalar_one()

    def _intents(self, *where: ColumnElement[bool] | TextClause) -> list[Intent]:
        wanted = select(INTENT).where(*where).order_by(INTENT.c.at, INTENT.c.run, INTENT.c.seq, INTENT.c.id)
        with self._reading() as connection:
            return [unpack_intent(tuple(row)) for row in connection.execute(wanted)]


def _write_ends(connection: Connection, ended: Iterable[Intent]) -> None:
    """Store how intents ended; where one was never begun, store the whole piece."""
    for chunk in chunks(ended):
        if connection.exec_driver_sql(_END, list(map(pack_end, chunk))).rowcount != len(chunk):
            many(connection, _UPSERT, map(pack_intent, chunk))


def _moved(settlements: Sequence[Settlement]) -> tuple[list[Link], list[tuple[Link, str]]]:
    """Give the links to store whole, and the single members; a link that is in one of both kinds is stored whole."""
    linked = [(each.link, each.member) for each in settlements if each.link is not None]
    whole = {link.id for link, system in linked if system is None}
    single = [(link, system) for link, system in linked if system is not None and link.id not in whole]
    return [link for link, _ in linked if link.id in whole], single
