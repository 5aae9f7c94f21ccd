"""Adds to a command the reason that a person gave for it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    with op.batch_alter_table("commands") as commands:
        commands.add_column(sa.Column("why", sa.String(length=500), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("commands") as commands:
        commands.drop_column("why")
