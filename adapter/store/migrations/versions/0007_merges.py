"""What senders said of records that are one patient's."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "record_merge",
        sa.Column("message", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("replaced", sa.Text(), nullable=False),
        sa.Column("survivor", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["message.sequence"], name="fk_record_merge_message"),
        sa.PrimaryKeyConstraint("message", "position", name="pk_record_merge"),
    )
    op.create_index("ix_record_merge_replaced", "record_merge", ["replaced"])
    op.create_index("ix_record_merge_survivor", "record_merge", ["survivor"])
    op.create_table(
        "record_merge_turn",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_record_merge_turn"),
    )


def downgrade() -> None:
    op.drop_table("record_merge_turn")
    op.drop_table("record_merge")
