"""Keep the journal and the history as pages of some hundred entries instead of a row for each."""

# ruff: noqa: S608 - what is put into these texts are names of this file

from collections.abc import Callable, Sequence
from itertools import groupby, islice
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Row = dict[str, Any]
PAGE = 256
PLANNED = ["link", "system", "kind", "record_id", "op", "part", "at", "marker"]
ENDED = ["state", "settled_at", "note", "sent_at", "record_id", "raw_before", "raw_after"]
AS_PLANNED = ["intended", None, "", None]
_OTHER = [name for name in ENDED if name != "record_id"]
INTENT = ["id", "run", "seq", "scope", *PLANNED, *_OTHER, "reasons_json", "before", "after"]
HISTORY = ["run", "at", "what", "link", "system", "kind", "record_id", "who", "note", "before", "after", "readback"]


def upgrade() -> None:
    op.create_table(
        "history_page",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("first_link", sa.Text(), nullable=False),
        sa.Column("last_link", sa.Text(), nullable=False),
        sa.Column("first_record", sa.Text(), nullable=False),
        sa.Column("last_record", sa.Text(), nullable=False),
        sa.Column("lines", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history_page")),
    )
    with op.batch_alter_table("history_page", schema=None) as batch_op:
        batch_op.create_index("ix_history_page_links", ["first_link", "last_link"], unique=False)
        batch_op.create_index("ix_history_page_records", ["first_record", "last_record"], unique=False)
        batch_op.create_index("ix_history_page_run", ["run"], unique=False)

    op.create_table(
        "journal_page",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("first_seq", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("first_link", sa.Text(), nullable=False),
        sa.Column("last_link", sa.Text(), nullable=False),
        sa.Column("unfinished", sa.Boolean(), nullable=False),
        sa.Column("confirmed_at", sa.Float(), nullable=True),
        sa.Column("ids_json", sa.Text(), nullable=False),
        sa.Column("ended_json", sa.Text(), nullable=True),
        sa.Column("planned", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_page")),
    )
    with op.batch_alter_table("journal_page", schema=None) as batch_op:
        batch_op.create_index(
            "ix_journal_page_confirmed",
            ["confirmed_at"],
            unique=False,
            sqlite_where=sa.text("confirmed_at IS NOT NULL"),
        )
        batch_op.create_index("ix_journal_page_links", ["first_link", "last_link"], unique=False)
        batch_op.create_index("ix_journal_page_run", ["run", "first_seq"], unique=False)
        batch_op.create_index(
            "ix_journal_page_unfinished", ["scope"], unique=False, sqlite_where=sa.text("unfinished = 1")
        )

    _move("history", HISTORY, "id", ("run",), "history_page", _history_page)
    _move("intent", INTENT, "run, scope, seq, id", ("run", "scope"), "journal_page", _journal_page)
    op.drop_table("history")
    op.drop_table("intent")


def downgrade() -> None:
    op.create_table(
        "history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.Column("after", sa.LargeBinary(), nullable=True),
        sa.Column("readback", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
    )
    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.create_index("ix_history_link", ["link"], unique=False)
        batch_op.create_index("ix_history_record", ["system", "record_id"], unique=False)
        batch_op.create_index("ix_history_run", ["run"], unique=False)

    op.create_table(
        "intent",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("op", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("marker", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.Float(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.Float(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reasons_json", sa.Text(), nullable=True),
        sa.Column("before", sa.LargeBinary(), nullable=False),
        sa.Column("after", sa.LargeBinary(), nullable=False),
        sa.Column("raw_before", sa.Text(), nullable=False),
        sa.Column("raw_after", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intent")),
    )
    with op.batch_alter_table("intent", schema=None) as batch_op:
        batch_op.create_index(
            "ix_intent_confirmed", ["system", "settled_at"], unique=False, sqlite_where=sa.text("state = 'confirmed'")
        )
        batch_op.create_index("ix_intent_link", ["link"], unique=False)
        batch_op.create_index(
            "ix_intent_pending", ["scope"], unique=False, sqlite_where=sa.text("state IN ('intended', 'open')")
        )
        batch_op.create_index("ix_intent_run", ["run"], unique=False)

    connection = op.get_bind()
    for run, lines in connection.exec_driver_sql("SELECT run, lines FROM history_page ORDER BY id"):
        for *named, before, after, readback in orjson.loads(lines):
            told = [orjson.dumps(flat) if flat else None for flat in (before, after, readback)]
            _insert("history", dict(zip(HISTORY, [run, *named, *told], strict=True)))
    pages = "SELECT run, scope, ended_json, planned FROM journal_page ORDER BY id"
    for run, scope, ended, planned in connection.exec_driver_sql(pages):
        ends = orjson.loads(ended or b"{}")
        for id_, seq, *named, reasons, before, after in orjson.loads(planned):
            row = dict(zip(PLANNED, named, strict=True))
            row |= {"id": id_, "run": run, "seq": seq, "scope": scope}
            row |= {"reasons_json": orjson.dumps(reasons).decode() if reasons else None}
            row |= {"before": orjson.dumps(before), "after": orjson.dumps(after)}
            ended_so = ends.get(id_) or [*AS_PLANNED, row["record_id"], "", ""]
            _insert("intent", row | dict(zip(ENDED, ended_so, strict=True)))
    op.drop_table("journal_page")
    op.drop_table("history_page")


def _move(
    source: str,
    columns: Sequence[str],
    order: str,
    alike: Sequence[str],
    target: str,
    packed: Callable[[list[Row]], Row],
) -> None:
    found = op.get_bind().exec_driver_sql(f"SELECT {', '.join(columns)} FROM {source} ORDER BY {order}")
    rows = (dict(zip(columns, row, strict=True)) for row in found)
    for _, group in groupby(rows, lambda row: [row[name] for name in alike]):
        while page := list(islice(group, PAGE)):
            _insert(target, packed(page))


def _insert(table: str, row: Row) -> None:
    sql = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"
    op.get_bind().exec_driver_sql(sql, tuple(row.values()))


def _flat(written: bytes | str | None) -> orjson.Fragment:
    """Take a flat view, or reasons, as they were written."""
    return orjson.Fragment(written or b"{}")


def _history_page(page: list[Row]) -> Row:
    links, records = [row["link"] for row in page], [row["record_id"] for row in page]
    lines = [[*(row[n] for n in HISTORY[1:-3]), *(_flat(row[n]) for n in HISTORY[-3:])] for row in page]
    return {
        "run": page[0]["run"],
        "at": page[0]["at"],
        "first_link": min(links),
        "last_link": max(links),
        "first_record": min(records),
        "last_record": max(records),
        "lines": orjson.dumps(lines),
    }


def _journal_page(page: list[Row]) -> Row:
    links, seqs = [row["link"] for row in page], [row["seq"] for row in page]
    confirmed = [row["settled_at"] for row in page if row["state"] == "confirmed" and row["settled_at"] is not None]
    flats = ("reasons_json", "before", "after")
    planned = [[row["id"], row["seq"], *(row[n] for n in PLANNED), *(_flat(row[n]) for n in flats)] for row in page]
    return {
        "run": page[0]["run"],
        "scope": page[0]["scope"],
        "first_seq": min(seqs),
        "last_seq": max(seqs),
        "first_link": min(links),
        "last_link": max(links),
        "unfinished": any(row["state"] in ("intended", "open") for row in page),
        "confirmed_at": max(confirmed, default=None),
        "ids_json": orjson.dumps([row["id"] for row in page]).decode(),
        "ended_json": orjson.dumps({row["id"]: [row[n] for n in ENDED] for row in page}).decode(),
        "planned": orjson.dumps(planned),
    }
