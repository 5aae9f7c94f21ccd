"""A claimed run, and what a trainer would say about it."""

import hashlib
import os
import uuid
from pathlib import Path

import numpy as np

from backend.domain.experiment.experiment import Experiment
from backend.domain.run.commands import CommandKind
from backend.domain.run.results import StageResult
from backend.store import experiments, runs
from backend.store.chunks import Chunk, encode
from backend.store.session import Store
from backend.store.tables import Run
from worker.pipe.messages import Checkpoint, Command, FromTrainer, Points
from worker.supervisor.owned_run import OwnedRun

SPEC = Experiment(name="n", dataset={"kind": "d"}, model={"kind": "m"}, stages=[{"kind": "train"}])
ORDER = Command("order", CommandKind.STOP, {"a": [1, None]}, "someone")
CHECKPOINT = Checkpoint("id", "runs/r/checkpoints/1.pt", "0" * 64, 12, 0, 7, 1.5)
RESULT = StageResult(
    stage=0, kind="train", label="train: adam", step=20, seconds=1.0, parameters=3, nonzero=2, weights_sha256="ab"
)


def points(first: int, last: int) -> Points:
    steps = np.arange(first, last + 1)
    return Points(encode(Chunk(0, steps, steps / 10, {"train/loss": np.ones(len(steps))})), {"train/loss": 1.0})


def claim(store: Store, spec: Experiment = SPEC) -> Run:
    with store.begin() as session:
        experiments.create(session, spec, [0])
    with store.begin() as session:
        run = runs.claim(session, str(uuid.uuid4()))
        assert run is not None
        return run


def say(held: OwnedRun, *messages: FromTrainer) -> None:
    held.take(list(messages))
    held.flush()


def row(store: Store, held: OwnedRun) -> Run:
    with store.read() as session:
        return session.get_one(Run, held.id)


def checkpoint(data_dir: Path, step: int) -> Checkpoint:
    """A file as the engine leaves it, and what it says about it."""
    content = os.urandom(1000)
    path = Path("checkpoints") / f"{step}.pt"
    (data_dir / path).parent.mkdir(exist_ok=True)
    (data_dir / path).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return Checkpoint(str(uuid.uuid4()), str(path), digest, len(content), 0, step, 0.5 * step)
