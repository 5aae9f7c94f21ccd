"""Stages that took the place of those that the spec had, while the run was live."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("runs", sa.Column("stages", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("runs", "stages")
