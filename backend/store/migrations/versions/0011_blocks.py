"""Blocks: points of finished stretches, compacted; an index of what happened beside points."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

NUMBERED = ("first_seq", "last_seq")


def upgrade() -> None:
    op.create_table(
        "blocks",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        *(sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False) for name in NUMBERED),
        sa.Column("events", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("size", "first_step", "last_step")),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in ("directory", "sparse", "offsets")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_blocks_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", *NUMBERED, name="pk_blocks"),
    )
    op.create_table(
        "block_columns",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False) for name in NUMBERED),
        sa.Column("points", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in ("coarse", "fine", "data")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_block_columns_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "name", *NUMBERED, name="pk_block_columns"),
    )
    op.create_table(
        "compactors",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("holder", sa.String(length=36), nullable=True),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_compactors"),
    )
    op.create_index(
        "ix_events_run_id_kind_seq",
        "events",
        ["run_id", "kind", "seq"],
        sqlite_where=sa.text("kind != 'points'"),
        postgresql_where=sa.text("kind != 'points'"),
    )
    if op.get_bind().dialect.name == "postgresql":  # they are packed by then
        for table, names in {"blocks": ("offsets",), "block_columns": ("coarse", "fine", "data")}.items():
            for name in names:
                op.execute(f"ALTER TABLE {table} ALTER COLUMN {name} SET STORAGE EXTERNAL")


def downgrade() -> None:
    raise RuntimeError("Compacted points would be lost: restore the database from before.")
