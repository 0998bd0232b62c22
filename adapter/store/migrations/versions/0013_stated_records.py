"""The identifiers behind the address of each Patient that was read."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stated_record",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("address", "position", name="pk_stated_record"),
    )
    op.create_index("ix_stated_record_record", "stated_record", ["record"])


def downgrade() -> None:
    op.drop_table("stated_record")
