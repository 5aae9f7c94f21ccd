"""A server that is killed while it takes a file, and a client that goes away: all or nothing remains."""

import http.client
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from backend.store.migrate import migrate
from tests.backend.data.making import csv
from tests.patience import granted, until
from tests.processes.start import Process, start
from tests.services import free_port

TOKEN = "t" * 43


@contextmanager
def server(data_dir: Path, point: str = "nowhere") -> Iterator[tuple[int, Process]]:
    """An API that dies at `point`; its port and its process."""
    port, environment = free_port(), {"LATHE_DATA_DIR": str(data_dir), "LATHE_TOKEN": TOKEN}
    process = start(["tests.faults.dying_api", str(port), point], environment, data_dir / f"{point}.log")
    try:
        until(lambda: answers(port), 60, "the API", process.log)
        yield port, process
    finally:
        process.end(signal.SIGKILL)


def answers(port: int) -> bool:
    try:
        return call(port, "GET", "/healthz")[0] == 200
    except OSError:
        return False


def call(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=granted(20))
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "multipart/form-data; boundary=b"}
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


def form(content: bytes) -> bytes:
    return b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n' + content + b"\r\n--b--\r\n"


def left(data_dir: Path) -> list[str]:
    root = data_dir / "uploads"
    return sorted(path.name for path in root.iterdir()) if root.exists() else []


@pytest.mark.parametrize("point", ["receiving", "checking", "checked", "syncing", "synced", "registering", "committed"])
def test_a_kill_leaves_all_or_nothing(point: str, tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path / 'lathe.sqlite'}")
    with server(tmp_path, point) as (port, process):
        with pytest.raises((OSError, http.client.HTTPException)):
            call(port, "POST", "/api/uploads", form(csv()))
        assert process.wait() == -signal.SIGKILL
    assert len(left(tmp_path)) == 1  # it died with something in its hands
    with server(tmp_path) as (port, _):
        _, listed = call(port, "GET", "/api/uploads")
        assert left(tmp_path) == [row["id"] for row in listed]
        assert len(listed) == (point == "committed")
        assert call(port, "POST", "/api/uploads", form(csv()))[0] == 201


def test_a_client_that_goes_away_leaves_nothing(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path / 'lathe.sqlite'}")
    with server(tmp_path) as (port, _):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=granted(20))
        connection.putrequest("POST", "/api/uploads")
        for name, value in (
            ("Authorization", f"Bearer {TOKEN}"),
            ("Content-Type", "multipart/form-data; boundary=b"),
            ("Content-Length", "10000000"),
        ):
            connection.putheader(name, value)
        connection.endheaders(form(csv(20_000))[:300_000])
        until(lambda: left(tmp_path), 30, "the beginning of the file")
        connection.close()
        until(lambda: not left(tmp_path), 30, "its end")
        assert call(port, "GET", "/api/uploads") == (200, [])


def test_a_start_leaves_alone_what_another_server_receives(tmp_path: Path) -> None:
    """As in a rolling restart: the new one starts while the old one still takes a file."""
    migrate(f"sqlite:///{tmp_path / 'lathe.sqlite'}")
    with server(tmp_path) as (old, _):
        connection = http.client.HTTPConnection("127.0.0.1", old, timeout=granted(20))
        body = form(csv(20_000))
        connection.putrequest("POST", "/api/uploads")
        for name, value in (
            ("Authorization", f"Bearer {TOKEN}"),
            ("Content-Type", "multipart/form-data; boundary=b"),
            ("Content-Length", str(len(body))),
        ):
            connection.putheader(name, value)
        connection.endheaders(body[:100_000])
        until(lambda: left(tmp_path), 30, "the beginning of the file")
        with server(tmp_path, "new") as (new, _):
            connection.send(body[100_000:])
            answer = connection.getresponse()
            assert answer.status == 201
            assert left(tmp_path) == [json.loads(answer.read())["id"]]
            assert len(call(new, "GET", "/api/uploads")[1]) == 1
        connection.close()
