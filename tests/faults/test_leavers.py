"""Clients that leave in the midst of something: nothing of it stays, and the log is not theirs to fill."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.domain.catalog import Catalog
from backend.store.session import Store
from tests.backend.api.conftest import publish
from tests.backend.api.making import queued
from tests.backend.data.making import csv
from tests.faults.test_uploads import TOKEN, call, form, left, server
from tests.patience import granted, until

HEAD = f"Host: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n"
FORM = "Content-Type: multipart/form-data; boundary=b\r\n"
TIMES = 10


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> Iterator[tuple[int, str, Path]]:
    """A server with a run: its port, the run's id and its log."""
    tmp_path = tmp_path_factory.mktemp("left")
    url = f"sqlite:///{tmp_path / 'lathe.sqlite'}"
    publish(url, catalog)
    store = Store.open(url)
    (run_id,) = queued(store, catalog)
    store.close()
    with server(tmp_path) as (port, _):
        yield port, run_id, tmp_path / "nowhere.log"


def leave(port: int, text: str, read: int) -> None:
    """Say something, read so much of the answer, and go."""
    with socket.create_connection(("127.0.0.1", port), timeout=granted(10)) as link:
        link.sendall(text.encode())
        if read:
            link.recv(read)


LEAVING = {
    "an upload": (f"POST /api/uploads HTTP/1.1\r\n{HEAD}{FORM}Content-Length: 9000000\r\n\r\n", csv(5000), 0),
    "an upload in chunks": (f"POST /api/uploads HTTP/1.1\r\n{HEAD}{FORM}Transfer-Encoding: chunked\r\n\r\nff", b"", 0),
    "a spec": (f"POST /api/experiments HTTP/1.1\r\n{HEAD}Content-Length: 900\r\n\r\n", b'{"spec"', 0),
    "a spec in YAML": (
        f"POST /api/experiments HTTP/1.1\r\n{HEAD}Content-Type: application/yaml\r\nContent-Length: 900\r\n\r\n",
        b"name: x",
        0,
    ),
    "a head": (f"GET /api/runs HTTP/1.1\r\n{HEAD}", b"", 0),
    "the stream": (f"GET /api/stream?rows=true HTTP/1.1\r\n{HEAD}\r\n", b"", 300),
    "a report": (f"GET /api/runs/RUN/report HTTP/1.1\r\n{HEAD}\r\n", b"", 300),
    "a page": (f"GET / HTTP/1.1\r\n{HEAD}\r\n", b"", 10),
    "a list, unread": (f"GET /api/runs HTTP/1.1\r\n{HEAD}\r\n", b"", 0),
}


@pytest.mark.parametrize("what", LEAVING)
def test_who_leaves_writes_at_most_a_line(place: tuple[int, str, Path], what: str) -> None:
    port, run_id, log = place
    head, body, read = LEAVING[what]
    beginning = form(body).decode()[:-20] if what == "an upload" else body.decode()
    known = log.read_text()
    for _ in range(TIMES):
        leave(port, head.replace("RUN", run_id) + beginning, read)
    until(lambda: not left(log.parent), 30, "the end of what was received", log)
    assert call(port, "GET", "/api/uploads") == (200, [])
    written = log.read_text().removeprefix(known).splitlines()
    assert len(written) <= TIMES and not any("Traceback" in line for line in written), written
