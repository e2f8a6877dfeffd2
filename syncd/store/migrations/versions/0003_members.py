"""Keep a link and its members in one row; the member table says only which record is in which link."""

# ruff: noqa: S608 - what is put into these texts are names of this file

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Row = dict[str, Any]


def upgrade() -> None:
    _put_aside()
    op.create_table(
        "link",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("follow", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("settled", sa.LargeBinary(), nullable=False),
        sa.Column("held", sa.Text(), nullable=False),
        sa.Column("sources_json", sa.Text(), nullable=True),
        sa.Column("accepted_json", sa.Text(), nullable=True),
        sa.Column("who_json", sa.Text(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.Column("agreed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index("ix_link_kind", ["kind", "status"], unique=False)
        batch_op.create_index("ix_link_scope", ["scope", "status", "settled", "id"], unique=False)

    op.create_table(
        "member",
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["link"], ["link.id"], name=op.f("fk_member_link_link"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("link", "system", name=op.f("pk_member")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.create_index(
            "uq_member_record", ["system", "kind", "record_id"], unique=True, sqlite_where=sa.text("holds = 1")
        )

    _move(_joined)


def downgrade() -> None:
    _put_aside()
    op.create_table(
        "link",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("follow", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("settled", sa.LargeBinary(), nullable=False),
        sa.Column("sources_json", sa.Text(), nullable=True),
        sa.Column("accepted_json", sa.Text(), nullable=True),
        sa.Column("agreed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index("ix_link_kind", ["kind", "status"], unique=False)
        batch_op.create_index("ix_link_scope", ["scope", "status", "settled", "id"], unique=False)

    op.create_table(
        "member",
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("settled", sa.LargeBinary(), nullable=False),
        sa.Column("own_stamp", sa.Float(), nullable=True),
        sa.Column("unseen_json", sa.Text(), nullable=True),
        sa.Column("behind_json", sa.Text(), nullable=True),
        sa.Column("lacks_json", sa.Text(), nullable=True),
        sa.Column("base", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["link"], ["link.id"], name=op.f("fk_member_link_link"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("link", "system", name=op.f("pk_member")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.create_index(
            "uq_member_record", ["system", "kind", "record_id"], unique=True, sqlite_where=sa.text("holds = 1")
        )

    _move(_parted)


def _put_aside() -> None:
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_index("uq_member_record", sqlite_where=sa.text("holds = 1"))
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_index("ix_link_scope")
        batch_op.drop_index("ix_link_kind")
    op.rename_table("link", "old_link")
    op.rename_table("member", "old_member")


def _move(turned: Callable[[Row, list[Row]], tuple[Row, list[Row]]]) -> None:
    for old in _rows("SELECT * FROM old_link"):
        link, members = turned(old, list(_rows("SELECT * FROM old_member WHERE link = ?", old["id"])))
        _insert("link", link)
        for member in members:
            _insert("member", member)
    op.drop_table("old_member")
    op.drop_table("old_link")


def _rows(sql: str, *given: str) -> Iterator[Row]:
    yield from (dict(row) for row in op.get_bind().exec_driver_sql(sql, given).mappings().fetchall())


def _insert(table: str, row: Row) -> None:
    sql = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"
    op.get_bind().exec_driver_sql(sql, tuple(row.values()))


def _joined(link: Row, members: list[Row]) -> tuple[Row, list[Row]]:
    held = [
        member["settled"].hex().upper() if member["status"] == "live" else "-"
        for member in sorted(members, key=lambda member: str(member["system"]))
    ]
    in_place = sorted(members, key=lambda member: int(member["place"]))
    who = [(member["system"], member["record_id"], member["status"]) for member in in_place]
    added = {
        "held": ",".join(held),
        "who_json": orjson.dumps(who).decode(),
        "members": orjson.dumps(list(map(_state, in_place))),
    }
    kept = ("link", "system", "kind", "record_id", "holds", "status")
    return link | added, [{name: member[name] for name in kept} for member in members]


def _state(member: Row) -> list[Any]:
    base, lacks = member["base"], member["lacks_json"]
    unseen, behind = member["unseen_json"] or "[]", member["behind_json"] or "{}"
    difference: list[Any] = [orjson.Fragment(lacks or "[]"), orjson.Fragment(base or "{}")]
    if base == b"":  # holds nothing yet
        difference = [None, {}]
    elif base is None and lacks is None:  # holds what was agreed
        difference = [None, None]
    told = [orjson.Fragment(unseen), orjson.Fragment(behind)]
    return [member["settled"].hex(), member["own_stamp"], *told, *difference]


def _parted(link: Row, members: list[Row]) -> tuple[Row, list[Row]]:
    who = {system: place for place, (system, _, _) in enumerate(orjson.loads(link["who_json"]))}
    states = orjson.loads(link["members"])
    for member in members:
        member["place"] = who[member["system"]]
        settled, member["own_stamp"], unseen, behind, lacks, base = states[member["place"]]
        member["settled"] = bytes.fromhex(settled)
        member["unseen_json"] = orjson.dumps(unseen).decode() if unseen else None
        member["behind_json"] = orjson.dumps(behind).decode() if behind else None
        member["lacks_json"] = orjson.dumps(lacks).decode() if lacks else None
        member["base"] = b"" if base == {} and lacks is None else orjson.dumps(base) if base else None
    return {name: value for name, value in link.items() if name not in ("held", "who_json", "members")}, members
