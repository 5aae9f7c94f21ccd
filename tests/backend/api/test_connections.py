"""The door of the real server, over bare sockets: nobody holds it open, nobody is kept out, nothing is read for nobody."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from backend.api.live import broadcaster
from backend.app import create_app
from backend.connection import PORTION
from backend.store.migrate import migrate
from tests.backend.api.conftest import TOKEN, settings_for
from tests.backend.api.stream.viewer import served
from tests.backend.data.making import csv
from tests.patience import until

Server = Callable[..., int]  # settings to port

HOST = "Host: localhost\r\n"
TOKENED = f"{HOST}Authorization: Bearer {TOKEN}\r\n"
FORM = "Content-Type: multipart/form-data; boundary=b\r\n"
HALF_OPEN = {
    "nothing": "",
    "half a line": "GET /api/ru",
    "half a head": f"GET /api/runs HTTP/1.1\r\n{TOKENED}X-Slow: 1",
    "half a body": f"POST /api/specs/check HTTP/1.1\r\n{TOKENED}Content-Length: 100\r\n\r\n{{",
    "half an upload": f"POST /api/uploads HTTP/1.1\r\n{TOKENED}{FORM}Content-Length: 100000\r\n\r\n--b\r\n",
    "half a chunk": f"POST /api/uploads HTTP/1.1\r\n{TOKENED}{FORM}Transfer-Encoding: chunked\r\n\r\nffff\r\n--b\r\n",
    "half a second request": f"GET /healthz HTTP/1.1\r\n{HOST}\r\nGET /healthz HTTP/1.1\r\n",
}


@pytest.fixture
def server(sqlite_url: str, tmp_path: Path) -> Iterator[Server]:
    """Starts the real server with such limits; returns its port."""
    migrate(sqlite_url)
    with ExitStack() as running:

        def start(**limits: float) -> int:
            app = create_app(settings_for(sqlite_url, tmp_path).model_copy(update=limits))
            return running.enter_context(served(app))

        yield start


@contextmanager
def connected(port: int, text: str = "") -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as link:
        link.sendall(text.encode("latin-1"))
        yield link


def answer(link: socket.socket) -> bytes:
    """Reads until the server hangs up."""
    text = b""
    with suppress(ConnectionResetError):
        while piece := link.recv(1 << 16):
            text += piece
    return text


def gone(link: socket.socket) -> bool:
    """Tells, without waiting, that the other side has hung up; takes what has arrived."""
    link.setblocking(False)
    try:
        return link.recv(1 << 20) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def healthy(port: int) -> float:
    """Seconds that a new client waits for its answer."""
    began = time.monotonic()
    with connected(port, f"GET /api/runs HTTP/1.1\r\n{TOKENED}Connection: close\r\n\r\n") as link:
        assert answer(link).startswith(b"HTTP/1.1 200")
    return time.monotonic() - began


@pytest.mark.parametrize("kind", HALF_OPEN)
def test_half_open_connections_go_away_and_keep_nobody_out(server: Server, kind: str) -> None:
    port = server(head_seconds=1.0, portion_seconds=1.0, keep_alive_seconds=1)
    with ExitStack() as stack:
        held = [stack.enter_context(connected(port, HALF_OPEN[kind])) for _ in range(200)]
        healthy(port)
        until(lambda: healthy(port) and all(map(gone, held)), 60, "the end of the half-open connections")


def test_the_check_sees_connections_that_stay(server: Server) -> None:
    port = server()
    with connected(port, HALF_OPEN["half a head"]) as link, pytest.raises(AssertionError, match="did not come"):
        until(lambda: gone(link), 1.5, "the end")


def test_a_stream_beside_them_lives_on(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcaster, "KEEP_ALIVE", 0.1)
    port = server(head_seconds=0.3, portion_seconds=0.3, keep_alive_seconds=1)
    with connected(port, f"GET /api/stream HTTP/1.1\r\n{TOKENED}\r\n") as stream, connected(port) as idle:
        until(lambda: gone(idle), 30, "the end of the idle one")
        seen = b""
        while seen.count(b": alive") < 20:  # two seconds: several times what an idle client is granted
            piece = stream.recv(4096)
            assert piece
            seen += piece


def test_a_slow_upload_that_moves_arrives(server: Server) -> None:
    port = server(portion_seconds=1.0)
    file = csv(8000)
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="slow.csv"\r\n\r\n'
    body = head + file + b"\r\n--b--\r\n"
    assert len(body) > 6 * PORTION
    with connected(port, f"POST /api/uploads HTTP/1.1\r\n{TOKENED}{FORM}Content-Length: {len(body)}\r\n\r\n") as link:
        for start in range(0, len(body), PORTION):
            link.sendall(body[start : start + PORTION])
            time.sleep(0.3)  # in all longer than a client that sends nothing is granted
        assert link.recv(100).startswith(b"HTTP/1.1 201")


def test_the_oldest_stranger_gives_way_to_a_new_client(server: Server) -> None:
    port = server(strangers=20, head_seconds=60.0)
    with ExitStack() as stack:
        known = stack.enter_context(connected(port, f"GET /api/stream HTTP/1.1\r\n{TOKENED}\r\n"))
        assert known.recv(12) == b"HTTP/1.1 200"
        held = [stack.enter_context(connected(port)) for _ in range(60)]
        healthy(port)
        until(lambda: sum(map(gone, held)) >= 40, 30, "the end of the oldest")
        assert not gone(held[-1]) and not gone(known)


def test_too_many_known_clients_are_told(server: Server) -> None:
    port = server(connections=5, strangers=1)
    with ExitStack() as stack:
        for _ in range(5):
            link = stack.enter_context(connected(port, f"GET /api/stream HTTP/1.1\r\n{TOKENED}\r\n"))
            assert link.recv(12) == b"HTTP/1.1 200"
        with connected(port, f"GET /api/runs HTTP/1.1\r\n{TOKENED}\r\n") as one_more:
            assert answer(one_more).startswith(b"HTTP/1.1 503")


UNREAD = [
    ("401 without a token", f"POST /api/uploads HTTP/1.1\r\n{HOST}{FORM}", 401),
    ("401 of a route with small bodies", f"POST /api/experiments HTTP/1.1\r\n{HOST}", 401),
    ("403 of a page from elsewhere", f"POST /api/uploads HTTP/1.1\r\n{TOKENED}{FORM}Origin: http://evil\r\n", 403),
    ("404", f"POST /api/nothing HTTP/1.1\r\n{TOKENED}", 405),
    ("421", "POST /api/uploads HTTP/1.1\r\nHost: evil\r\n", 421),
    ("422 of no form", f"POST /api/uploads HTTP/1.1\r\n{TOKENED}", 422),
]


@pytest.mark.parametrize(
    ("head", "status"), [(head, status) for _, head, status in UNREAD], ids=[i for i, *_ in UNREAD]
)
@pytest.mark.parametrize("length", ["Content-Length: 200000000", "Transfer-Encoding: chunked"])
def test_a_body_that_nobody_wants_is_not_read(server: Server, head: str, status: int, length: str) -> None:
    if "experiments" in head or "nothing" in head:
        length = length.replace("200000000", "200000")
    with connected(server(), f"{head}{length}\r\n\r\n") as link:
        taken = _pushed(link, 200_000_000, chunked="chunked" in length)
        text = answer(link)
    assert text.startswith(f"HTTP/1.1 {status}".encode()), text[:200]
    assert b"connection: close" in text.lower()
    assert taken < 20_000_000, f"{taken:,} bytes were taken"  # what the kernel holds on both sides


@pytest.mark.parametrize("path", ["/api/uploads", "/api/experiments"])
def test_a_body_that_is_too_large_is_not_read(server: Server, path: str) -> None:
    port = server(upload_bytes=1 << 20)
    for length in ("Content-Length: 200000000", "Transfer-Encoding: chunked"):
        with connected(port, f"POST {path} HTTP/1.1\r\n{TOKENED}{FORM}{length}\r\n\r\n") as link:
            taken = _pushed(link, 200_000_000, chunked="chunked" in length)
            text = answer(link)
        assert re.match(rb"HTTP/1.1 (413|422)", text) and b"connection: close" in text.lower(), text[:200]
        assert taken < 20_000_000, f"{taken:,} bytes were taken"


def _pushed(link: socket.socket, most: int, chunked: bool) -> int:
    """Sends until the other side takes no more; returns the number of bytes that it took."""
    block = b"x" * 65536
    piece = b"10000\r\n" + block + b"\r\n" if chunked else block
    sent = 0
    link.settimeout(0.5)
    with suppress(OSError):
        while sent < most:
            sent += link.send(piece[sent % len(piece) :])
    link.settimeout(30)
    return sent


def test_a_client_that_reads_nothing_is_let_go(server: Server, tmp_path: Path) -> None:
    port = server(portion_seconds=0.5)
    with ExitStack() as stack:
        idle = [stack.enter_context(connected(port)) for _ in range(4)]
        for link in idle:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            link.sendall(f"GET /api/openapi.json HTTP/1.1\r\n{TOKENED}\r\n".encode() * 200)
        before = threading.active_count()
        healthy(port)
        until(lambda: all(map(_reset, idle)), 30, "the end of those that read nothing")
        assert threading.active_count() <= before + 1


def _reset(link: socket.socket) -> bool:
    """Tells that the server has cut the connection, without reading from it."""
    return link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0 or _closed(link)


def _closed(link: socket.socket) -> bool:
    state = link.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    return state not in (1,)  # no longer ESTABLISHED


def test_many_requests_at_the_same_moment_are_all_answered(server: Server) -> None:
    """Threads and connections to the database are fewer: requests that hold one must not wait for the other."""
    port = server()
    with ExitStack() as stack:
        links = [stack.enter_context(connected(port)) for _ in range(190)]
        for link in links:
            link.sendall(f"GET /healthz HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n".encode())
        assert {answer(link)[:12] for link in links} == {b"HTTP/1.1 200"}


MALFORMED = [
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
    "\r\n\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "GET http://[/ HTTP/1.1\r\nHost: [\r\n\r\n",
    "GET /%ff%00 HTTP/1.1\r\n" + TOKENED + "\r\n",
    "GET * HTTP/1.1\r\n" + TOKENED + "\r\n",
    "GET [ HTTP/1.1\r\n" + TOKENED + "\r\n",
    "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n",
    "POST /api/specs/check HTTP/1.1\r\n" + TOKENED + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
    "POST /api/specs/check HTTP/1.1\r\n" + TOKENED + "Content-Length: " + "9" * 5000 + "\r\n\r\n",
    "POST /api/specs/check HTTP/1.1\r\n" + TOKENED + "Content-Length: -1\r\n\r\n",
    "POST /api/specs/check HTTP/1.1\r\n" + TOKENED + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nxx",
    "POST /api/specs/check HTTP/1.1\r\n" + TOKENED + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "POST /api/specs/check HTTP/1.1\r\n" + TOKENED + "Transfer-Encoding: gzip\r\n\r\n",
    "GET / HTTP/1.1\r\n" + TOKENED + "X: " + "y" * 200_000 + "\r\n\r\n",
    "GET / HTTP/1.1\r\n" + TOKENED + " folded\r\nno colon\r\n\r\n",
    "GET / HTTP/1.1\r\n" + TOKENED + "Origin: http://[\r\nCookie: a=\"\r\nX-\xff: \xff\r\n\r\n",
    "GET / HTTP/1.1\r\n" + TOKENED + "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "DELETE /api/runs/x HTTP/1.1\r\n" + TOKENED + "Origin: http://[\r\n\r\n",
]  # fmt: skip


def test_nothing_malformed_is_a_server_error(server: Server) -> None:
    port = server(head_seconds=2.0, portion_seconds=2.0, keep_alive_seconds=1)
    for text in MALFORMED:
        with connected(port) as link, suppress(ConnectionError):
            link.sendall(text.encode("latin-1"))
            assert not re.match(rb"HTTP/1.1 5", answer(link)), text
    healthy(port)


def test_an_answer_is_whole_and_its_connection_is_used_again(server: Server) -> None:
    with connected(server()) as link:
        for _ in range(3):
            link.sendall(f"POST /api/specs/check HTTP/1.1\r\n{TOKENED}Content-Length: 2\r\n\r\n{{}}".encode())
            head, _, body = link.recv(1 << 16).partition(b"\r\n\r\n")
            assert b"connection: close" not in head.lower()
            length = int(head.lower().partition(b"content-length: ")[2].split()[0])
            while len(body) < length:
                body += link.recv(1 << 16)
            assert json.loads(body)["error"]
