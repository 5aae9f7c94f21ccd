"""Brings a database to the schema of this version."""

from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.engine import Connection

from backend.store.engine import open_engine

if TYPE_CHECKING:
    from alembic.config import Config

LOCK = 0x1A7E  # any number that no one else uses for an advisory lock in this database


def migrate(url: str) -> None:
    """Upgrade the database at `url` to the newest schema; harmless when it is there already or two do it at once.

    All of it is one transaction: killed half-way, it leaves the database as it was.
    """
    from alembic import command  # here, because most processes open a store and never migrate it

    engine = open_engine(url, foreign_keys=False)  # a table that is rebuilt must not take its children with it
    try:
        with engine.execution_options(begin="BEGIN IMMEDIATE").begin() as connection:
            _wait_for_turn(connection)
            command.upgrade(config(connection), "head")
    finally:
        engine.dispose()


def config(connection: Connection) -> "Config":
    """Alembic's configuration, with no file lying around."""
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", "backend.store:migrations")
    settings.attributes["connection"] = connection
    return settings


def _wait_for_turn(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
