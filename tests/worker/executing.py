"""Runs taken from the queue and executed in this process, as a supervisor and its trainer would together."""

import uuid
from dataclasses import dataclass, field

from backend.domain.settings import Settings
from backend.store import events, results, runs
from backend.store.session import Store
from backend.store.tables import Run
from tests import outside
from tests.worker.engine import harness
from tests.worker.engine.harness import MemoryLink
from worker.pipe.messages import Assignment, FromTrainer
from worker.supervisor.owned_run import OwnedRun

Curves = dict[tuple[str, int], float]
Sequence = list[tuple[int, str, int, str]]


@dataclass
class Hand:
    """One worker. `steps` counts the steps that it trained itself, whatever their run was."""

    store: Store
    settings: Settings
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    steps: int = 0

    def __post_init__(self) -> None:
        outside.demand()

    def claim(self) -> OwnedRun | None:
        with self.store.begin() as session:
            run = runs.claim(session, self.id)
        return OwnedRun(self.store, self.settings, run) if run else None

    def work(self, held: OwnedRun, kill_at: int | None = None) -> list[FromTrainer]:
        """Execute what was claimed, to its end or until its trainer is killed."""
        work = held.assignment()
        assert work is not None
        held.begin()
        link = harness.run(work, self.settings, kill_at=kill_at)
        self.steps += _trained(work, link)
        held.take(link.sent)
        held.flush()
        return link.sent

    def next(self) -> str | None:
        """Take the next run to its end; its id."""
        held = self.claim()
        if held is None:
            return None
        self.work(held)
        return held.id

    def all(self) -> list[str]:
        """Take every run that can be claimed to its end."""
        return list(iter(self.next, None))


def _trained(work: Assignment, link: MemoryLink) -> int:
    begin = work.resume.step if work.resume else 0
    return max(0, harness.steps_done(link) - begin)


def row(store: Store, run_id: str) -> Run:
    with store.read() as session:
        return session.get_one(Run, run_id)


def curves(store: Store, run_id: str) -> Curves:
    """Every value of every metric that is shown of the run; those of a clock left out."""
    with store.read() as session:
        _, chunks = events.chunks(session, run_id)
    return {
        (name, int(step)): float(value)
        for chunk in chunks
        for name, column in chunk.metrics.items()
        for step, value in zip(chunk.steps, column, strict=True)
    }


def sequence(store: Store, run_id: str) -> Sequence:
    """Every value that is shown of the run as (stage, metric, step, bits), in that order; those of a clock left out."""
    with store.read() as session:
        _, chunks = events.chunks(session, run_id)
    return sorted(
        (chunk.stage, name, int(step), value.tobytes().hex())
        for chunk in chunks
        for name, column in chunk.metrics.items()
        for step, value in zip(chunk.steps, column, strict=True)
    )


def hashes(store: Store, run_id: str) -> list[str]:
    """Of the weights that each stage left."""
    with store.read() as session:
        return [result.weights_sha256 for result in results.of(session, [run_id])[run_id]]
