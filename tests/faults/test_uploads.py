"""A server that is killed while it takes a file, and a client that goes away: all or nothing remains."""

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from backend.store.migrate import migrate
from tests.backend.data.making import csv
from tests.e2e.lathe import free_port
from tests.faults.farm import ROOT, until

TOKEN = "t" * 43

SERVER = """
import os, signal, sys, uvicorn
from backend.api import uploads
from backend.api.bodies import receiving
from backend.api.staging import upload_files
from backend.app import create_app

def dying(place, name, after):
    real = getattr(place, name)
    def died(*arguments, **named):
        if after:
            real(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(place, name, died)

POINTS = {
    "receiving": (receiving.Writer, "take", True),
    "checking": (uploads, "_check", False),
    "checked": (uploads, "_check", True),
    "renaming": (upload_files.Slot, "keep", False),
    "renamed": (upload_files.Slot, "keep", True),
    "registering": (uploads.uploads, "register", True),
    "committed": (uploads, "_detail", False),
}
port, point = sys.argv[1:]
if point in POINTS:
    dying(*POINTS[point])
uvicorn.run(create_app(), host="127.0.0.1", port=int(port), log_level="warning")
"""


@contextmanager
def server(data_dir: Path, point: str = "nowhere") -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """An API that dies at `point`; its port and its process."""
    port, environment = free_port(), {"LATHE_DATA_DIR": str(data_dir), "LATHE_TOKEN": TOKEN}
    log = (data_dir / f"{point}.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(port), point], cwd=ROOT, env={**os.environ, **environment}, stderr=log
    )
    try:
        until(lambda: answers(port), 60, "the API", data_dir / f"{point}.log")
        yield port, process
    finally:
        process.kill()
        process.wait()
        log.close()


def answers(port: int) -> bool:
    try:
        return call(port, "GET", "/healthz")[0] == 200
    except OSError:
        return False


def call(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
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


@pytest.mark.parametrize(
    "point", ["receiving", "checking", "checked", "renaming", "renamed", "registering", "committed"]
)
def test_a_kill_leaves_all_or_nothing(point: str, tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path / 'lathe.sqlite'}")
    with server(tmp_path, point) as (port, process):
        with pytest.raises((OSError, http.client.HTTPException)):
            call(port, "POST", "/api/uploads", form(csv()))
        assert process.wait(30) == -signal.SIGKILL
    assert len(left(tmp_path)) == 1  # it died with something in its hands
    with server(tmp_path) as (port, _):
        _, listed = call(port, "GET", "/api/uploads")
        assert left(tmp_path) == [row["id"] for row in listed]
        assert len(listed) == (point == "committed")
        assert call(port, "POST", "/api/uploads", form(csv()))[0] == 201


def test_a_client_that_goes_away_leaves_nothing(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path / 'lathe.sqlite'}")
    with server(tmp_path) as (port, _):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
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
        connection = http.client.HTTPConnection("127.0.0.1", old, timeout=60)
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
