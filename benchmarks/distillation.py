"""Distillation: a small student that a larger network teaches, against the same student alone, over five seeds.

Both are runs of the product's own pipeline on a part of Fashion-MNIST. In one the teacher is trained and then distilled
into the student; in the other the student has the labels alone, with the same recipe and as many epochs. Equal seeds give
equal data; the students' first weights differ. Accuracy is on the test split, of the ONNX file that was written and loaded
again. The difference is taken seed by seed; its 95 % interval is Student's t.
"""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from backend.charts.targets import interval
from backend.spec.experiment import resolve
from backend.spec.results import StageResult
from backend.spec.runs import RunState
from backend.spec.settings import Settings
from worker.catalog import build
from worker.component import discover
from worker.engine.pipeline import execute
from worker.messages import Assignment, Finished, FromTrainer, Order, Release, StageDone

SEEDS = (0, 1, 2, 3, 4)
TEACHER = {"kind": "cnn", "width": 32}
STUDENT = {"kind": "cnn", "width": 4}
RECIPE = {
    "epochs": 20,
    "batch": {"kind": "fixed", "size": 64},
    "optimizer": {"kind": "adam", "lr": 3e-3},
    "schedule": {"kind": "cosine"},
}
TEACHERS = {"kind": "train", **RECIPE, "epochs": 12}
ALONE = {"kind": "train", **RECIPE}
DISTILLED = {"kind": "distill", "student": STUDENT, "distillers": [{"kind": "soft_targets"}], **RECIPE}
SPEC = {
    "name": "distillation",
    "dataset": {"kind": "fashion_mnist"},
    "distribution": [{"kind": "subset", "count": 3000}],
    "measure": {"batch_sizes": [1], "repeats": 5},
    "diagnosis": {"every": 0},
}


class Results:
    """A link that keeps what the stages measured and how the run ended."""

    def __init__(self) -> None:
        self.stages: list[StageResult] = []

    def send(self, message: FromTrainer) -> None:
        if isinstance(message, StageDone):
            self.stages.append(message.result)
        if isinstance(message, Finished) and message.state is not RunState.SUCCEEDED:
            raise RuntimeError(message.error)

    def orders(self) -> Sequence[Order | Release]:
        return ()


def run(model: Mapping[str, Any], stages: list[dict[str, Any]], run_seed: int, folder: Path) -> list[StageResult]:
    spec = resolve({**SPEC, "model": model, "stages": stages}, build()).model_dump(mode="json")
    results = Results()
    settings = Settings(data_dir=folder, threads=1)
    execute(Assignment("run", 1, run_seed, spec, f"runs/{run_seed}-{len(stages)}"), results, settings)
    return results.stages


def accuracy(result: StageResult) -> float:
    return next(100 * one.accuracy for one in result.measures if one.exporter == "onnx" and one.accuracy is not None)


def shown(values: Sequence[float]) -> str:
    mean, half = interval(values)
    return f"{mean:.2f} ± {half:.2f}"


def main() -> None:
    seeds = [int(text) for text in sys.argv[1:]] or list(SEEDS)
    torch.set_num_threads(1)
    discover()
    rows: list[tuple[StageResult, StageResult, StageResult]] = []
    print("| seed | teacher | student alone | distilled | difference |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for run_seed in seeds:
            teacher, distilled = run(TEACHER, [TEACHERS, DISTILLED], run_seed, Path(folder))
            (alone,) = run(STUDENT, [ALONE], run_seed, Path(folder))
            rows.append((teacher, alone, distilled))
            figures = [accuracy(result) for result in rows[-1]]
            cells = " | ".join(f"{figure:.2f}" for figure in figures)
            print(f"| {run_seed} | {cells} | {figures[2] - figures[1]:+.2f} |", flush=True)
    columns = [[accuracy(row[place]) for row in rows] for place in range(3)]
    gains = [distilled - alone for _, alone, distilled in zip(*columns, strict=True)]
    print("| mean | " + " | ".join(shown(column) for column in [*columns, gains]) + " |\n")
    teacher, _, student = rows[0]
    print(
        f"Accuracy in %, ± half the 95 % interval. Parameters: teacher {teacher.parameters:,}, student {student.parameters:,}."
    )


if __name__ == "__main__":
    main()
