"""Data beyond memory: starts and trainings from each storage tier, and the batches that each tier gives.

The data are an upload of 8,000 pictures, 224 × 224 × 3 bytes: 1.2 GB. A trainer process that has trained before is given
a run on them, until data and model are there and the first stage begins; then another process. The first start has
nothing but the upload. Then a small network is trained for one epoch from each tier; the anonymous memory of the process,
which no file backs, is looked at every few milliseconds. At last the batches alone are taken, shuffled, scaled and as
floats, by the product's own loop from each tier and by a DataLoader with two worker processes that maps the same file;
these take turns, and each figure is the median over the rounds. All read a file that the machine holds in its page cache.
`python -m benchmarks.tiers --parts starts` measures one part alone.
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
from tests.worker.engine.harness import assignment
from tests.worker.uploaded import DATASET, ID, on_upload, upload
from worker.contracts.component import discover
from worker.data.sources import Array
from worker.data.tensors import Corpus, Data, Scaling
from worker.engine.input.load import Wanted, fit_scaling, whole_of
from worker.engine.input.storage import TIERS, Storing, Tier, store
from worker.pipe.messages import Finished, FromTrainer, Happened, Points, Ready, Renewed
from worker.supervisor.trainer_process import TrainerProcess

SAMPLES, SIDE, BATCH, ROUNDS = 8_000, 224, 32, 5
SECONDS_BETWEEN_LOOKS = 0.005
WARM_UP = {"dataset": "digits", "model": "linear", "stages": [{"kind": "train", "epochs": 1}]}


# ---- starts and trainings


def spec(tier: Tier) -> dict[str, Any]:
    return {
        "storage": tier,
        "model": {"kind": "cnn", "width": 4},
        "stages": [{"kind": "train", "epochs": 1, "batch": {"kind": "fixed", "size": BATCH}}],
        "measure": {"batch_sizes": [1], "repeats": 5, "formats": ["safetensors"]},
    }


def starts(data_dir: Path, facts: Facts) -> bool:
    """Prints the seconds from a run's assignment to its first stage, from disk."""
    print("\n| start from disk | s until the first stage begins |\n|---|---|")
    for name in ("first", "second", "third"):
        with trainer(data_dir) as (process, catalog):
            process.send(assignment(WARM_UP, catalog, run_id=f"warm-up-{name}"))
            for _ in heard(process, Finished):
                pass
            began = perf_counter()
            process.send(on_upload(spec("disk"), facts, catalog, run_id=f"start-{name}"))
            for message in heard(process, Finished):
                if isinstance(message, Happened) and message.kind is EventKind.STAGE_BEGAN:
                    break
            print(f"| {name} | {perf_counter() - began:.1f} |")
    return True


@dataclass
class Training:
    """Findings of one training."""

    seconds: float
    before: float  # anonymous memory when it is given the run, and at most from then on, bytes
    peak: float
    losses: bytes = b""


def trainings(data_dir: Path, facts: Facts) -> bool:
    """Prints one from each tier; returns whether all had the same losses, bit for bit."""
    print("\n| training from | s | most anonymous memory, MB | before it, MB | losses |\n|---|---|---|---|---|")
    losses = set()
    for tier in reversed(TIERS):
        found = train(data_dir, facts, tier)
        losses.add(found.losses)
        same = "the same bits" if len(losses) == 1 else "OTHER BITS"
        memory = f"{found.peak / 1e6:,.0f} | {found.before / 1e6:,.0f}"
        print(f"| {tier} | {found.seconds:.0f} | {memory} | {same} |")
    return len(losses) == 1


def train(data_dir: Path, facts: Facts, tier: Tier) -> Training:
    """One epoch from this tier, in a trainer process of its own that is ready by then."""
    with trainer(data_dir) as (process, catalog):
        before, began = anonymous(process.pid), perf_counter()
        found = Training(0.0, before, before)
        process.send(on_upload(spec(tier), facts, catalog, run_id=tier))
        for message in heard(process, Finished):
            found.peak = max(found.peak, anonymous(process.pid))
            if isinstance(message, Points):
                found.losses += chunks.decode(message.chunk).metrics.get("train/loss", np.empty(0)).tobytes()
        found.seconds = perf_counter() - began
        return found


def heard(process: TrainerProcess, last: type[FromTrainer]) -> Iterator[FromTrainer | None]:
    """Every message up to the first of the kind `last`, and None after each look at the pipe."""
    while not process.ended:
        for message in process.receive():
            assert not isinstance(message, Finished) or message.state is RunState.SUCCEEDED, message
            yield message
            if isinstance(message, last):
                return
        yield None
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


def batches(data_dir: Path, facts: Facts) -> bool:
    """Prints the samples a second of each loop, median over the rounds after one that does not count."""
    discover()
    torch.set_num_threads(1)
    wanted = Wanted(json.dumps(DATASET), json.dumps({"kind": "per_channel"}), "[]", "auto", augmented=False)
    corpus = whole_of(wanted, data_dir, 0)
    scaling = fit_scaling(corpus, wanted)
    assert scaling is not None
    loops = {tier: ours(store(corpus, scaling, Storing(tier, "cpu", data_dir / "cache"))) for tier in reversed(TIERS)}
    source: Any = corpus.train.source
    loops |= {"a DataLoader, 2 workers": theirs(data_dir, corpus, source.rows, scaling)}
    found: dict[str, list[float]] = {name: [] for name in loops}
    for number in watch.through(range(ROUNDS + 1), "batches, round"):
        for name, loop in loops.items():
            began = perf_counter()
            count = loop()
            if number:
                found[name].append(count / (perf_counter() - began))
    print("\n| batches from | samples/s |\n|---|---|")
    for name, values in found.items():
        print(f"| {name} | {statistics.median(values):,.0f} |")
    return True


PARTS: dict[str, Callable[[Path, Facts], bool]] = {"starts": starts, "trainings": trainings, "batches": batches}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--parts", choices=PARTS, nargs="*", default=list(PARTS))
    requested = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        facts = upload(Path(folder), requested.samples, SIDE)
        size = requested.samples * SIDE * SIDE * 3
        print(f"{requested.samples:,} pictures, {SIDE} × {SIDE} × 3 bytes: {size / 1e9:.2f} GB")
        done = [PARTS[part](Path(folder), facts) for part in requested.parts]
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(watch.run(main))
