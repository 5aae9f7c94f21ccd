"""Exhibits: what a run shows beside its curves."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "exhibits",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_exhibits_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "kind", "stage", "step", name="pk_exhibits"),
    )


def downgrade() -> None:
    op.drop_table("exhibits")
