"""Everything on this machine: `lathe up` starts the API, then the workers, keeps them alive, and stops them in order.

The workers are started by their command line: nothing of them is imported here.
"""

import os
import signal
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from threading import Thread
from typing import TextIO

from pydantic import Field

from backend import config
from backend.auth import Unsafe, keys
from backend.browser import show
from backend.children import Child, say
from backend.server import Refused, address, listening
from backend.store.migrate import migrate

UP_SECONDS = 60.0  # until the API answers, also on a slow machine
STOP_SECONDS = 32.0  # a worker gives its run back within half a minute
TICK_SECONDS = 0.2

API = [sys.executable, "-m", "backend", "serve"]
WORKER = [sys.executable, "-m", "worker.app"]


class Settings(config.Settings):
    browser: bool = Field(default=True, description="Open the page in a browser.")


class Signals:
    """Ctrl+C and SIGTERM, counted."""

    def __init__(self) -> None:
        self.count = 0
        signal.signal(signal.SIGINT, self._note)
        signal.signal(signal.SIGTERM, self._note)

    def _note(self, _number: int, _frame: object) -> None:
        self.count += 1


def main() -> None:
    settings = Settings.read().prepared()
    try:
        with _alone(settings) as lock:
            settings = listening(settings)
            _note(lock, f"{address(settings)}, process {os.getpid()}\n")
            _serve(settings, Signals())
    except (Refused, Unsafe) as problem:
        sys.exit(str(problem))


@contextmanager
def _alone(settings: Settings) -> Iterator[TextIO]:
    """Hold the data folder's lock. Raises Refused when another Lathe has it."""
    try:
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
                "Choose another folder with --data and another port with --port."
            ) from None
        yield lock


def _note(lock: TextIO, text: str) -> None:
    """Write into the lock who holds it. That is for people and the client: a full disk locks as well."""
    with suppress(OSError):
        os.ftruncate(lock.fileno(), 0)
        os.write(lock.fileno(), text.encode())


def _serve(settings: Settings, signals: Signals) -> None:
    began = time.monotonic()
    migrate(settings.database_url)
    # Hints alone are kept there, and nobody misses them.
    (settings.data_dir / "broker.sqlite").unlink(missing_ok=True)
    link = keys(settings).link(address(settings))
    environment = _environment(settings)
    api, workers = Child("API", API, environment, silent=True), _workers(settings, environment)
    try:
        api.start()
        _wait_until_up(settings, api, signals)
        if not signals.count:
            for worker in workers:
                worker.start()
            _greet(settings, link, time.monotonic() - began)
        while not signals.count:
            time.sleep(TICK_SECONDS)
            for child in (api, *workers):
                child.tend()
    finally:
        _stop(workers, api, signals)


def _workers(settings: Settings, environment: dict[str, str]) -> list[Child]:
    numbers = [""] if settings.workers == 1 else [f" {number}" for number in range(1, settings.workers + 1)]
    return [Child(f"worker{number}", WORKER, environment, silent=not settings.verbose) for number in numbers]


def _greet(settings: Settings, link: str, seconds: float) -> None:
    """Say what runs and where, and show it."""
    workers = "1 worker" if settings.workers == 1 else f"{settings.workers} workers"
    say(f"Lathe is ready after {seconds:.1f} s, with {workers}. Open\n\n    {link}\n", sys.stdout)
    say("Ctrl+C stops it; the next start continues from there.", sys.stdout)
    if settings.browser:
        Thread(target=show, args=(link, settings.data_dir), daemon=True).start()  # some browsers are waited for


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
        with urllib.request.urlopen(f"{address(settings)}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _stop(workers: list[Child], api: Child, signals: Signals) -> None:
    """The workers first, then the API that they report to; one more Ctrl+C ends everything at once."""
    if any(child.running for child in (*workers, api)):
        say(
            "\nStopping: the current run is saved and returns to the queue. Press Ctrl+C again to end everything at once.",
            sys.stdout,
        )
    patience, before = time.monotonic() + STOP_SECONDS, signals.count
    for children in (workers, [api]):
        for child in children:
            child.terminate()
        while any(child.running for child in children) and signals.count == before and time.monotonic() < patience:
            time.sleep(0.05)
        for child in children:
            child.kill()
    say("Stopped.", sys.stdout)


def _environment(settings: Settings) -> dict[str, str]:
    return {**os.environ, "LATHE_PORT": str(settings.port), "LATHE_DATA_DIR": str(settings.data_dir)}


if __name__ == "__main__":
    main()
