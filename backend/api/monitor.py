"""Monitors the database, the disk, the queue and the workers, for health checks and metrics.

One thread looks every few seconds, whoever asks: an answer costs nothing, and counters can be watched. Nothing is
decided by wall clocks: a worker, a lease or a run that waits counts as stuck when this process itself has watched it
stand still on its own monotonic clock, from its start on. Ages that no decision rests on come from the rows.
"""

import logging
import shutil
from dataclasses import dataclass, replace
from threading import Event, Lock, Thread
from time import monotonic

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from backend.api.schemas.runs import Check
from backend.config import Settings
from backend.store import runs, tables, workers
from backend.store.clock import now
from backend.store.session import UNAVAILABLE, Store
from backend.store.stillness import Stillness
from backend.store.trouble import trouble

log = logging.getLogger(__name__)

INTERVAL = 2.0  # seconds between two looks
FRESH = 1.0  # seconds for which a look is not repeated, however many ask
PATIENCE = 1.0  # seconds that a look waits for a lock
OVERDUE = 10.0  # seconds without a finished look, after which the database counts as one that does not answer
STUCK = 60.0  # seconds for which a run may be left waiting beside an idle worker


@dataclass(frozen=True)
class Report:
    """The findings of one look. Whatever could not be found out is None, and has no check."""

    checks: tuple[Check, ...] = ()
    free_bytes: int | None = None
    queue_seconds: float | None = None  # for which the oldest run that could be claimed has waited, by wall clocks
    lease_seconds: float | None = None  # since a live run's lease was last seen to be renewed, the oldest
    silent: frozenset[str] = frozenset()  # workers that are at work by their rows alone

    @property
    def ready(self) -> bool:
        return not self.complaints

    @property
    def complaints(self) -> list[Check]:
        return [check for check in self.checks if not check.ok]


class Monitor:
    """Works in a thread of its own from `start` to `close`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = Store.open(settings.database_url, patience=PATIENCE)
        self._workers, self._leases, self._waiting = (Stillness(2 * INTERVAL, monotonic) for _ in range(3))
        self._looking, self._closed = Lock(), Event()
        self._latest, self._at = Report(), -OVERDUE
        self._thread = Thread(target=self._watch, name="monitor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._thread.join(PATIENCE * 3)
        self._store.close()

    def report(self) -> Report:
        """The newest look, or a new one where that is not fresh; waits for one that is under way, a little."""
        if monotonic() - self._at > FRESH and self._looking.acquire(timeout=PATIENCE):
            try:
                self._check()
            finally:
                self._looking.release()
        if monotonic() - self._at > OVERDUE:
            return Report((_check("database", False, "The database does not answer."),))
        return self._latest

    def _watch(self) -> None:
        while not self._closed.is_set():
            try:
                self.report()
            except Exception:  # the next look may do better, and a report that is overdue says so
                log.exception("the monitor could not look")
            self._closed.wait(INTERVAL)

    def _check(self) -> None:
        """Look once, unless somebody has just done so."""
        if monotonic() - self._at <= FRESH:
            return
        disk, free = self._disk()
        try:
            self._store.touch()
            with self._store.read() as session:
                found = self._inside(session)
        except SQLAlchemyError as error:
            self._forget()
            found = Report((_refused(error),))
        self._latest = replace(found, checks=(*found.checks, disk), free_bytes=free)
        self._at = monotonic()

    def _disk(self) -> tuple[Check, int | None]:
        folder = self._settings.data_dir
        try:
            free = shutil.disk_usage(folder).free
        except OSError as error:
            return _check("disk", False, f"The data folder cannot be used ({error.strerror})."), None
        if free < self._settings.least_free_bytes:
            return _check("disk", False, f"The disk of the data folder is nearly full: {_size(free)} are left."), free
        return _check("disk", True, f"{_size(free)} are free on the disk of the data folder."), free

    def _forget(self) -> None:
        """Forgets how long counters stood still: no process could change them."""
        for watched in (self._workers, self._leases, self._waiting):
            watched.forget()

    def _inside(self, session: Session) -> Report:
        """Reads the state of workers, leases and queue from a database that takes what is written."""
        present = workers.beats(session)
        ages = self._workers.observe({id: (heartbeat,) for id, heartbeat, _ in present})
        silent = frozenset(id for id, age in ages.items() if age >= self._settings.lease_seconds)
        heard = [run_id for id, _, run_id in present if id not in silent]
        leases = self._leases.observe({run_id: (epoch, beat) for run_id, epoch, beat in runs.leases(session)})
        oldest = runs.oldest_claimable(session)
        left = self._waiting.observe({oldest.id: ()} if oldest else {})
        checks = (
            _check("database", True, "The database can be written to."),
            _queue(oldest, max(left.values(), default=0.0), idle=None in heard),
            _leases(leases, self._settings.lease_seconds),
            _workers(len(heard)),
        )
        waited = (now() - (oldest.heartbeat_at or oldest.created_at)).total_seconds() if oldest else None
        return Report(
            checks,
            queue_seconds=max(waited, 0.0) if waited is not None else None,
            lease_seconds=max(leases.values(), default=None),
            silent=silent,
        )


def _check(name: str, ok: bool, sentence: str) -> Check:
    return Check(name=name, ok=ok, sentence=sentence)


def _refused(error: SQLAlchemyError) -> Check:
    if isinstance(error, UNAVAILABLE):
        return _check(
            "database", False, f"The database {trouble(error)}: reports of runs wait until it can be written to."
        )
    log.error("the database cannot be used: %s", str(error).splitlines()[0])
    return _check("database", False, "The database cannot be used; the server's log says why.")


def _queue(oldest: tables.Run | None, left: float, idle: bool) -> Check:
    if oldest is None:
        return _check("queue", True, "No run waits for a worker.")
    if left >= STUCK and idle:
        return _check("queue", False, f"The run “{oldest.experiment.name}” could start, but no idle worker takes it.")
    return _check("queue", True, f"The run “{oldest.experiment.name}” has waited longest.")


def _leases(ages: dict[str, float], lease: float) -> Check:
    oldest = max(ages.values(), default=0.0)
    if oldest >= 2 * lease:
        return _check(
            "leases", False, f"A run has sent no sign of life for {oldest:.0f} s, and no worker takes it over."
        )
    return _check("leases", True, "Every live run sends signs of life.")


def _workers(heard: int) -> Check:
    if not heard:
        return _check("workers", False, "No worker is running: runs wait until you start one.")
    return _check("workers", True, f"{heard} worker{'s are' if heard > 1 else ' is'} heard of.")


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"
