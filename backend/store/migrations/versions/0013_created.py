"""An Idempotency-Key stands for whatever its request created: experiments, studies and uploads alike."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    with op.batch_alter_table("idempotency") as idempotency:
        idempotency.drop_constraint("fk_idempotency_experiment_id", type_="foreignkey")
        idempotency.drop_index("ix_idempotency_experiment_id")
        idempotency.alter_column("experiment_id", new_column_name="created")


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM idempotency WHERE created NOT IN (SELECT id FROM experiments)"))
    with op.batch_alter_table("idempotency") as idempotency:
        idempotency.alter_column("created", new_column_name="experiment_id")
        idempotency.create_index("ix_idempotency_experiment_id", ["experiment_id"])
        idempotency.create_foreign_key(
            "fk_idempotency_experiment_id", "experiments", ["experiment_id"], ["id"], ondelete="CASCADE"
        )
