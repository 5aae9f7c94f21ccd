"""The number of the last write of a run's row, so that a look at the runs reads those alone that changed."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("changed", sa.BigInteger(), nullable=False, server_default="0"))
        runs.create_index("ix_runs_changed", ["changed"])


def downgrade() -> None:
    with op.batch_alter_table("runs") as runs:
        runs.drop_index("ix_runs_changed")
        runs.drop_column("changed")
