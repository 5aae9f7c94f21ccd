"""Ghosts: runs that go on without one intervention of another's, after those that people asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("priority", sa.Integer(), nullable=False, server_default="0"))
        runs.add_column(sa.Column("ghost_of", sa.String(length=36), nullable=True))
        runs.add_column(sa.Column("ghost_seq", sa.BigInteger(), nullable=True))
        runs.create_foreign_key("fk_runs_ghost_of", "runs", ["ghost_of"], ["id"], ondelete="SET NULL")
        runs.create_index("ix_runs_ghost_of", ["ghost_of"])


def downgrade() -> None:
    with op.batch_alter_table("runs") as runs:
        runs.drop_index("ix_runs_ghost_of")
        runs.drop_constraint("fk_runs_ghost_of", type_="foreignkey")
        for name in ("ghost_of", "ghost_seq", "priority"):
            runs.drop_column(name)
