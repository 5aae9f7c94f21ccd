"""Plays a run through faults at named places: real workers halt there, and something is done to them or asked of the run."""

import os
import queue
import shutil
import signal
import socket
import tempfile
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from threading import Thread
from typing import Any

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import resolve
from backend.domain.experiment.stage_orders import find_shared
from backend.domain.run.commands import CommandKind
from backend.domain.settings import Settings
from backend.store import commands, experiments, run_dependencies, runs, steering
from backend.store.commands import NotNow, RunOver
from backend.store.crash_points import Point
from backend.store.session import Store
from backend.store.tables import Run
from tests.faults.farm import alive, children
from tests.faults.halting import INTERVAL
from tests.faults.invariants import lost, unregistered, violations
from tests.patience import Stopwatch, until
from tests.processes.start import start
from tests.worker.executing import Sequence as Values
from tests.worker.executing import hashes, sequence

PATIENCE = 120.0
"""Seconds without any news after which a run counts as hanging."""
LOOK_SECONDS = 0.05
"""Between two looks at a run that nobody halts."""
HEARD_SECONDS = 2.0
"""Longest time that a halted trainer waits for a command, seconds. None arrives when commands are no longer forwarded."""
RESTS = 2
"""Number of looks at a paused run before it is resumed."""

RATE = {"path": "optimizer.lr", "value": 0.005}

HEARS = frozenset(
    point
    for number, point in enumerate(Point)
    if list(Point).index(Point.ASSIGNMENT_TAKEN) <= number <= list(Point).index(Point.FINISHING)
)
"""Points at which a trainer holds a run: a command that is sent then reaches it."""


class Act(StrEnum):
    """Actions of the director."""

    KILL_TRAINER = "SIGKILL the trainer"
    KILL_WORKER = "SIGKILL the worker; another one takes the run"
    TERM_WORKER = "SIGTERM the worker; another one takes the run"
    PAUSE = "pause, and resume after a while"
    CHECKPOINT = "checkpoint"
    SET = "set the learning rate"


@dataclass(frozen=True)
class Fault:
    """`act`, at the `passing`th time that any process passes `point` since the fault before."""

    point: Point
    passing: int
    act: Act

    def __str__(self) -> str:
        return f"{self.act.name} at {self.point.name} × {self.passing}"


@dataclass(frozen=True)
class Arrival:
    """A process that halts at a point until `go`."""

    point: Point
    pid: int
    line: socket.socket

    def go(self) -> None:
        self.line.close()


class Listener:
    """Points at which processes halt."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="lathe-")  # a socket's path may have 107 characters
        self.path = f"{self._folder}/s"
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(self.path)
        self._socket.listen(64)
        self.arrivals: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
        self._accepting = Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._socket.close()
        with suppress(queue.Empty):
            while True:
                self.arrivals.get_nowait().go()
        shutil.rmtree(self._folder)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._socket.accept()
                name, _, pid = line.recv(100).decode().partition(" ")
                if pid:
                    self.arrivals.put(Arrival(Point[name], int(pid), line))
                else:
                    line.close()  # it was killed before it could say where


@dataclass
class Played:
    """End of a run: hashes of the weights of each stage, all points, broken invariants, and the actions on it."""

    run_id: str
    weights: list[str]
    points: Values
    broken: list[str]
    steered: dict[str, Any] | None
    done: list[Fault] = field(default_factory=list)
    passed: set[Point] = field(default_factory=set)


class Director:
    """One database, one data folder, one worker at a time."""

    def __init__(self, folder: Path, migrated: Path, catalog: Catalog, plant: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(migrated, folder / "lathe.sqlite")
        self._settings = Settings(
            pictures=False, data_dir=folder, lease_seconds=120.0, claim_seconds=0.02, checkpoint_seconds=1e-9, threads=1
        )
        self._catalog, self._plant = catalog, plant
        self.store = Store.open(self._settings.database_url)
        self._listener = Listener()
        self._worker = 0

    def submit(self, *documents: dict[str, Any]) -> list[str]:
        """Queue a run for each; those that begin alike wait for the first that does so, and go on from there."""
        specs = [resolve(document, self._catalog) for document in documents]
        with self.store.begin() as session:
            _, made = experiments.create_group(session, specs, [0])
            run_dependencies.arrange(session, made, find_shared(specs))
            return [run.id for run in made]

    def play(self, run_id: str, faults: Sequence[Fault], everywhere: bool = False) -> Played:
        """See a run to its end, through `faults` in this order as far as they are reached.

        Processes halt where that is needed, or at all points: that takes three times as long.
        """
        needed = {Point.RESTING, Point.COMMAND_HEARD, *(fault.point for fault in faults)}
        self._halts = " ".join([self._listener.path, *(() if everywhere else sorted(point.name for point in needed))])
        self._left, self._since, self._done = deque(faults), Counter[Point](), list[Fault]()
        self._rests, self._passed, self._run_id = 0, set[Point](), run_id
        seq, watch = 0, Stopwatch()
        try:
            while not (run := self._run).state.terminal:
                self._keep_a_worker()
                if self._next() or run.last_seq != seq:
                    seq, watch = run.last_seq, Stopwatch()
                assert watch.seconds < PATIENCE, f"nothing happens any more; done: {self._done}"
        finally:
            self._end()
        return self._played()

    def close(self) -> None:
        self._listener.close()
        self.store.close()

    # ---- the loop

    @property
    def _run(self) -> Run:
        with self.store.read() as session:
            return session.get_one(Run, self._run_id)

    def _keep_a_worker(self) -> None:
        if self._worker and alive(self._worker):
            return
        run = self._run
        if run.state.live:  # what other workers' reapers do when its lease has run out
            with self.store.begin() as session:
                runs.reap(session, run.id, run.epoch, run.heartbeat, "Its worker was killed.")
        named = {f"LATHE_{name.upper()}": str(value) for name, value in self._settings.model_dump().items()}
        halting = {"CRASH_POINTS": self._halts, "PLANT": self._plant}
        log = self._settings.data_dir / "workers.log"
        self._worker = start(["tests.faults.halting"], {**named, **halting}, log).pid

    def _next(self) -> bool:
        """Let the next process that halts go on, after whatever is to happen there; False when none does."""
        try:
            arrival = self._listener.arrivals.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            return False
        try:
            self._take(arrival)
        finally:
            arrival.go()
        return True

    def _take(self, arrival: Arrival) -> None:
        self._passed.add(arrival.point)
        self._since[arrival.point] += 1
        if arrival.point is Point.RESTING:
            self._rest()
        fault = self._left[0] if self._left else None
        if fault and (fault.point, fault.passing) == (arrival.point, self._since[arrival.point]):
            self._left.popleft()
            self._since.clear()
            self._rests = 0
            if self._act(fault.act, arrival):
                self._done.append(fault)

    def _rest(self) -> None:
        self._rests += 1
        if self._rests > RESTS:
            self._rests = 0
            self._ask(CommandKind.RESUME)

    def _act(self, act: Act, arrival: Arrival) -> bool:
        """Tries the action; returns True when it was possible."""
        if act is Act.KILL_TRAINER:
            return self._kill_trainer()
        if act is Act.KILL_WORKER:
            self._kill_worker()
            return True
        self._heard = False
        if act is Act.TERM_WORKER:
            os.kill(self._worker, signal.SIGTERM)
        else:
            if arrival.pid == self._worker:
                arrival.go()  # it may hold the database
            if not self._ask(CommandKind(act.name.lower()), RATE if act is Act.SET else {}):
                return False
        if arrival.pid != self._worker and arrival.point in HEARS:
            self._hold_until_heard()
        return True

    def _kill_trainer(self) -> bool:
        trainers = children(self._worker)
        for pid in trainers:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        return bool(trainers)

    def _kill_worker(self) -> None:
        trainers = children(self._worker)
        os.kill(self._worker, signal.SIGKILL)
        until(lambda: not any(alive(pid) for pid in [self._worker, *trainers]), PATIENCE, "that nobody is left")

    def _ask(self, kind: CommandKind, body: dict[str, Any] | None = None) -> bool:
        """Sends the command; returns True when the run accepts it. Other processes continue: one may hold the database."""
        asking = ThreadPoolExecutor(1)
        requested = asking.submit(self._requested, kind, body or {})
        while not requested.done():
            self._let_go(timeout=0.01)
        asking.shutdown()
        return requested.result()

    def _requested(self, kind: CommandKind, body: dict[str, Any]) -> bool:
        with suppress(NotNow, RunOver), self.store.begin() as session:
            commands.ask(session, self._run_id, kind, body, "a test")
            return True
        return False

    def _let_go(self, timeout: float) -> None:
        """Let the next process that halts go on."""
        with suppress(queue.Empty):
            other = self._listener.arrivals.get(timeout=timeout)
            self._passed.add(other.point)
            self._heard = self._heard or other.point is Point.COMMAND_HEARD
            other.go()

    def _hold_until_heard(self) -> None:
        """A trainer halts until what was asked has reached it; everybody else goes on."""
        watch = Stopwatch()
        while not self._heard and watch.seconds < HEARD_SECONDS and alive(self._worker):
            self._let_go(timeout=0.05)

    def _end(self) -> None:
        if self._worker and alive(self._worker):
            self._kill_worker()
        self._worker = 0

    def _played(self) -> Played:
        run = self._run
        broken = [*violations(self.store, run.id), *unregistered(self.store, self._settings.data_dir, run.id)]
        if (steps := lost(self.store, run.id)) > INTERVAL:
            broken.append(f"{steps} steps were lost at once")
        if run.state != "succeeded":
            broken.append(f"it ended as {run.state}: {run.error}")
        with self.store.read() as session:
            steered = steering.replay(session, run) if steering.was_steered(session, run.id) else None
        weights, points = hashes(self.store, run.id), sequence(self.store, run.id)
        return Played(run.id, weights, points, broken, steered, self._done, self._passed)


@contextmanager
def directing(folder: Path, migrated: Path, catalog: Catalog, plant: str = "") -> Iterator[Director]:
    """A director whose processes have all ended when the block does; `plant` names a bug of theirs."""
    director = Director(folder, migrated, catalog, plant)
    try:
        yield director
    finally:
        director.close()
