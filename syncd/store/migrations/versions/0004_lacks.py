"""Keep what a record has no place for. Every record is read anew, because nothing says it of those read before."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("snapshot", recreate="always") as batch_op:  # the large column stays the last one
        batch_op.add_column(sa.Column("lacks_json", sa.Text(), nullable=True), insert_after="locked_json")
    op.execute("UPDATE snapshot SET raw = x''")


def downgrade() -> None:
    with op.batch_alter_table("snapshot", recreate="always") as batch_op:
        batch_op.drop_column("lacks_json")
