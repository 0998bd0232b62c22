"""Who sent a message, what was tolerated in it, and the answer that is due after its reading."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UNDELIVERED = sa.text("application_answer IS NOT NULL AND application_delivered IS NULL")


def upgrade() -> None:
    for column in (
        sa.Column("sender", sa.Text(), nullable=False, server_default=""),
        sa.Column("deviations", sa.Text()),
        sa.Column("application_asked", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("application_answer", sa.LargeBinary()),
        sa.Column("application_delivered", sa.BigInteger()),
    ):
        op.add_column("message", column)
    op.create_index(
        "ix_message_undelivered", "message", ["sequence"], sqlite_where=UNDELIVERED, postgresql_where=UNDELIVERED
    )


def downgrade() -> None:
    op.drop_index("ix_message_undelivered", "message")
    for name in ("application_delivered", "application_answer", "application_asked", "deviations", "sender"):
        op.drop_column("message", name)
