"""Real workers on a real database, to be killed."""

import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import resolve
from backend.domain.run.commands import CommandKind
from backend.domain.run.events import EventKind
from backend.domain.settings import Settings
from backend.store import artifacts, commands, events, experiments, results, workers
from backend.store.migrate import migrate
from backend.store.session import Store
from backend.store.tables import Event, Run
from tests.faults.invariants import violations
from tests.patience import Stopwatch, until
from tests.processes.start import Process, start

PLUGINS = Path(__file__).parent / "plugins"
LEASE_SECONDS = 4.0
UNHURRIED = 20.0
"""Milliseconds a step: time to hit a run before it is over. They change none of its weights."""
FRESH = "FRESH" in os.environ
"""Workers are fresh interpreters, as those of users, and not forked ones: `make faults` measures how fast they recover."""
TRIALS = int(os.environ.get("N", "1"))
"""Number of times that each fault is injected; `make faults N=20` is the long form."""


def spec(epochs: int = 20, milliseconds: float = 5.0, **more: Any) -> dict[str, Any]:
    """A small run: 12 steps an epoch."""
    train = {"kind": "train", "epochs": epochs, "regularizers": [{"kind": "slow", "milliseconds": milliseconds}]}
    return {
        "name": "fault",
        "dataset": {"kind": "digits"},
        "model": {"kind": "mlp"},
        "stages": [{**train, **more}],
        "measure": {"batch_sizes": [1], "repeats": 5, "formats": ["onnx", "safetensors"]},
    }


@dataclass
class Worker:
    """A Celery worker."""

    process: Process

    @property
    def log(self) -> Path:
        return self.process.log

    @property
    def pid(self) -> int:
        return self.process.pid

    def trainer(self) -> int:
        """Process id of its trainer; waits while there is none."""
        return until(lambda: next(iter(children(self.pid, "worker.trainer")), None), 120, "a trainer", self.log)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> int:
        """SIGCONT and SIGTERM; returns the exit status."""
        return self.process.end()


@dataclass
class Farm:
    """One database, one data folder, any number of workers."""

    settings: Settings
    store: Store
    workers: list[Worker] = field(default_factory=list)
    start_seconds: float = 0.0  # of a quiet machine, until the last ones were ready

    def start(self, number: int = 1, fresh: bool = FRESH, **settings: float) -> list[Worker]:
        """Start workers side by side, forked ones or `fresh` interpreters, and wait until they are ready."""
        watch, known = Stopwatch(), len(self._ready())
        started = [self._start(settings, fresh) for _ in range(number)]
        logs = [worker.log for worker in started]
        until(lambda: len(self._ready()) >= known + number, 240, "a worker", *logs)
        self.start_seconds = watch.seconds
        return started

    def _start(self, settings: Mapping[str, float], fresh: bool) -> Worker:
        named = {**self.settings.model_dump(), **settings}
        environment = {f"LATHE_{name.upper()}": str(value) for name, value in named.items()}
        log = self.settings.data_dir / f"worker-{len(self.workers)}.log"
        command = ["celery", "--quiet", "-A", "worker.app", "worker", "--pool", "solo", "--loglevel", "DEBUG"]
        command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        self.workers.append(Worker(start(command, environment, log, fresh)))
        return self.workers[-1]

    def submit(self, document: dict[str, Any], seed: int = 0) -> str:
        with self.store.begin() as session:
            _, made = experiments.create(session, resolve(document, self.catalog()), [seed])
            return made[0].id

    def catalog(self) -> Catalog:
        with self.store.read() as session:
            return workers.catalog(session)

    def run(self, run_id: str) -> Run:
        with self.store.read() as session:
            return session.get_one(Run, run_id)

    def at_step(self, run_id: str, step: int, seconds: float = 240) -> None:
        """Wait until the run is in its training at `step` or beyond."""
        until(lambda: self.run(run_id).step >= step or self.run(run_id).state.terminal, seconds, f"step {step}")

    def finished(self, run_id: str, seconds: float = 240) -> Run:
        """Wait for the end of the run; it must have kept every invariant."""
        until(lambda: self.run(run_id).state.terminal, seconds, "the end", *(worker.log for worker in self.workers))
        assert violations(self.store, run_id) == []
        return self.run(run_id)

    def ask(self, run_id: str, kind: CommandKind) -> None:
        with self.store.begin() as session:
            commands.ask(session, run_id, kind, {}, "a test")

    def marks(self, run_id: str, kind: EventKind) -> list[dict[str, Any]]:
        with self.store.read() as session:
            return [mark.body for mark in events.marks(session, run_id) if mark.kind == kind]

    def states(self, run_id: str) -> list[str]:
        return [mark["state"] for mark in self.marks(run_id, EventKind.STATE)]

    def weights(self, run_id: str) -> str:
        """Hash of the final weights."""
        with self.store.read() as session:
            return results.of(session, [run_id])[run_id][-1].weights_sha256

    def points_after_death(self, run_id: str, seq: int) -> bool:
        """True when the run drew further points after the news of its trainer's death, which came after event `seq`."""
        with self.store.read() as session:
            query = select(Event.kind).where(Event.run_id == run_id, Event.seq > seq).order_by(Event.seq)
            kinds = list(session.scalars(query))
        return EventKind.LOG in kinds and EventKind.POINTS in kinds[kinds.index(EventKind.LOG) :]

    def checkpoints(self, run_id: str) -> list[Path]:
        """Its checkpoint files, newest first."""
        with self.store.read() as session:
            return [self.settings.data_dir / row.path for row in artifacts.checkpoints(session, run_id)]

    def checkpoints_of(self, run_id: str) -> list[Path]:
        """Its checkpoint files once its worker has registered all that the stopped trainer had announced."""
        seen = -1
        while seen != (last := self.run(run_id).last_seq):
            seen = last
            time.sleep(1.0)
        return self.checkpoints(run_id)

    def _ready(self) -> list[str]:
        with self.store.read() as session:
            return [worker.id for worker in workers.all(session)]


@contextmanager
def farm(data_dir: Path, database: str = "", broker: str = "", lease: float = LEASE_SECONDS) -> Iterator[Farm]:
    """A farm whose workers have all ended when the block does."""
    shutil.copytree(PLUGINS, data_dir / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
    settings = Settings(
        pictures=False, data_dir=data_dir, database=database, broker=broker, lease_seconds=lease, checkpoint_seconds=0.5
    )
    migrate(settings.database_url)
    made = Farm(settings, Store.open(settings.database_url))
    try:
        yield made
    finally:
        trainers = [pid for worker in made.workers for pid in children(worker.pid, "worker.trainer")]
        for worker in made.workers:
            worker.end()
        assert not any(alive(pid) for pid in trainers), "a trainer outlived its worker"
        made.store.close()


def children(pid: int, having: str = "") -> list[int]:
    """Process ids of the children of `pid` whose command line holds `having`."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []
    found = [int(child) for task in tasks for child in _read(task / "children").split()]
    return [child for child in found if having in _read(Path(f"/proc/{child}/cmdline"))]


def alive(pid: int) -> bool:
    """True when the process runs. A zombie does not."""
    status = _read(Path(f"/proc/{pid}/stat"))
    return bool(status) and status.rpartition(")")[2].split()[0] not in "ZX"


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").replace("\0", " ")
    except OSError:
        return ""
