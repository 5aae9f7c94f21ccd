"""Groups: experiments that were submitted together, to be compared."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("experiments", sa.Column("group_id", sa.String(length=36), nullable=True))
    op.create_index("ix_experiments_group_id", "experiments", ["group_id"])


def downgrade() -> None:
    op.drop_index("ix_experiments_group_id", "experiments")
    op.drop_column("experiments", "group_id")
