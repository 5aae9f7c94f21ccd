"""Runs to write to."""

from collections.abc import Callable

import numpy as np
import pytest

from backend.domain.experiment.experiment import Experiment
from backend.domain.run.events import EventKind, NewEvent
from backend.store import experiments, runs
from backend.store.chunks import Chunk, encode
from backend.store.session import Store

SPEC = Experiment(name="A run", dataset={"kind": "data"}, model={"kind": "net"}, stages=[{"kind": "train"}])

Submit = Callable[..., list[str]]


@pytest.fixture
def submit(store: Store) -> Submit:
    """Queue runs of an experiment; returns their ids in the order in which they will be claimed."""

    def submit(count: int = 1, name: str = "A run") -> list[str]:
        with store.begin() as session:
            _, made = experiments.create(session, SPEC.model_copy(update={"name": name}), range(count))
            return [run.id for run in made]

    return submit


@pytest.fixture
def lease(store: Store, submit: Submit) -> runs.Lease:
    """The lease on a run that has just been claimed."""
    submit()
    return claim(store)


def claim(store: Store, worker: str = "worker") -> runs.Lease:
    with store.begin() as session:
        run = runs.claim(session, worker)
        assert run is not None
        return runs.Lease.of(run)


def points(first: int, last: int, *, stage: int = 0, **metrics: float) -> NewEvent:
    """A chunk of steps first … last, of which each metric has one constant value."""
    steps = np.arange(first, last + 1)
    columns = {name: np.full(len(steps), value) for name, value in (metrics or {"loss": 1.0}).items()}
    return NewEvent(kind=EventKind.POINTS, chunk=encode(Chunk(stage, steps, steps / 100, columns)))


def log(text: str = "hello", **more: object) -> NewEvent:
    return NewEvent(kind=EventKind.LOG, body={"level": "info", "text": text, **more})


def rewind(step: int) -> NewEvent:
    return NewEvent(kind=EventKind.REWIND, body={"step": step, "reason": "resumed"})
