"""Servers that reports come from: how far they were read, and which reports are to be fetched."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fhir_source",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("high_water", sa.Text(), nullable=False),
        sa.Column("sweep_asked", sa.BigInteger()),
        sa.Column("last_event", sa.BigInteger()),
        sa.Column("ahead", sa.Text(), nullable=False),
        sa.Column("heard", sa.BigInteger()),
        sa.PrimaryKeyConstraint("source", name="pk_fhir_source"),
    )
    op.create_table(
        "fhir_pending",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "report", name="pk_fhir_pending"),
    )
    op.create_index("ix_fhir_pending_source_due", "fhir_pending", ["source", "due"])
    op.create_table(
        "fhir_seen",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "report", name="pk_fhir_seen"),
    )


def downgrade() -> None:
    op.drop_table("fhir_seen")
    op.drop_index("ix_fhir_pending_source_due", "fhir_pending")
    op.drop_table("fhir_pending")
    op.drop_table("fhir_source")
