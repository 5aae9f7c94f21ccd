"""Data beyond memory: trainings from each storage tier, and the batches that each tier gives.

The data are an upload of 8,000 pictures, 224 × 224 × 3 bytes: 1.2 GB. A real trainer process trains a small network on
them for one epoch from each tier; its anonymous memory, which no file backs, is looked at every few milliseconds. A
training begins when data and model are there. The first one has nothing but the upload; each later one is in another
process. Then the batches alone are taken, shuffled, scaled and as floats, by the product's own loop from each tier and
by a DataLoader with two worker processes that maps the same file; these take turns, and each figure is the median over
the rounds. All read a file that the machine holds in its page cache.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import perf_counter, sleep
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from backend.domain.catalog import Catalog
from backend.domain.experiment.upload_facts import Facts
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from backend.store import chunks
from benchmarks import watch
from tests.worker.uploaded import DATASET, ID, on_upload, upload
from worker.contracts.component import discover
from worker.data.sources import Array
from worker.data.tensors import Corpus, Data, Scaling
from worker.engine.input.load import Wanted, fit_scaling, whole_of
from worker.engine.input.storage import TIERS, Storing, Tier, store
from worker.pipe.messages import Assignment, Finished, Happened, Points, Ready, Renewed
from worker.supervisor.trainer_process import TrainerProcess

SAMPLES, SIDE, BATCH, ROUNDS = 8_000, 224, 32, 5
SECONDS_BETWEEN_LOOKS = 0.005


# ---- trainings


@dataclass
class Training:
    """Findings of one training."""

    ready: float  # seconds from the assignment until data and model are there and the first stage begins
    seconds: float
    peak: float  # most anonymous memory, bytes
    before: float
    losses: bytes


def train(data_dir: Path, facts: Facts, tier: Tier, name: str) -> Training:
    """One epoch from this tier, in a trainer process of its own that is ready by then."""
    with trainer(data_dir) as (process, catalog):
        spec = {
            "name": name,
            "storage": tier,
            "model": {"kind": "cnn", "width": 4},
            "stages": [{"kind": "train", "epochs": 1, "batch": {"kind": "fixed", "size": BATCH}}],
            "measure": {"batch_sizes": [1], "repeats": 5, "formats": ["safetensors"]},
        }
        return follow(process, on_upload(spec, facts, catalog, run_id=name))


def follow(process: TrainerProcess, work: Assignment) -> Training:
    before = anonymous(process.pid)
    began, found = perf_counter(), Training(0.0, 0.0, before, before, b"")
    process.send(work)
    while not process.ended:
        found.peak = max(found.peak, anonymous(process.pid))
        for message in process.receive():
            if isinstance(message, Happened) and message.kind is EventKind.STAGE_BEGAN:
                found.ready = perf_counter() - began
            elif isinstance(message, Points):
                found.losses += chunks.decode(message.chunk).metrics.get("train/loss", np.empty(0)).tobytes()
            elif isinstance(message, Finished):
                assert message.state is RunState.SUCCEEDED, message.error
                found.seconds = perf_counter() - began
                return found
        process.send(Renewed())
        sleep(SECONDS_BETWEEN_LOOKS)
    raise RuntimeError(f"the trainer ended: {process.bury()}")


@contextmanager
def trainer(data_dir: Path) -> Iterator[tuple[TrainerProcess, Catalog]]:
    process = TrainerProcess(Settings(data_dir=data_dir, database="", broker="", pictures=False), Event())
    try:
        while True:
            for message in process.receive():
                if isinstance(message, Ready):
                    yield process, Catalog.model_validate(message.catalog)
                    return
            sleep(SECONDS_BETWEEN_LOOKS)
    finally:
        process.kill()
        process.bury()


def anonymous(pid: int) -> float:
    """Memory of the process that no file backs, bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * float(status.partition("RssAnon:")[2].split()[0])


# ---- batches alone


class Mapped(Dataset[tuple[Tensor, int]]):
    """The training split as it is usually read: one picture after the other, from the mapped file."""

    def __init__(self, inputs: Path, targets: Array, rows: Array, scaling: Scaling) -> None:
        self.inputs, self.targets, self.rows = np.load(inputs, mmap_mode="r"), targets, rows
        self.mean, self.scale = (torch.from_numpy(part).float() for part in (scaling.mean, scaling.scale))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        picture = torch.from_numpy(self.inputs[self.rows[index]].transpose(2, 0, 1).copy()).float()
        return (picture - self.mean) / self.scale, int(self.targets[index])


def ours(data: Data) -> Callable[[], int]:
    def loop() -> int:
        order = torch.randperm(len(data.train)).split(BATCH)
        return sum(len(batch.prepared()[1]) for batch in data.train.fetch(order))

    return loop


def theirs(data_dir: Path, corpus: Corpus, rows: Array, scaling: Scaling) -> Callable[[], int]:
    samples = Mapped(data_dir / "uploads" / ID / "inputs.npy", corpus.train.targets, rows, scaling)
    loader = DataLoader(samples, BATCH, shuffle=True, num_workers=2, persistent_workers=True)
    return lambda: sum(len(targets) for _, targets in loader)


def speeds(loops: dict[str, Callable[[], int]], rounds: int) -> dict[str, float]:
    """Samples a second of each loop, median over the rounds after one that does not count."""
    found: dict[str, list[float]] = {name: [] for name in loops}
    for number in watch.through(range(rounds + 1), "batches, round"):
        for name, loop in loops.items():
            began = perf_counter()
            count = loop()
            if number:
                found[name].append(count / (perf_counter() - began))
    return {name: statistics.median(values) for name, values in found.items()}


def batches(data_dir: Path, rounds: int) -> dict[str, float]:
    discover()
    torch.set_num_threads(1)
    wanted = Wanted(json.dumps(DATASET), json.dumps({"kind": "per_channel"}), "[]", "auto", augmented=False)
    corpus = whole_of(wanted, data_dir, 0)
    scaling = fit_scaling(corpus, wanted)
    assert scaling is not None
    loops = {tier: ours(store(corpus, scaling, Storing(tier, "cpu", data_dir / "cache"))) for tier in reversed(TIERS)}
    source: Any = corpus.train.source
    loops |= {"a DataLoader, 2 workers": theirs(data_dir, corpus, source.rows, scaling)}
    return speeds(loops, rounds)


STARTS: tuple[tuple[Tier, str], ...] = (
    ("disk", "first"),
    ("disk", "second"),
    ("memory", "third"),
    ("device", "fourth"),
)


def trainings(data_dir: Path, facts: Facts) -> bool:
    """Prints each; returns whether all had the same losses, bit for bit."""
    print("| training from | start | s until it begins | s | most anonymous memory, MB | before it, MB | losses |")
    print("|---|---|---|---|---|---|---|")
    losses = set()
    for tier, start in STARTS:
        found = train(data_dir, facts, tier, f"{tier}-{start}")
        losses.add(found.losses)
        memory = f"{found.peak / 1e6:,.0f} | {found.before / 1e6:,.0f}"
        same = "the same bits" if len(losses) == 1 else "OTHER BITS"
        print(f"| {tier} | {start} | {found.ready:.1f} | {found.seconds:.0f} | {memory} | {same} |", flush=True)
    return len(losses) == 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    requested = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        facts = upload(data_dir, requested.samples, SIDE)
        size = requested.samples * SIDE * SIDE * 3
        print(f"{requested.samples:,} pictures, {SIDE} × {SIDE} × 3 bytes: {size / 1e9:.2f} GB\n")
        same = trainings(data_dir, facts)
        print("\n| batches from | samples/s |\n|---|---|")
        for name, speed in batches(data_dir, requested.rounds).items():
            print(f"| {name} | {speed:,.0f} |")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(watch.run(main))
