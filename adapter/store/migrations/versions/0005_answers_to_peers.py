"""Application level answers that go to a peer of their own: since when they wait, and which were given up."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DUE = sa.text("application_answer IS NOT NULL AND application_delivered IS NULL AND application_given_up IS NULL")


def upgrade() -> None:
    for column in (
        sa.Column("application_made", sa.BigInteger()),
        sa.Column("application_given_up", sa.BigInteger()),
        sa.Column("application_problem", sa.Text()),
    ):
        op.add_column("message", column)
    columns = ["channel", "sender", "sequence"]
    op.create_index("ix_message_answer_due", "message", columns, sqlite_where=DUE, postgresql_where=DUE)


def downgrade() -> None:
    op.drop_index("ix_message_answer_due", "message")
    for name in ("application_problem", "application_given_up", "application_made"):
        op.drop_column("message", name)
