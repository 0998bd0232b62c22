"""Which records the merges name that are held."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "record_merge_held",
        sa.Column("message", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=False, nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("message", "record", name="pk_record_merge_held"),
    )
    op.create_index("ix_record_merge_held_record", "record_merge_held", ["record"])


def downgrade() -> None:
    op.drop_table("record_merge_held")
