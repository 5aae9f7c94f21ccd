"""Forks: whose past a run begins with, or waits for; where in a run a checkpoint was taken."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

RELATIONS = ("parent_id", "waits_for")


def upgrade() -> None:
    with op.batch_alter_table("runs") as runs:
        for name in RELATIONS:
            runs.add_column(sa.Column(name, sa.String(length=36), nullable=True))
            runs.create_foreign_key(f"fk_runs_{name}", "runs", [name], ["id"], ondelete="SET NULL")
            runs.create_index(f"ix_runs_{name}", [name])
        runs.add_column(sa.Column("fork_stage", sa.Integer(), nullable=True))
        runs.add_column(sa.Column("fork_step", sa.BigInteger(), nullable=True))
        runs.add_column(sa.Column("waits_stage", sa.Integer(), nullable=True))
    op.add_column("artifacts", sa.Column("place", sa.String(length=16), nullable=True))


def downgrade() -> None:
    op.drop_column("artifacts", "place")
    with op.batch_alter_table("runs") as runs:
        for name in RELATIONS:
            runs.drop_index(f"ix_runs_{name}")
            runs.drop_constraint(f"fk_runs_{name}", type_="foreignkey")
            runs.drop_column(name)
        for name in ("fork_stage", "fork_step", "waits_stage"):
            runs.drop_column(name)
