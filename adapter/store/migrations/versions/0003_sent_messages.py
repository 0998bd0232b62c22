"""Result messages that were sent: the very bytes, and what was answered."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sent_message",
        sa.Column("score", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("patient", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("control_id", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("made", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.LargeBinary()),
        sa.Column("accepted", sa.Boolean()),
        sa.Column("answered", sa.BigInteger()),
        sa.PrimaryKeyConstraint("score", "number", name="pk_sent_message"),
        sa.ForeignKeyConstraint(["score"], ["score.id"], name="fk_sent_message_score"),
    )
    op.create_index("ix_sent_message_patient", "sent_message", ["patient"])


def downgrade() -> None:
    op.drop_index("ix_sent_message_patient", "sent_message")
    op.drop_table("sent_message")
