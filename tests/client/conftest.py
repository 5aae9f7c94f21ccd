"""A server that answers over a real database, runs that a writer makes beside it, and a way between that can be cut."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from backend.app import create_app
from backend.store.session import Store
from client import Lathe
from tests.backend.api.conftest import TOKEN, published, settings_for
from tests.backend.api.stream.viewer import served
from tests.client.proxy import Proxy

__all__ = ["published"]


@dataclass
class Server:
    """A running API, and the writer's own store: another process in production."""

    port: int
    store: Store
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def server(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("client")
    shutil.copy(published, folder / "lathe.sqlite")
    url = f"sqlite:///{folder / 'lathe.sqlite'}"
    store = Store.open(url)
    with served(create_app(settings_for(url, folder))) as port:
        yield Server(port, store, folder)
    store.close()


@pytest.fixture
def lathe(server: Server) -> Iterator[Lathe]:
    with Lathe(server.url, TOKEN) as lathe:
        yield lathe


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    with Proxy(server.port) as proxy:
        yield proxy


@pytest.fixture
def cut_lathe(proxy: Proxy) -> Iterator[Lathe]:
    """The client behind the proxy."""
    with Lathe(f"http://127.0.0.1:{proxy.port}", TOKEN) as lathe:
        yield lathe
