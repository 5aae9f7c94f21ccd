"""Claims runs, lets the trainer process execute them, and is the only one that writes their results.

One thread, one loop. It never waits for the trainer, and for the database no longer than the store's own time limits.
"""

import logging
import socket
import uuid
from threading import Event, Thread
from time import monotonic

from backend.domain.catalog import Catalog
from backend.domain.settings import Settings
from backend.store import events, runs, workers
from backend.store.crash_points import Point, passing
from backend.store.runs import LeaseLost
from backend.store.session import UNAVAILABLE, Store
from backend.store.trouble import trouble
from worker.pipe.messages import Ready, Release, Renewed
from worker.process.liveness import Mark
from worker.process.timer import Timer
from worker.process.vital import vital
from worker.supervisor.owned_run import OwnedRun
from worker.supervisor.reaper import Reaper
from worker.supervisor.study_process import ConductorChild
from worker.supervisor.warm_trainer import WarmTrainer

log = logging.getLogger("lathe.worker")

POLL_SECONDS = 0.05  # between two looks for what people have asked
MARK_SECONDS = 5.0  # between two marks for health checks
RETRY_SECONDS = 0.5  # between two tries while the database cannot be reached
RELEASE_SECONDS = 18.0  # a trainer that has not given its run back by then is killed
LEAVE_SECONDS = 25.0  # the supervisor leaves by then, even without the database
MOST_BACKLOG = 2_000  # messages that are kept while the database cannot be reached; then the trainer has to wait


class Supervisor:
    """Works in a thread of its own from `start` to `stop`."""

    def __init__(self, settings: Settings, name: str = "") -> None:
        self.id = str(uuid.uuid4())
        self._settings, self._name = settings, name or socket.gethostname()
        self._store = Store.open(settings.database_url)
        self._bell = Event()
        self._keeper = WarmTrainer(settings, self._bell)
        self._conductor = ConductorChild(settings, self._store)
        self._held: OwnedRun | None = None
        self._announced: Ready | None = None
        self._leaving: float | None = None  # since when
        self._reachable = True
        pulse = settings.lease_seconds / 5
        self._reaper = Reaper(self._store, settings.lease_seconds, pulse)
        self._beat, self._look, self._renew, self._reassure = Timer(pulse), Timer(pulse), Timer(pulse), Timer(pulse)
        self._claim, self._poll = Timer(settings.claim_seconds), Timer(POLL_SECONDS)
        self._mark, self._alive = Mark(settings.data_dir, self.id), Timer(MARK_SECONDS)
        self._thread = Thread(target=self._work, name="supervisor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Takes a hint that a run may be waiting, or that a command has arrived."""
        self._claim.force()
        self._poll.force()
        self._bell.set()

    def leave(self) -> None:
        """Begin to stop: give the run back, end the trainer. Returns at once, and takes no lock (signal handlers)."""
        self._leaving = self._leaving or monotonic()

    def stop(self) -> None:
        """Leave; returns when that is done, within half a minute."""
        self.leave()
        if self._thread.is_alive():
            self._thread.join(LEAVE_SECONDS + 3)

    @vital("The supervisor")
    def _work(self) -> None:
        log.info("Worker %s looks for runs.", self._name)
        while not self._may_leave():
            self._bell.wait(self._pause())
            self._bell.clear()
            self._tick()
        self._conductor.close(seconds=2.0)
        self._keeper.close(seconds=2.0)
        self._say_goodbye()
        self._store.close()
        self._mark.remove()

    def _pause(self) -> float:
        if not self._reachable:
            return RETRY_SECONDS
        return POLL_SECONDS if self._held else min(RETRY_SECONDS, self._settings.claim_seconds)

    def _may_leave(self) -> bool:
        if self._leaving is None:
            return False
        return self._held is None or monotonic() - self._leaving > LEAVE_SECONDS

    def _tick(self) -> None:
        if self._alive.due():
            self._mark.set()
        try:
            self._listen()
            if self._held:
                self._tend(self._held)
            elif self._keeper.ready and self._leaving is None and self._claim.due():
                self._claim_run()
            self._appear()
            if self._leaving is None:
                self._conductor.tend()
            self._reachable = True
        except UNAVAILABLE as error:
            self._hindered(error)
        except Exception:
            log.exception("The supervisor failed and releases its run.")
            self._let_go("The supervisor failed.")
            self._reachable = False  # slowly, then

    def _hindered(self, error: Exception) -> None:
        """Waits a little while the database takes nothing, and counts no process as dead that could not write either."""
        why = trouble(error)
        if self._reachable:
            log.error("The database %s, trying again: %s", why, " ".join(str(error).split())[:300])
        if self._held:
            self._held.hinder(why)
        self._reaper.forget()
        self._conductor.forget()
        self._reachable = False
        self._bell.clear()

    def _listen(self) -> None:
        held = self._held
        if held is None or len(held.backlog) < MOST_BACKLOG:
            messages = self._keeper.receive()
            if held and held.assigned:
                held.take(messages)
        end = self._keeper.tend()
        if end and held:
            held.trainer_ended(end)

    # ---- the run

    def _claim_run(self) -> None:
        with self._store.read() as session:
            if not runs.claimable(session):
                return
        with self._store.begin() as session:
            run = runs.claim(session, self.id)
            raised, lines = (events.alerts(session, run.id), events.lines(session, run.id)) if run else ((), 0)
        if run is not None:
            log.info("Run %s begins (attempt %d).", run.id, run.attempts)
            self._held = OwnedRun(self._store, self._settings, run, raised, lines)
            passing(Point.CLAIMED)
            self._beat.force()
            self._bell.set()

    def _tend(self, held: OwnedRun) -> None:
        """One tick: checks the trainer, writes its messages, and passes on commands."""
        if self._leaving is not None and not held.leaving:
            self._ask_back(held)
        why = held.reason_to_kill()
        if why:
            self._keeper.kill(why)
        try:
            if held.backlog or self._renew.due():
                self._write(held)
            if held.over:
                self._close(held)
            elif self._poll.due():
                self._pass_on(held)
            if held.idle and self._keeper.ready:
                self._assign(held)
        except LeaseLost:
            log.warning("Run %s: another worker may own it by now, so this one stops.", held.id)
            self._let_go("The lease was lost.")

    def _write(self, held: OwnedRun) -> None:
        try:
            held.flush()
        except (LeaseLost, *UNAVAILABLE):
            raise
        except Exception as error:
            log.exception("Run %s: messages of its trainer cannot be stored.", held.id)
            self._keeper.kill("Messages of its trainer could not be stored.")
            held.spoilt(error)
            held.flush()
        self._renew.restart()
        if held.assigned and self._reassure.due():
            self._keeper.send(Renewed())

    def _assign(self, held: OwnedRun) -> None:
        assignment = held.assignment()
        if assignment is None:
            return
        passing(Point.ASSIGNING)
        self._keeper.send(assignment)
        held.begin()
        passing(Point.ASSIGNED)
        self._poll.force()

    def _pass_on(self, held: OwnedRun) -> None:
        for command in held.new_commands():
            if held.assigned:
                self._keeper.send(command)
                passing(Point.COMMAND_FORWARDED)

    def _ask_back(self, held: OwnedRun) -> None:
        held.leave(monotonic() + RELEASE_SECONDS)
        self._keeper.send(Release())
        passing(Point.ASKED_BACK)

    def _close(self, held: OwnedRun) -> None:
        log.info("Run %s: %s.", held.id, held.outcome)
        self._held = None
        self._claim.force()
        self._beat.force()
        self._bell.set()

    def _let_go(self, why: str) -> None:
        """Starts again with a fresh trainer and no run."""
        if self._held:
            self._held = None
            self._keeper.kill(why)

    # ---- this worker

    def _appear(self) -> None:
        """Publishes the catalog, sends this worker's heartbeat, and looks for dead workers."""
        ready = self._keeper.ready
        if ready is not None and ready is not self._announced:
            with self._store.begin() as session:
                workers.announce(session, self.id, self._name, ready.device, Catalog.model_validate(ready.catalog))
            log.info("Worker %s is ready.", self._name) if self._announced is None else None
            self._announced = ready
            self._beat.force()
        if self._announced and self._beat.due():
            with self._store.begin() as session:
                workers.beat(session, self.id, self._held.id if self._held else None)
        if self._look.due():
            self._reaper.check(self._held.id if self._held else None)

    def _say_goodbye(self) -> None:
        try:
            with self._store.begin() as session:
                workers.depart(session, self.id)
        except UNAVAILABLE:
            log.warning("The database cannot be reached: other workers will notice that this one is gone.")
