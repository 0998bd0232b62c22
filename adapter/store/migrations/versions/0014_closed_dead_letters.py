"""When a person closed a dead letter."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dead_letter", sa.Column("closed", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("dead_letter", "closed")
