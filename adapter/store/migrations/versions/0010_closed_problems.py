"""When a person closed the problem of a message."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("closed", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("message", "closed")
