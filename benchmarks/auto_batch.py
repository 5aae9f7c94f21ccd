"""The batch that `auto` chooses against the fastest power of two, on Fashion-MNIST.

`auto` measures as it does in a run, before the first step. Then every power of two takes turns in the product's own loop,
with Adam and one thread. The fastest is the size that leaves `auto` furthest behind: two sizes are compared by the median
over the rounds of the ratio in a round. `python -m benchmarks.auto_batch mlp` measures one model.
"""

import statistics
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import torch
from torch import nn

from benchmarks import watch
from worker.contracts.component import discover
from worker.contracts.families.batches import BatchPolicy
from worker.contracts.families.models import Model
from worker.contracts.recipe import Recipe
from worker.contracts.subject import Subject, arrange
from worker.data.tensors import Data, Split
from worker.engine import seed
from worker.engine.checkpoints.checkpoint import Position
from worker.engine.input.load import Wanted, load
from worker.engine.reporter import Clock, Reporter
from worker.engine.training import probe
from worker.engine.training.trainer import Trainer
from worker.pipe.link import Unattended

ROUNDS = {"mlp": 21, "cnn": 5}
SAMPLES = {"mlp": 16_384, "cnn": 4_096}  # that each size trains on in a round
SIZES = [2**power for power in range(3, 13)]


def fresh(model: str, data: Data) -> Subject:
    seed.plant(0, "model")
    return Subject(Model.choose(model).build(data.input_shape, data.outputs), data.input_shape)


def choose(model: str, data: Data) -> tuple[BatchPolicy, float]:
    """The batch size that `auto` chooses on this device, and the seconds that the choice takes."""
    module: nn.Module = arrange(fresh(model, data))
    began = perf_counter()
    found = BatchPolicy.choose("auto").fit(len(data.train), probe.step_seconds(module, data, Recipe()))
    return found, perf_counter() - began


def throughput(model: str, data: Data, size: int) -> float:
    """Samples per second of one epoch. The validation that every epoch needs is not counted."""
    recipe = Recipe.model_validate({"epochs": 1, "batch": {"kind": "fixed", "size": size}})
    reporter = Reporter(Unattended(), Clock(), 0)
    trainer = Trainer(fresh(model, data), data, recipe, 0, Position(), reporter, lambda *_: reporter.flush())
    began = perf_counter()
    trainer.run()
    return len(data.train) / (perf_counter() - began)


def few(data: Data, samples: int) -> Data:
    """The first `samples` to train on, and very few to validate on."""
    train, validation = data.train, data.validation
    return replace(
        data,
        train=Split(train.inputs[:samples], train.targets[:samples]),
        validation=Split(validation.inputs[:8], validation.targets[:8]),
    )


def compare(model: str, data: Data, auto: int, rounds: int) -> dict[int, list[float]]:
    """Samples per second of each size in each round, after one that does not count; the order turns."""
    speeds: dict[int, list[float]] = {size: [] for size in sorted({*SIZES, auto})}
    for number in watch.through(range(rounds + 1), f"{model}, round"):
        for size in sorted(speeds, reverse=bool(number % 2)):
            speeds[size].append(throughput(model, data, size))
    return {size: each[1:] for size, each in speeds.items()}


def show(model: str, auto: int, seconds: float, speeds: dict[int, list[float]]) -> None:
    ratios = {
        size: statistics.median(own / other for own, other in zip(speeds[auto], each, strict=True))
        for size, each in speeds.items()
    }
    fastest = min(ratios, key=ratios.__getitem__)
    chosen, best = (f"{size:,} | {statistics.median(speeds[size]):,.0f}" for size in (auto, fastest))
    print(f"| {model} | {seconds:.1f} s | {chosen} | {best} | {ratios[fastest]:.2f} |")


def main() -> None:
    models = sys.argv[1:] or list(ROUNDS)
    torch.set_num_threads(1)
    discover()
    print("| model | found in | auto | samples/s | fastest power of two | samples/s | auto ÷ fastest |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        data = load(Wanted.default({"kind": "fashion_mnist"}), Path(name), 0, "cpu")
        for model in models:
            found, seconds = choose(model, data)
            auto = next(found.sizes(len(data.train), 0, 0))
            show(model, auto, seconds, compare(model, few(data, SAMPLES[model]), auto, ROUNDS[model]))


if __name__ == "__main__":
    sys.exit(watch.run(main))
