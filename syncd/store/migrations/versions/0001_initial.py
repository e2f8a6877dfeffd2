"""Create all tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
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
        "listing",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("good_at", sa.Float(), nullable=True),
        sa.Column("tripped", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("system", "kind", name=op.f("pk_listing")),
    )
    op.create_table(
        "question",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.Float(), nullable=False),
        sa.Column("closed_at", sa.Float(), nullable=True),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("decided_json", sa.Text(), nullable=True),
        sa.Column("proposal_json", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
    )
    with op.batch_alter_table("question", schema=None) as batch_op:
        batch_op.create_index("ix_question_status", ["status", "scope"], unique=False)

    op.create_table(
        "snapshot",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("modified", sa.Float(), nullable=True),
        sa.Column("gone", sa.Text(), nullable=True),
        sa.Column("locked_json", sa.Text(), nullable=True),
        sa.Column("flat", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("system", "kind", "id", name=op.f("pk_snapshot")),
    )
    with op.batch_alter_table("snapshot", schema=None) as batch_op:
        batch_op.create_index("ix_snapshot_head", ["system", "kind", "id", "digest", "raw", "gone"], unique=False)
        batch_op.create_index("ix_snapshot_scope", ["scope"], unique=False)

    op.create_table(
        "state",
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value_json", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("area", "key", name=op.f("pk_state")),
    )
    op.create_table(
        "sync_run",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("ended_at", sa.Float(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("counts_json", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_run")),
    )
    with op.batch_alter_table("sync_run", schema=None) as batch_op:
        batch_op.create_index("ix_sync_run_scope", ["scope", "started_at"], unique=False)
        batch_op.create_index("ix_sync_run_started_at", ["started_at"], unique=False)

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


def downgrade() -> None:
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_index("uq_member_record", sqlite_where=sa.text("holds = 1"))

    op.drop_table("member")
    with op.batch_alter_table("sync_run", schema=None) as batch_op:
        batch_op.drop_index("ix_sync_run_started_at")
        batch_op.drop_index("ix_sync_run_scope")

    op.drop_table("sync_run")
    op.drop_table("state")
    with op.batch_alter_table("snapshot", schema=None) as batch_op:
        batch_op.drop_index("ix_snapshot_scope")
        batch_op.drop_index("ix_snapshot_head")

    op.drop_table("snapshot")
    with op.batch_alter_table("question", schema=None) as batch_op:
        batch_op.drop_index("ix_question_status")

    op.drop_table("question")
    op.drop_table("listing")
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_index("ix_link_scope")
        batch_op.drop_index("ix_link_kind")

    op.drop_table("link")
    with op.batch_alter_table("intent", schema=None) as batch_op:
        batch_op.drop_index("ix_intent_run")
        batch_op.drop_index("ix_intent_pending", sqlite_where=sa.text("state IN ('intended', 'open')"))
        batch_op.drop_index("ix_intent_link")
        batch_op.drop_index("ix_intent_confirmed", sqlite_where=sa.text("state = 'confirmed'"))

    op.drop_table("intent")
    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.drop_index("ix_history_run")
        batch_op.drop_index("ix_history_record")
        batch_op.drop_index("ix_history_link")

    op.drop_table("history")
