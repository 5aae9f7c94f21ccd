"""Run by Alembic, on the connection and in the transaction that `backend.store.migrate` has opened."""

from alembic import context

from backend.store.blocks.tables import Table

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Table.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
