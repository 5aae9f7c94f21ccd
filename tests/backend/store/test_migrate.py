"""The migrations: what they leave is what the models say, however they were interrupted or doubled."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from backend.store.engine import open_engine
from backend.store.migrate import config, migrate
from backend.store.session import Store
from backend.store.tables import Table
from tests.patience import granted

NOON = "2026-01-01 12:00:00"
CHECKOUT = Path(__file__).parents[3]

DIES_HALF_WAY = """
import os, sys
from sqlalchemy import Engine, event
from backend.store.migrate import migrate

@event.listens_for(Engine, "before_cursor_execute")
def die(connection, cursor, statement, *rest):
    if "CREATE TABLE events" in statement:
        os._exit(9)

migrate(sys.argv[1])
"""


def differences(url: str) -> list[Any]:
    """Between the database and the models, as Alembic sees them."""
    engine = open_engine(url)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), Table.metadata)
    engine.dispose()
    return list(found)


def run_python(code: str, url: str, cwd: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code, url], cwd=cwd, env={**os.environ, "PYTHONPATH": str(CHECKOUT)})


def test_models_and_migrated_schema_do_not_differ(store_url: str) -> None:
    assert differences(store_url) == []


@pytest.mark.parametrize(
    "change",
    ["ALTER TABLE runs ADD COLUMN extra INTEGER", "DROP INDEX ix_runs_state_created_at", "DROP TABLE commands"],
)
def test_a_difference_would_be_noticed(database_url: str, change: str) -> None:
    migrate(database_url)
    store = Store.open(database_url)
    with store.begin() as session:
        session.execute(text(change))
    store.close()
    assert differences(database_url) != []


def test_migrating_again_changes_nothing(database_url: str) -> None:
    migrate(database_url)
    migrate(database_url)
    assert differences(database_url) == []


@pytest.mark.usefixtures("processes")
def test_concurrent_migrations_are_harmless(database_url: str, tmp_path: Path) -> None:
    code = "import sys; from backend.store.migrate import migrate; migrate(sys.argv[1])"
    processes = [run_python(code, database_url, tmp_path) for _ in range(2)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(migrate, [database_url] * 4))
    assert [process.wait(granted(30)) for process in processes] == [0, 0]
    assert differences(database_url) == []


@pytest.mark.usefixtures("processes")
def test_a_migration_that_is_killed_half_way_leaves_nothing(database_url: str, tmp_path: Path) -> None:
    assert run_python(DIES_HALF_WAY, database_url, tmp_path).wait(granted(30)) == 9
    engine = open_engine(database_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    migrate(database_url)
    assert differences(database_url) == []


def test_runs_keep_what_belongs_to_them_when_their_table_is_rebuilt(database_url: str) -> None:
    engine = open_engine(database_url, foreign_keys=False)
    with engine.begin() as connection:
        command.upgrade(config(connection), "0004")
        connection.execute(text(f"INSERT INTO experiments VALUES ('e', 'n', '{{}}', 'f', '{NOON}', NULL)"))
        connection.execute(
            text(
                "INSERT INTO runs (id, experiment_id, seed, color, state, epoch, heartbeat, attempts, last_seq, step, "
                f"active_seconds, latest, created_at) VALUES ('r', 'e', 0, 1, 'queued', 0, 0, 0, 1, 0, 0, '{{}}', '{NOON}')"
            )
        )
        connection.execute(text(f"INSERT INTO events VALUES ('r', 1, 'log', '{NOON}', '{{}}', NULL)"))
    engine.dispose()
    migrate(database_url)
    store = Store.open(database_url)
    with store.begin() as session:
        assert session.scalar(text("SELECT count(*) FROM events")) == 1
        session.execute(text("UPDATE runs SET parent_id = 'r', waits_for = 'r'"))
        session.execute(text("DELETE FROM runs"))
        assert session.scalar(text("SELECT count(*) FROM events")) == 0
    store.close()
