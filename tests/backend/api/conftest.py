"""A running API over a real database, with the catalog that a real worker publishes."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend.app import create_app
from backend.config import Settings
from backend.domain.catalog import Catalog
from backend.store import workers
from backend.store.migrate import migrate
from backend.store.session import Store

TOKEN = "test-token-of-more-than-32-characters"


@dataclass
class Api:
    """The API as a browser that has signed in sees it, and the store behind it."""

    client: TestClient
    store: Store
    settings: Settings


def settings_for(database_url: str, folder: Path, broker: str = "memory://", **more: float) -> Settings:
    """Hints go nowhere, unless a test looks for them."""
    return Settings.model_validate(
        {"data_dir": folder, "database": database_url, "broker": broker, "token": TOKEN, **more}
    )


@lru_cache(maxsize=1)
def _app() -> FastAPI:
    """One application for many tests, since it prepares its routes with the first request; what differs between
    tests is opened again with each start."""
    return create_app(Settings(token=TOKEN))


@contextmanager
def running(database_url: str, folder: Path, broker: str = "memory://", **more: float) -> Iterator[Api]:
    """The API on a database that is ready."""
    settings = settings_for(database_url, folder, broker, **more)
    store = Store.open(database_url)
    app = _app()
    app.state.settings = settings
    with TestClient(app, base_url="http://localhost", headers={"X-Lathe": "1"}) as client:
        client.get("/", params={"token": TOKEN}, follow_redirects=False)
        yield Api(client, store, settings)
    store.close()


def publish(database_url: str, catalog: Catalog) -> None:
    """A migrated database to which a worker has reported."""
    migrate(database_url)
    store = Store.open(database_url)
    with store.begin() as session:
        workers.announce(session, "worker-1", "tester", {"name": "cpu"}, catalog)
    store.close()


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> Path:
    """An SQLite file that `publish` made, to be copied."""
    file = tmp_path_factory.mktemp("published") / "lathe.sqlite"
    publish(f"sqlite:///{file}", catalog)
    return file


@pytest.fixture
def api(published: Path, tmp_path: Path) -> Iterator[Api]:
    """The API over SQLite."""
    file = tmp_path / "lathe.sqlite"
    shutil.copy(published, file)
    with running(f"sqlite:///{file}", tmp_path) as api:
        yield api


@pytest.fixture
def api_on_each(database_url: str, tmp_path: Path, catalog: Catalog) -> Iterator[Api]:
    """The API over each kind of database."""
    publish(database_url, catalog)
    with running(database_url, tmp_path) as api:
        yield api


@pytest.fixture
def api_without_worker(sqlite_url: str, tmp_path: Path) -> Iterator[Api]:
    """The API of an installation whose worker has never been ready."""
    migrate(sqlite_url)
    with running(sqlite_url, tmp_path) as api:
        yield api
