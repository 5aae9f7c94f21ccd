"""Measures what compression gains on the CNN: bytes, accuracy and latency of real files, each run in a clean process.

`python -m benchmarks.compression` trains on Fashion-MNIST; `… digits` is the short form. The files take turns:
each round measures all of them, and a ratio is the median over the rounds of the ratio to the float file.
Accuracy is that of the test split. The last table compares the figures with their targets.
"""

import copy
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from backend.domain.experiment.experiment import Measure
from benchmarks import watch
from worker.contracts.component import discover
from worker.contracts.families.exporters import Exporter
from worker.contracts.families.fusions import Fusion
from worker.contracts.families.models import Model
from worker.contracts.families.pruners import Pruner
from worker.contracts.families.quantizers import Quantizer
from worker.contracts.recipe import Recipe
from worker.contracts.subject import Subject
from worker.data.tensors import Data
from worker.engine import seed
from worker.engine.checkpoints.checkpoint import Position
from worker.engine.input.load import Wanted, load
from worker.engine.measurement import count
from worker.engine.measurement.clean_process import HeldOutFiles, run_clean
from worker.engine.reporter import Clock, Reporter
from worker.engine.training.trainer import Trainer
from worker.illustrations.sketch import Sketch
from worker.pipe.link import Unattended

ROUNDS = 5
BATCH = 128
EPOCHS = {"fashion_mnist": (1, 1), "digits": (15, 5)}  # of training, of recovery
SETTINGS = Measure(batch_sizes=[1, 64], repeats=100)
FLOAT, MASKED, HALVED, INT8, BOTH = "float", "magnitude 90 %", "channels to half the FLOPs", "int8", "channels, int8"


@dataclass(frozen=True)
class Figure:
    """Targets of a file, relative to the float file."""

    name: str
    latency: float  # p50 at batch 64, at most this part
    points: float  # of accuracy, at most so many fewer
    size: float = 1.0  # bytes, at most this part


FIGURES = (Figure(HALVED, latency=0.7, points=1.0), Figure(INT8, latency=0.8, points=0.5, size=0.3))


def train(subject: Subject, data: Data, epochs: int, stage: int) -> None:
    """Trains with the product's loop and Adam. Another `stage` means another order of the samples."""
    recipe = Recipe.model_validate({"epochs": epochs, "batch": {"kind": "fixed", "size": BATCH}, "optimizer": "adam"})
    reporter = Reporter(Unattended(), Clock(), 1)
    Trainer(subject, data, recipe, 0, Position(stage), reporter, lambda *_: reporter.flush()).run()


def variants(data: Data, epochs: int, recovery: int) -> dict[str, Subject]:
    """The trained model and its compressed variants."""
    seed.plant(0, "model")
    model = Model.choose({"kind": "cnn"})
    base = Subject(model.build(data.input_shape, data.outputs), data.input_shape)
    train(base, data, epochs, stage=0)
    run = Sketch(1, 1)  # these methods look at weights alone and ask nothing of their run
    masked = Pruner.choose({"kind": "magnitude", "sparsity": 0.9}).prune(copy.deepcopy(base), run)
    halved = Pruner.choose({"kind": "channels", "ratio": 0.3, "round_to": 16}).prune(copy.deepcopy(base), run)
    for further in watch.through((base, masked, halved), "training"):  # all have trained for as long in the end
        train(further, data, recovery, stage=1)
    fold, static = Fusion.choose({"kind": "batch_norm"}), Quantizer.choose({"kind": "static_int8"})
    return {
        FLOAT: base,
        MASKED: masked,
        HALVED: halved,
        INT8: static.quantize(fold.fold(copy.deepcopy(base), run), run),
        BOTH: static.quantize(fold.fold(copy.deepcopy(halved), run), run),
    }


def measure(files: dict[str, Path], data: Data, folder: Path, rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Measurements of each file in a clean process, round by round."""
    test = HeldOutFiles.write(data, folder, form="prepared")
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in files}
    for _ in watch.through(range(rounds), "round over all files"):
        for name, file in files.items():
            answers[name].append(run_clean(file, test, "cpu", SETTINGS))
    return answers


def median(answers: list[dict[str, Any]], place: int) -> float:
    return statistics.median(answer["timings"][place]["p50_ms"] for answer in answers)


def speedup(answers: list[dict[str, Any]], floats: list[dict[str, Any]], place: int) -> float:
    """Speed relative to the float file: the median over the rounds."""
    pairs = zip(floats, answers, strict=True)
    return statistics.median(one["timings"][place]["p50_ms"] / own["timings"][place]["p50_ms"] for one, own in pairs)


def main() -> None:
    kind = sys.argv[1] if len(sys.argv) > 1 else "fashion_mnist"
    torch.set_num_threads(1)
    discover()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = load(Wanted.default({"kind": kind}), folder, 0, "cpu")
        subjects = variants(data, *EPOCHS[kind])
        exporter = Exporter.choose({"kind": "onnx"})
        files = {variant: folder / f"{number}.onnx" for number, variant in enumerate(subjects)}
        for variant, subject in subjects.items():
            exporter.export(subject, files[variant], data.train.inputs[:1024].numpy())
        answers = measure(files, data, folder, ROUNDS)
        show(kind, subjects, files, answers)
        show_figures(files, answers)


def show(kind: str, subjects: dict[str, Subject], files: dict[str, Path], answers: dict[str, Any]) -> None:
    """The table. FLOPs are theoretical; everything else was measured on the file."""
    base, floats = files[FLOAT].stat().st_size, answers[FLOAT]
    base_flops = count.flops(subjects[FLOAT]) or 0
    print(f"| cnn on {kind} | accuracy | bytes | ÷ | FLOPs (theoretical) | p50 batch 1 | × | p50 batch 64 | × |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, own in answers.items():
        size = files[name].stat().st_size
        share = (count.flops(subjects[name]) or 0) / base_flops
        print(
            f"| {name} | {own[0]['quality']['accuracy']:.4f} | {size:,} | {base / size:.2f} | {share:.0%} "
            f"| {median(own, 0):.3f} ms | {speedup(own, floats, 0):.2f} "
            f"| {median(own, 1):.2f} ms | {speedup(own, floats, 1):.2f} |"
        )


def show_figures(files: dict[str, Path], answers: dict[str, Any]) -> None:
    """Each figure with its targets, and whether they were met in this run."""
    floats = answers[FLOAT]
    print(
        "\n| figure, relative to float | p50 batch 64 | target | accuracy, points lost | target | bytes | target | met |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for figure in FIGURES:
        own = answers[figure.name]
        latency = 1 / speedup(own, floats, 1)
        lost = 100 * (floats[0]["quality"]["accuracy"] - own[0]["quality"]["accuracy"])
        size = files[figure.name].stat().st_size / files[FLOAT].stat().st_size
        met = latency <= figure.latency and lost <= figure.points and size <= figure.size
        print(
            f"| {figure.name} | {latency:.2f} | ≤ {figure.latency:.2f} | {lost:+.2f} | ≤ {figure.points:.1f} "
            f"| {size:.2f} | ≤ {figure.size:.2f} | {'yes' if met else 'no'} |"
        )


if __name__ == "__main__":
    sys.exit(watch.run(main))
