"""A real server over each kind of database, and a writer beside it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from backend.app import create_app
from backend.domain.catalog import Catalog
from backend.store.session import Store
from tests.backend.api.conftest import publish, settings_for
from tests.backend.api.stream.viewer import served


@pytest.fixture
def database(request: pytest.FixtureRequest, published: Path, tmp_path: Path, catalog: Catalog) -> str:
    """A database that is ready: SQLite, unless the test asks for each."""
    if getattr(request, "param", "sqlite") == "sqlite":
        shutil.copy(published, tmp_path / "lathe.sqlite")
        return f"sqlite:///{tmp_path / 'lathe.sqlite'}"
    url: str = request.getfixturevalue("postgres_url")
    publish(url, catalog)
    return url


@pytest.fixture
def app(database: str, tmp_path: Path) -> FastAPI:
    return create_app(settings_for(database, tmp_path))


@pytest.fixture
def port(app: FastAPI) -> Iterator[int]:
    with served(app) as port:
        yield port


@pytest.fixture
def store(app: FastAPI) -> Iterator[Store]:
    """The writer's own store: another process in production."""
    store = Store.open(app.state.settings.database_url)
    yield store
    store.close()
