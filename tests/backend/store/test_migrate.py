"""The migrations: what they leave is what the models say, however they were interrupted or doubled."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from backend.store.engine import open_engine
from backend.store.migrate import migrate
from backend.store.session import Store
from backend.store.tables import Table

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


def test_concurrent_migrations_are_harmless(database_url: str, tmp_path: Path) -> None:
    code = "import sys; from backend.store.migrate import migrate; migrate(sys.argv[1])"
    processes = [run_python(code, database_url, tmp_path) for _ in range(2)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(migrate, [database_url] * 4))
    assert [process.wait(60) for process in processes] == [0, 0]
    assert differences(database_url) == []


def test_a_migration_that_is_killed_half_way_leaves_nothing(database_url: str, tmp_path: Path) -> None:
    assert run_python(DIES_HALF_WAY, database_url, tmp_path).wait(60) == 9
    engine = open_engine(database_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    migrate(database_url)
    assert differences(database_url) == []
