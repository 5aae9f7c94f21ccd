"""A real server, and a client of its stream that can be cut off anywhere."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from backend.domain.catalog import Catalog
from backend.server import options
from backend.store import runs
from backend.store.session import Store
from tests.backend.api.conftest import TOKEN
from tests.backend.api.making import claimed, queued
from tests.patience import Stopwatch, granted, until

ON_EACH = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@contextmanager
def served(app: FastAPI) -> Iterator[int]:
    """The application on a free port of this machine, by the server that is used in production."""
    quick = {"log_level": "critical", "timeout_graceful_shutdown": 1}
    config = uvicorn.Config(app, host="127.0.0.1", port=0, **{**options(app.state.settings), **quick})
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started or not thread.is_alive(), 30, "the server")
    assert thread.is_alive()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(granted(10))


@dataclass
class Message:
    event: str
    data: Any
    id: str | None
    at: float


@dataclass
class Viewer:
    """Behaves like a browser's EventSource: keeps whole messages and the last id, and connects again with it."""

    port: int
    runs: list[str]
    rows: bool = False
    last_id: str | None = None
    messages: list[Message] = field(default_factory=list)
    cuts: int = 0

    def events(self) -> dict[str, list[int]]:
        """The sequence numbers that came in, by run, in order."""
        seen: dict[str, list[int]] = {run: [] for run in self.runs}
        for message in self.messages:
            if message.event == "run":
                seen[message.data["run_id"]].append(message.data["seq"])
        return seen

    def holds(self, goal: Mapping[str, int]) -> bool:
        """True when the last event of each run has arrived."""
        last = {m.data["run_id"]: m.data["seq"] for m in self.messages if m.event == "run"}
        return all(last.get(run, 0) >= seq for run, seq in goal.items())

    def open(self) -> socket.socket:
        link = socket.create_connection(("127.0.0.1", self.port), timeout=granted(10))
        query = f"runs={','.join(self.runs)}" + ("&rows=true" if self.rows else "")
        resumed = f"Last-Event-ID: {self.last_id}\r\n" if self.last_id else ""
        # HTTP 1.0 has no chunks: what comes after the head is the stream itself.
        head = f"GET /api/stream?{query} HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n{resumed}\r\n"
        link.sendall(head.encode())
        return link

    def read(
        self,
        most: float = float("inf"),
        goal: Mapping[str, int] | None = None,
        seconds: float = 30,
        until: Callable[["Viewer"], bool] = lambda viewer: False,
    ) -> None:
        """Read until `most` bytes came, or the goal is reached, or it is as it should be, or time is up; then hang
        up, wherever that is."""
        watch = Stopwatch()
        with self.open() as link:
            text = b""
            while b"\r\n\r\n" not in text:
                text += _some(link, 4096)
            head, _, text = text.partition(b"\r\n\r\n")
            assert b" 200 " in head.partition(b"\r\n")[0], head
            read = len(text)
            while True:
                *whole, text = text.split(b"\n\n")
                for part in whole:
                    self._take(part.decode())
                enough = until(self) or (goal is not None and self.holds(goal))
                if enough or read >= most or watch.seconds > seconds:
                    break
                link.settimeout(max(min(seconds - watch.seconds, 0.5), 0.01))
                try:
                    piece = link.recv(int(min(65536, most - read)) if most - read > 0 else 1)
                except TimeoutError:
                    continue
                if not piece:
                    break
                read, text = read + len(piece), text + piece
        self.cuts += 1

    def _take(self, part: str) -> None:
        fields: dict[str, str] = {}
        for line in part.split("\n"):
            name, _, value = line.partition(": ")
            fields[name] = value
        if "data" in fields:
            self.last_id = fields.get("id", self.last_id)
            message = Message(fields["event"], json.loads(fields["data"]), fields.get("id"), time.time())
            self.messages.append(message)


def _some(link: socket.socket, size: int) -> bytes:
    piece = link.recv(size)
    assert piece, "the server hung up"
    return piece


def live(store: Store, catalog: Catalog, count: int) -> list[runs.Lease]:
    queued(store, catalog, seeds=count)
    return [claimed(store) for _ in range(count)]


def having(messages: int) -> Callable[[Viewer], bool]:
    return lambda viewer: len(viewer.messages) >= messages


def states(viewer: Viewer) -> list[str]:
    return [message.data["state"] for message in viewer.messages if message.event == "row"]
