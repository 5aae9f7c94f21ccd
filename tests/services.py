"""Real servers for the tests: on free ports, in temporary folders, dead when the tests are, however those end."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.patience import granted, until

# A shell that outlives the tests by a moment. Its standard input is closed when they end, be it by SIGKILL: then the
# server is stopped and its folder deleted. A line on the input stops the server alone.
GUARD = """
signal=$1; folder=$2; shift 2
"$@" </dev/null >>"$folder/log" 2>&1 &
echo $!
read -r word
kill -s "$signal" $! 2>/dev/null; wait $!
[ -n "$word" ] || rm -rf "$folder"
"""


class Missing(Exception):
    """A program is not installed."""


@dataclass
class Server:
    """A server process that can be stopped, killed and started again on the same port with the same data."""

    command: list[str]
    port: int
    folder: Path
    url: str
    stop_signal: str
    answers: Callable[[str], bool]
    user: str | None
    pid: int = 0
    _guard: "subprocess.Popen[str] | None" = field(default=None, repr=False)

    def start(self, seconds: float = 30) -> None:
        """Start it and wait until it answers."""
        guarded = ["sh", "-c", GUARD, "guard", self.stop_signal, str(self.folder), *self.command]
        self._guard = subprocess.Popen(
            guarded, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True, user=self.user,
            group=self.user, extra_groups=[] if self.user else None, cwd=self.folder,
        )  # fmt: skip
        assert self._guard.stdout is not None
        self.pid = int(self._guard.stdout.readline())
        until(lambda: self.answers(self.url), seconds, f"an answer of {self.command[0]}", self.folder / "log")

    def stop(self) -> None:
        """Stop it as an operator would; its data stays."""
        self._end("keep\n")

    def kill(self) -> None:
        """SIGKILL; its data stays."""
        os.kill(self.pid, signal.SIGKILL)
        self._end("keep\n")

    def delete(self) -> None:
        """Stop it and delete its folder."""
        self._end("")

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def _end(self, word: str) -> None:
        if self._guard is not None:
            self._guard.communicate(word, timeout=granted(30))
            self._guard = None


@contextmanager
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server with one superuser `lathe`, trusted on loopback alone."""
    folder, user = _folder("postgres")
    binaries = _postgresql_binaries()
    port = free_port()
    data, account = folder / "data", {"user": user, "group": user, "extra_groups": [] if user else None}
    flags = ["--auth=trust", "--username=lathe", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run([binaries / "initdb", *flags, "-D", data], check=True, capture_output=True, cwd=folder, **account)  # type: ignore[call-overload]
    settings = {"listen_addresses": "127.0.0.1", "fsync": "off", "max_connections": "200"}
    command = [str(binaries / "postgres"), "-D", str(data), "-p", str(port), "-k", str(folder)]
    command += [f"--{name}={value}" for name, value in settings.items()]
    url = f"postgresql://lathe@127.0.0.1:{port}/postgres"
    server = Server(command, port, folder, url, "INT", postgresql_answers, user)
    yield from _running(server)


@contextmanager
def redis() -> Iterator[Server]:
    """A Redis server that writes nothing to the disk."""
    program = _program("redis-server", "redis-server")
    folder, user = _folder("redis")
    port = free_port()
    command = [
        program,
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(folder),
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    server = Server(command, port, folder, f"redis://127.0.0.1:{port}/0", "TERM", redis_answers, user)
    yield from _running(server)


def create_database(server: Server, name: str) -> str:
    """A fresh, empty database; returns its URL."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return server.url.removesuffix("postgres") + name


def drop_database(server: Server, name: str) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def empty(url: str, tables: list[str]) -> None:
    """Delete every row of `tables` and every other table but Alembic's; end what an earlier test may have left connected."""
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(end)
        connection.execute(f"TRUNCATE {', '.join(tables)}".encode())
        kept = [*tables, "alembic_version"]
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        if strange := [name for (name,) in found if name not in kept]:
            connection.execute(f"DROP TABLE {', '.join(strange)}".encode())


def flush(server: Server) -> None:
    """Forget everything in a Redis."""
    assert _redis_says(server.url, b"FLUSHALL") == b"+OK\r\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _running(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.delete()
        shutil.rmtree(server.folder, ignore_errors=True)


def _folder(account: str) -> tuple[Path, str | None]:
    """A temporary folder and the account that owns it: PostgreSQL refuses root, so root hands it to `account`."""
    folder = Path(tempfile.mkdtemp(prefix=f"lathe-{account}-"))
    if os.geteuid() != 0:
        return folder, None
    shutil.chown(folder, account, account)
    return folder, account


def _postgresql_binaries() -> Path:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return versions[-1] if versions else Path(_program("initdb", "postgresql")).parent


def postgresql_program(name: str) -> str:
    """Path of a client program, of the server's own version."""
    return str(_postgresql_binaries() / name)


def _program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Missing(f"{name} is not installed: apt-get install -y {package}")
    return found


def postgresql_answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=int(granted(1))).close()
    except psycopg.OperationalError:
        return False
    return True


def redis_answers(url: str) -> bool:
    try:
        return _redis_says(url, b"PING") == b"+PONG\r\n"
    except OSError:
        return False


def _redis_says(url: str, command: bytes) -> bytes:
    port = int(url.removesuffix("/0").rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=granted(5)) as connection:
        connection.sendall(command + b"\r\n")
        return connection.recv(64)
