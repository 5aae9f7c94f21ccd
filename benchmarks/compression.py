"""What compression gains on the CNN: bytes, accuracy and latency of real files, each run in a clean process.

`python -m benchmarks.compression` trains on Fashion-MNIST; `… digits` is the short form. The files take turns:
each round measures all of them, and ratios are the medians over the rounds of the ratio to the float file.
"""

import copy
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from backend.spec.experiment import Measure
from worker.component import discover
from worker.data import Data
from worker.engine import count, seed
from worker.engine.load import Wanted, load
from worker.engine.measure import TestFiles, run_clean
from worker.exporters import Exporter
from worker.folders import Folder
from worker.models import Model
from worker.pruners import Pruner
from worker.quantizers import Quantizer
from worker.subject import Subject

ROUNDS = 5
BATCH = 128
EPOCHS = {"fashion_mnist": (1, 1), "digits": (15, 5)}  # of training, of recovery
SETTINGS = Measure(batch_sizes=[1, 64], repeats=100)


def train(subject: Subject, data: Data, epochs: int) -> None:
    """Adam at 1e-3; masked weights stay at zero."""
    module = subject.module.train()
    optimizer = torch.optim.Adam(module.parameters(), 1e-3)
    for _ in range(epochs):
        for batch in torch.randperm(len(data.train)).split(BATCH):
            loss = functional.cross_entropy(module(data.train.inputs[batch]), data.train.targets[batch])
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            subject.apply_masks()


def variants(data: Data, epochs: int, recovery: int) -> dict[str, Subject]:
    """The trained model and what compression makes of it."""
    seed.plant(0, "model")
    model = Model.choose({"kind": "cnn"})
    base = Subject(model.build(data.input_shape, data.outputs), data.input_shape)
    train(base, data, epochs)
    masked = Pruner.choose({"kind": "magnitude", "sparsity": 0.9}).prune(copy.deepcopy(base))
    halved = Pruner.choose({"kind": "channels", "ratio": 0.3, "round_to": 16}).prune(copy.deepcopy(base))
    for pruned in (masked, halved):
        train(pruned, data, recovery)
    fold, static = Folder.choose({"kind": "batch_norm"}), Quantizer.choose({"kind": "static_int8"})
    return {
        "float": base,
        "magnitude 90 %": masked,
        "channels to half the FLOPs": halved,
        "int8": static.quantize(fold.fold(copy.deepcopy(base))),
        "channels, int8": static.quantize(fold.fold(copy.deepcopy(halved))),
    }


def measure(files: dict[str, Path], data: Data, folder: Path, rounds: int) -> dict[str, list[dict[str, Any]]]:
    """What clean processes answer for each file, round by round."""
    test = TestFiles.write(data, folder)
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in files}
    for _ in range(rounds):
        for name, file in files.items():
            answers[name].append(run_clean(file, test, "cpu", SETTINGS))
    return answers


def median(answers: list[dict[str, Any]], place: int) -> float:
    return statistics.median(answer["timings"][place]["p50_ms"] for answer in answers)


def speedup(answers: list[dict[str, Any]], floats: list[dict[str, Any]], place: int) -> float:
    """How many times as fast as the float file, median over the rounds."""
    pairs = zip(floats, answers, strict=True)
    return statistics.median(one["timings"][place]["p50_ms"] / own["timings"][place]["p50_ms"] for one, own in pairs)


def main() -> None:
    kind = sys.argv[1] if len(sys.argv) > 1 else "fashion_mnist"
    torch.set_num_threads(1)
    discover()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = load(Wanted.usual({"kind": kind}), folder, 0, "cpu")
        subjects = variants(data, *EPOCHS[kind])
        exporter = Exporter.choose({"kind": "onnx"})
        files = {variant: folder / f"{number}.onnx" for number, variant in enumerate(subjects)}
        for variant, subject in subjects.items():
            exporter.export(subject, files[variant], data.train.inputs[:1024].numpy())
        answers = measure(files, data, folder, ROUNDS)
        show(kind, subjects, files, answers)


def show(kind: str, subjects: dict[str, Subject], files: dict[str, Path], answers: dict[str, Any]) -> None:
    """The table. FLOPs are theoretical; everything else was measured on the file."""
    base, floats = files["float"].stat().st_size, answers["float"]
    base_flops = count.flops(subjects["float"]) or 0
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


if __name__ == "__main__":
    main()
