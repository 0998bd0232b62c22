"""When a person closed an answer that was given up."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("application_closed", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("message", "application_closed")
