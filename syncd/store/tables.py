"""The tables, and the SQL that is made from them.

Columns stand in the order in which `packing.py` writes and reads them, the large ones last. Times are seconds since
1970, digests and flat views bytes, `*_json` columns JSON text, NULL when empty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, ClassVar, TypeAlias, cast

from sqlalchemy import Column, Index, LargeBinary, MetaData, Table, Text, bindparam, text
from sqlalchemy.dialects import sqlite
from sqlmodel import Field, SQLModel

Row: TypeAlias = tuple[Any, ...]

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class _Base(SQLModel):
    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)


def _key() -> Any:  # noqa: ANN401 - SQLModel's Field says Any too
    return Field(primary_key=True, sa_type=Text)


def _text() -> Any:  # noqa: ANN401
    return Field(sa_type=Text)


def _bytes() -> Any:  # noqa: ANN401
    return Field(sa_type=LargeBinary)


class SnapshotTable(_Base, table=True):
    """The last observation of a record."""

    __tablename__ = "snapshot"
    __table_args__ = (
        # Answers "what changed" and "what is unsettled" without touching the rows, which are mostly flat view.
        Index("ix_snapshot_head", "system", "kind", "id", "digest", "raw", "gone"),
        Index("ix_snapshot_scope", "scope"),
    )

    system: str = _key()
    kind: str = _key()
    id: str = _key()
    scope: str | None = _text()
    label: str = _text()
    digest: bytes = _bytes()
    raw: bytes = _bytes()
    at: float
    version: str | None = _text()
    modified: float | None
    began: int
    gone: str | None = _text()
    locked_json: str | None = _text()
    lacks_json: str | None = _text()
    flat: bytes = _bytes()


class LinkTable(_Base, table=True):
    """Records that are the same plan or group, with all that is known of its members.

    `who_json` names the members; `held` is what the live ones held when the link was last settled, in the order of
    their systems, to be compared with the snapshots' digests. Of a base in `members` only what differs from `agreed`
    is kept: a run writes each link twice, and rows stay small.
    """

    __tablename__ = "link"
    __table_args__ = (
        Index("ix_link_scope", "scope", "status", "settled", "id"),
        Index("ix_link_kind", "kind", "status"),
    )

    id: str = _key()
    kind: str = _text()
    scope: str = _text()
    label: str = _text()
    status: str = _text()
    follow: bool
    revision: int
    settled: bytes = _bytes()
    held: str = _text()
    sources_json: str | None = _text()
    accepted_json: str | None = _text()
    who_json: str = _text()
    members: bytes = _bytes()
    agreed: bytes = _bytes()


class MemberTable(_Base, table=True):
    """Which record of a system is in which link: what is searched by, and no more.

    `kind`, `holds` (the link is not unlinked) and `status` repeat what the link says, so that the database itself
    refuses a record in two links. Without rowid the rows lie in the order of their key: "what is unsettled" walks them
    link by link.
    """

    __tablename__ = "member"
    __table_args__ = (
        Index("uq_member_record", "system", "kind", "record_id", unique=True, sqlite_where=text("holds = 1")),
        {"sqlite_with_rowid": False},
    )

    link: str = Field(primary_key=True, sa_type=Text, foreign_key="link.id", ondelete="CASCADE")
    system: str = _key()
    kind: str = _text()
    record_id: str = _text()
    holds: bool
    status: str = _text()


class JournalTable(_Base, table=True):
    """The journal, some hundred entries of one run a page: what was `planned` (written once), and how it `ended`.

    A run writes to thousands of records, and a row with its own keys and indexes for each would cost more than deciding
    it. The first and last link narrow a search down to few pages, because entries lie in the order of their links.
    """

    __tablename__ = "journal_page"
    __table_args__ = (
        Index("ix_journal_page_unfinished", "scope", sqlite_where=text("unfinished = 1")),
        Index("ix_journal_page_confirmed", "confirmed_at", sqlite_where=text("confirmed_at IS NOT NULL")),
        Index("ix_journal_page_run", "run", "first_seq"),
        Index("ix_journal_page_links", "first_link", "last_link"),
    )

    id: int | None = Field(default=None, primary_key=True)
    run: str = _text()
    scope: str = _text()
    first_seq: int
    last_seq: int
    first_link: str = _text()
    last_link: str = _text()
    unfinished: bool
    confirmed_at: float | None
    ids_json: str = _text()
    ended_json: str | None = _text()
    planned: bytes = _bytes()


class QuestionTable(_Base, table=True):
    """Proposals and what was decided about them."""

    __tablename__ = "question"
    __table_args__ = (Index("ix_question_status", "status", "scope"),)

    id: str = _key()
    n: int
    status: str = _text()
    scope: str = _text()
    link: str = _text()
    opened_at: float
    closed_at: float | None
    previous: str = _text()
    decided_json: str | None = _text()
    proposal_json: str = _text()


class RunTable(_Base, table=True):
    """Sync passes."""

    __tablename__ = "sync_run"
    __table_args__ = (Index("ix_sync_run_scope", "scope", "started_at"), Index("ix_sync_run_started_at", "started_at"))

    id: str = _key()
    scope: str = _text()
    mode: str = _text()
    started_at: float
    ended_at: float | None
    result: str = _text()
    counts_json: str | None = _text()


class HistoryTable(_Base, table=True):
    """What happened, append-only, some hundred lines of one run a page.

    Lines of one call lie together, mostly in the order of links or records: the first and last ones narrow a search.
    """

    __tablename__ = "history_page"
    __table_args__ = (
        Index("ix_history_page_links", "first_link", "last_link"),
        Index("ix_history_page_records", "first_record", "last_record"),
        Index("ix_history_page_run", "run"),
    )

    id: int | None = Field(default=None, primary_key=True)
    run: str = _text()
    at: float
    first_link: str = _text()
    last_link: str = _text()
    first_record: str = _text()
    last_record: str = _text()
    lines: bytes = _bytes()


class ListingTable(_Base, table=True):
    """The last observation of each kind of each system."""

    __tablename__ = "listing"

    system: str = _key()
    kind: str = _key()
    at: float
    complete: bool
    count: int
    known: int
    fingerprint: str = _text()
    good_at: float | None
    tripped: str = _text()
    error: str = _text()


class StateTable(_Base, table=True):
    """Small state by area and key, as JSON."""

    __tablename__ = "state"

    area: str = _key()
    key: str = _key()
    value_json: str = _text()


METADATA = _Base.metadata


def table_of(model: type[SQLModel]) -> Table:
    """Give the Core table of a model."""
    return cast("Table", model.__table__)  # type: ignore[attr-defined]


SNAPSHOT, LINK, MEMBER = table_of(SnapshotTable), table_of(LinkTable), table_of(MemberTable)
JOURNAL, QUESTION, RUN = table_of(JournalTable), table_of(QuestionTable), table_of(RunTable)
HISTORY, LISTING, STATE = table_of(HistoryTable), table_of(ListingTable), table_of(StateTable)


def upsert_sql(table: Table, *, unless_older_by: str = "") -> str:
    """Give the statement that stores a row whole, new or not; it takes the columns in their order.

    `unless_older_by`: a column by which a row must not be older than the one that it replaces.
    """
    statement = sqlite.insert(table)
    kept = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
    return str(
        statement.on_conflict_do_update(
            index_elements=list(table.primary_key),
            set_=kept,
            where=statement.excluded[unless_older_by] >= table.c[unless_older_by] if unless_older_by else None,
        ).compile(dialect=sqlite.dialect())
    )


def update_sql(table: Table, *kept: str) -> tuple[str, Callable[[Row], Row]]:
    """Give the statement that renews a row whose key and `kept` columns stay as they are, and what puts a row's columns
    into its order. It leaves the indexes on those columns alone, which is most of what renewing a row costs."""
    fixed = [column.name for column in table.c if column.primary_key or column.name in kept]
    moved = [column.name for column in table.c if column.name not in fixed]
    place = table.c.keys().index
    return renew_sql(table, moved, fixed), itemgetter(*(place(name) for name in (*moved, *fixed)))


def renew_sql(table: Table, moved: Sequence[str], fixed: Sequence[str]) -> str:
    """Give the statement that renews the `moved` columns of a row that is found by the `fixed` ones, in this order."""
    statement = (
        table.update()
        .values({name: bindparam(f"new_{name}") for name in moved})
        .where(*(table.c[name] == bindparam(f"old_{name}") for name in fixed))
    )
    return str(statement.compile(dialect=sqlite.dialect()))


def insert_sql(table: Table, *, without: str) -> str:
    """Give the statement that adds a row, leaving one column to the database."""
    columns: list[Column[Any]] = [column for column in table.c if column.name != without]
    return str(sqlite.insert(table).compile(dialect=sqlite.dialect(), column_keys=[column.name for column in columns]))
