"""One command, no services: `python -m backend.embedded` runs Lathe on this machine (`make run`).

It starts the API, then one worker, keeps both alive, and stops them in order. `PORT` and `DATA_DIR` say where.
The worker is started by its command line: nothing of it is imported here.
"""

import os
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from backend.auth import Unsafe, keys
from backend.children import Child, say
from backend.config import Settings
from backend.store.migrate import migrate

UP_SECONDS = 60.0  # until the API answers, also on a slow machine
STOP_SECONDS = 32.0  # the worker gives its run back within half a minute
TURN_SECONDS = 0.2

API = [sys.executable, "-m", "backend", "serve"]
WORKER = [
    *(sys.executable, "-m", "celery", "--quiet", "--app", "worker.app", "worker"),
    *("--pool", "solo", "--concurrency", "1", "--loglevel", "INFO"),
    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
]


class Refused(Exception):
    """It cannot start; the message is one sentence that says what to do."""


class Signals:
    """Ctrl+C and SIGTERM, counted."""

    def __init__(self) -> None:
        self.count = 0
        signal.signal(signal.SIGINT, self._note)
        signal.signal(signal.SIGTERM, self._note)

    def _note(self, _number: int, _frame: object) -> None:
        self.count += 1


def main() -> None:
    try:
        settings = _settings()
        with _alone(settings):
            _serve(settings, Signals())
    except (Refused, Unsafe) as problem:
        sys.exit(str(problem))


def _settings() -> Settings:
    """From the environment: `PORT` and `DATA_DIR` go before `LATHE_PORT` and `LATHE_DATA_DIR`."""
    named = {"port": os.environ.get("PORT"), "data_dir": os.environ.get("DATA_DIR")}
    try:
        settings = Settings.model_validate({name: value for name, value in named.items() if value})
    except ValueError as error:
        raise Refused(f"The settings do not fit: {error}") from None
    return settings.model_copy(update={"data_dir": settings.data_dir.absolute()})


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Hold the data folder's lock. Raises Refused when another Lathe has it."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        lock = (settings.data_dir / "lathe.lock").open("a+")
    except OSError as error:
        raise Refused(f"The data folder {settings.data_dir} cannot be used ({error.strerror}).") from None
    with lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Refused(
                f"Lathe already runs on {settings.data_dir}: {lock.read().strip() or 'it is just starting'}. "
                "Choose another folder with DATA_DIR=… and another port with PORT=…."
            ) from None
        with suppress(OSError):  # it is for people: a full disk locks as well
            os.ftruncate(lock.fileno(), 0)
            os.write(lock.fileno(), f"{_address(settings)}, process {os.getpid()}\n".encode())
        yield


def _serve(settings: Settings, signals: Signals) -> None:
    began = time.monotonic()
    _check_port(settings)
    migrate(settings.database_url)
    # Hints alone are kept there, and nobody misses them.
    (settings.data_dir / "broker.sqlite").unlink(missing_ok=True)
    link = keys(settings).link(_address(settings))
    environment = _environment(settings)
    api, worker = Child("API", API, environment), Child("worker", WORKER, environment)
    try:
        api.start()
        _wait_until_up(settings, api, signals)
        if not signals.count:
            worker.start()
            say(f"\nLathe is ready after {time.monotonic() - began:.1f} s. Open\n\n    {link}\n", sys.stdout)
            say(f"Data: {settings.data_dir}. Ctrl+C stops it; the next start goes on where it was.\n", sys.stdout)
        while not signals.count:
            time.sleep(TURN_SECONDS)
            api.tend()
            worker.tend()
    finally:
        _stop([worker, api], signals)


def _check_port(settings: Settings) -> None:
    """Raises Refused in one sentence when the port is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise Refused(
                f"Port {settings.port} cannot be used ({error.strerror}): choose another one with PORT=…, "
                f"such as `make run PORT={settings.port + 1}`."
            ) from None


def _wait_until_up(settings: Settings, api: Child, signals: Signals) -> None:
    deadline = time.monotonic() + UP_SECONDS
    while not signals.count and not _answers(settings):
        if not api.running:
            raise Refused("The API did not start; the lines above say why.")
        if time.monotonic() > deadline:
            raise Refused(f"The API did not answer within {UP_SECONDS:.0f} s.")
        time.sleep(0.05)


def _answers(settings: Settings) -> bool:
    try:
        with urllib.request.urlopen(f"{_address(settings)}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _stop(children: list[Child], signals: Signals) -> None:
    """One after the other; one more Ctrl+C ends them at once."""
    if any(child.running for child in children):
        say("\nStopping: a run at work is saved and given back. Ctrl+C once more ends everything at once.", sys.stdout)
    patience, before = time.monotonic() + STOP_SECONDS, signals.count
    for child in children:
        child.terminate()
        while child.running and signals.count == before and time.monotonic() < patience:
            time.sleep(0.05)
        child.kill()
    say("Stopped.", sys.stdout)


def _address(settings: Settings) -> str:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def _environment(settings: Settings) -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    named = {"LATHE_PORT": str(settings.port), "LATHE_DATA_DIR": str(settings.data_dir), "PYTHONPATH": path}
    return {**os.environ, **named}


if __name__ == "__main__":
    main()
