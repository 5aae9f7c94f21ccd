"""Studies, their trials, and which experiments belong to one."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "lathe_studies",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("trials", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("importance", sa.JSON(), nullable=False),
        sa.Column("holder", sa.String(length=36), nullable=True),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_lathe_studies"),
    )
    op.create_table(
        "lathe_trials",
        sa.Column("study_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("assignment", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=True),
        sa.Column("run_id", sa.String(length=36), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=True),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("violation", sa.Float(), nullable=False),
        sa.Column("steps", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("joules", sa.Float(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["study_id"], ["lathe_studies.id"], name="fk_lathe_trials_study_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_lathe_trials_run_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("study_id", "number", name="pk_lathe_trials"),
    )
    op.create_index("ix_lathe_trials_study_id_told", "lathe_trials", ["study_id", "told"])
    op.create_index("ix_lathe_trials_run_id", "lathe_trials", ["run_id"])
    with op.batch_alter_table("experiments") as experiments:
        experiments.add_column(sa.Column("study_id", sa.String(length=36), nullable=True))
        experiments.create_foreign_key(
            "fk_experiments_study_id", "lathe_studies", ["study_id"], ["id"], ondelete="SET NULL"
        )
        experiments.create_index("ix_experiments_study_id", ["study_id"])


def downgrade() -> None:
    with op.batch_alter_table("experiments") as experiments:
        experiments.drop_index("ix_experiments_study_id")
        experiments.drop_constraint("fk_experiments_study_id", type_="foreignkey")
        experiments.drop_column("study_id")
    op.drop_table("lathe_trials")
    op.drop_table("lathe_studies")
