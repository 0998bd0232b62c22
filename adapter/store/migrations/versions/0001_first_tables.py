"""The tables of the first version."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_audit()
    _create_message()
    _create_patient()
    _create_probe()
    _create_resource()
    _create_score()
    _create_report()
    _create_resource_history()
    _create_resource_token()
    _create_score_history()


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", Sequence, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )


def _create_message() -> None:
    op.create_table(
        "message",
        sa.Column("sequence", Sequence, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("sending_application", sa.Text(), nullable=False),
        sa.Column("sending_facility", sa.Text(), nullable=False),
        sa.Column("control_id", sa.Text(), nullable=False),
        sa.Column("processing_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary()),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("control_id_reused", sa.Boolean(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("patient", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("read_again", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.Text()),
        sa.Column("place", sa.Text()),
        sa.Column("rule", sa.Text()),
        sa.Column("mapping_id", sa.Text()),
        sa.Column("mapping_version", sa.Text()),
        sa.Column("mapping_sha256", sa.Text()),
        sa.Column("notes", sa.Text()),
        sa.PrimaryKeyConstraint("sequence", name="pk_message"),
        sa.UniqueConstraint(
            "channel", "sending_application", "sending_facility", "control_id", "sha256", name="uq_message_identity"
        ),
        sa.UniqueConstraint("id", name="uq_message_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_message_patient_state_sequence", "message", ["patient", "state", "sequence"])
    op.create_index("ix_message_state_sequence", "message", ["state", "sequence"])


def _create_patient() -> None:
    op.create_table(
        "patient",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("due", sa.BigInteger()),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("claimed", sa.BigInteger()),
        sa.Column("marked", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.BigInteger()),
        sa.Column("problem", sa.Text()),
        sa.PrimaryKeyConstraint("key", name="pk_patient"),
    )
    op.create_index("ix_patient_due", "patient", ["due"])


def _create_probe() -> None:
    op.create_table(
        "probe",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("writes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_probe"),
    )


def _create_resource() -> None:
    op.create_table(
        "resource",
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("patient", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("status", sa.Text()),
        sa.Column("starts", sa.BigInteger()),
        sa.Column("ends", sa.BigInteger()),
        sa.Column("moment", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("type", "id", name="pk_resource"),
    )
    op.create_index("ix_resource_newest", "resource", ["type", "moment", "updated", "id"])
    op.create_index("ix_resource_patient_newest", "resource", ["patient", "type", "moment", "updated", "id"])
    op.create_index("ix_resource_type_updated", "resource", ["type", "updated"])


def _create_score() -> None:
    op.create_table(
        "score",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("patient", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_score"),
    )
    op.create_index("ix_score_patient", "score", ["patient"])
    op.create_index("ix_score_updated_id", "score", ["updated", "id"])


def _create_report() -> None:
    op.create_table(
        "report",
        sa.Column("message", Sequence, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("patient", sa.Text(), nullable=False),
        sa.Column("accession", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("mapping_id", sa.Text(), nullable=False),
        sa.Column("mapping_version", sa.Text(), nullable=False),
        sa.Column("mapping_sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["message.sequence"], name="fk_report_message"),
        sa.PrimaryKeyConstraint("message", "position", name="pk_report"),
    )
    op.create_index("ix_report_patient_message_position", "report", ["patient", "message", "position"])


def _create_resource_history() -> None:
    op.create_table(
        "resource_history",
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["type", "id"], ["resource.type", "resource.id"], name="fk_resource_history_resource"),
        sa.PrimaryKeyConstraint("type", "id", "version", name="pk_resource_history"),
    )


def _create_resource_token() -> None:
    op.create_table(
        "resource_token",
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["type", "id"], ["resource.type", "resource.id"], name="fk_resource_token_resource"),
        sa.PrimaryKeyConstraint("type", "id", "name", "system", "value", name="pk_resource_token"),
    )
    op.create_index("ix_resource_token_value", "resource_token", ["name", "value", "type", "system", "id"])


def _create_score_history() -> None:
    op.create_table(
        "score_history",
        sa.Column("score", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("resources", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["score"], ["score.id"], name="fk_score_history_score"),
        sa.PrimaryKeyConstraint("score", "version", name="pk_score_history"),
    )


def downgrade() -> None:
    tables = "score_history resource_token resource_history report score resource probe patient message audit"
    for table in tables.split(" "):
        op.drop_table(table)
