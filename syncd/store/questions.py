"""Questions: proposals with their life. The store is the truth, review files are a view of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection

from syncd.store.database import Database, many, marks
from syncd.store.history import write_history
from syncd.store.packing import pack_question, unpack_question
from syncd.store.rows import HistoryRow, Question
from syncd.store.tables import QUESTION, upsert_sql

_UPSERT = upsert_sql(QUESTION)
_USE = "UPDATE question SET status = 'used' WHERE id = ?"


class Questions(Database):
    """What was asked and what was answered."""

    def questions(self, scope: str | None = None, status: Collection[str] = ("open",)) -> list[Question]:
        """Give the questions of a scope in these states, oldest first."""
        told = list(status)
        within, asked = ("", told) if scope is None else (" AND scope = ?", [*told, scope])
        sql = f"SELECT * FROM question WHERE status IN ({marks(told)}){within} ORDER BY opened_at, id"  # noqa: S608
        return [unpack_question(row) for row in self._rows(sql, asked)]

    def question(self, id_: str) -> Question | None:
        """Give a question by its id."""
        return next(map(unpack_question, self._rows("SELECT * FROM question WHERE id = ?", (id_,))), None)

    def save_questions(self, rows: Sequence[Question], history: Sequence[HistoryRow] = ()) -> None:
        """Store questions, new or not."""
        with self._writing() as connection:
            write_questions(connection, rows)
            write_history(connection, history)


def write_questions(connection: Connection, rows: Iterable[Question]) -> None:
    """Store questions, new or not."""
    many(connection, _UPSERT, map(pack_question, rows))


def use_questions(connection: Connection, ids: Iterable[str]) -> None:
    """Mark answers as consumed: an answer works once."""
    many(connection, _USE, ((id_,) for id_ in ids))
