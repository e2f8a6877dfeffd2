"""Keep when a record began to be read. What is known is older than every reading to come."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("snapshot", recreate="always") as batch_op:  # the large column stays the last one
        batch_op.add_column(
            sa.Column("began", sa.Integer(), nullable=False, server_default="0"), insert_after="modified"
        )
    with op.batch_alter_table("snapshot", recreate="always") as batch_op:
        batch_op.alter_column("began", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("snapshot", recreate="always") as batch_op:
        batch_op.drop_column("began")
