"""Fixtures that every test may ask for: real servers, a store on each database, the catalog."""

import ctypes
import gc
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from backend.domain.catalog import Catalog
from backend.store.blocks.tables import Table
from backend.store.migrate import migrate
from backend.store.session import Store
from tests import outside, services
from tests.services import Server

LEFT = pytest.StashKey[int]()
"""Number of tests that a fast run leaves out."""


@pytest.fixture(scope="session")
def processes() -> None:
    """Asked for by what starts processes of ours, or does all of their work: nobody else may, see `tests/outside.py`."""


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    with _installed(services.postgresql) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Server]:
    with _installed(services.redis) as server:
        yield server


@contextmanager
def _installed(service: Callable[[], AbstractContextManager[Server]]) -> Iterator[Server]:
    """The running service; a failure of one line, never a skip, when its program is missing."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(service())
        except services.Missing as missing:
            pytest.fail(str(missing), pytrace=False)
        yield server


@pytest.fixture
def postgres_url(postgresql_server: Server) -> Iterator[str]:
    """A fresh, empty PostgreSQL database."""
    name = f"test_{uuid.uuid4().hex}"
    yield services.create_database(postgresql_server, name)
    services.drop_database(postgresql_server, name)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A fresh SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path / 'lathe.sqlite'}"


@pytest.fixture
def redis_url(redis_server: Server) -> str:
    """An empty Redis."""
    services.flush(redis_server)
    return redis_server.url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, empty database of each kind, without a schema."""
    url: str = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param])
    return url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database brought by the real migrations to the newest schema: copied for each test."""
    path = tmp_path_factory.mktemp("migrated") / "lathe.sqlite"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgresql_server: Server) -> str:
    """A PostgreSQL database brought by the real migrations to the newest schema: emptied for each test."""
    url = services.create_database(postgresql_server, "migrated")
    migrate(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind, at the newest schema and with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copy(request.getfixturevalue('migrated_sqlite'), tmp_path)}"
    url: str = request.getfixturevalue("migrated_postgres")
    services.empty(url, [table.name for table in Table.metadata.sorted_tables])
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store on each kind of database."""
    store = Store.open(store_url)
    yield store
    store.close()


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The catalog that a worker publishes on this machine."""
    from worker.contracts.catalog import build
    from worker.contracts.component import discover

    discover()
    return build()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fast", action="store_true", help="leave out tests that need a server, a browser or processes of ours"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("fast"):
        kept = [item for item in items if not outside.needed(item)]
        config.stash[LEFT] = len(items) - len(kept)
        items[:] = kept


def pytest_runtest_setup(item: pytest.Item) -> None:
    outside.allow(not item.config.getoption("fast"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that reports, where several test."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left"] = session.config.stash.get(LEFT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[LEFT] = getattr(node, "workeroutput", {}).get("left", 0)


def pytest_collection_finish() -> None:
    """Exempts all that is imported from garbage collection: it stays anyway."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Give back what the tests of a file held: freed memory stays with the process by itself, in many small pieces."""
    if nextitem is None or nextitem.path != item.path:
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what tests that passed have said: the reports come from other processes too."""
    if left := terminalreporter.config.stash.get(LEFT, 0):
        terminalreporter.write_line(f"{left} tests of processes, servers and a browser are left to `make test`.")
    for report in terminalreporter.getreports("passed"):
        for name, sentence in report.user_properties:
            if name == "said":
                terminalreporter.write_line(f"{report.nodeid}: {sentence}")
