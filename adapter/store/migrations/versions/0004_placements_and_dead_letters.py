"""Where our resources are at other servers, and which scores did not get there."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "placement",
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("score", sa.Text(), nullable=False),
        sa.Column("server_id", sa.Text()),
        sa.Column("version", sa.Text()),
        sa.Column("digest", sa.Text()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("destination", "type", "id", name="pk_placement"),
    )
    op.create_index("ix_placement_score", "placement", ["score"])
    op.create_table(
        "dead_letter",
        sa.Column("score", sa.Text(), nullable=False),
        sa.Column("patient", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("expressions", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("score", name="pk_dead_letter"),
        sa.ForeignKeyConstraint(["score"], ["score.id"], name="fk_dead_letter_score"),
    )
    op.create_index("ix_dead_letter_at", "dead_letter", ["at"])


def downgrade() -> None:
    op.drop_index("ix_dead_letter_at", "dead_letter")
    op.drop_table("dead_letter")
    op.drop_index("ix_placement_score", "placement")
    op.drop_table("placement")
