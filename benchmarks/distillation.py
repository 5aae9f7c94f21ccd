"""Distillation: a student with few samples that learns from a teacher's soft targets, against the same student alone.

Both are runs of the product's own pipeline on the digits, over five seeds. The teacher, a run before them, has seen the
whole training split; the student sees a small part of it, with the labels alone or with the soft targets beside them,
with the same recipe and as many epochs (Hinton et al. 2015, section 6: soft targets as regularizers). Equal seeds give
equal data, splits and first weights. Accuracy is on the test split, of the ONNX file that was written and loaded again.
The difference is taken seed by seed; its 95 % interval is Student's t.
"""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch

from backend.charts.targets import interval
from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import resolve
from backend.domain.run.results import StageResult
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from benchmarks import watch
from worker.contracts.catalog import build
from worker.contracts.component import discover
from worker.engine.execute import execute
from worker.pipe.link import Unattended
from worker.pipe.messages import Assignment, Checkpoint, Finished, FromTrainer, Source, StageDone

SEEDS = (0, 1, 2, 3, 4)
SAMPLES = 100
TEACHER = {"kind": "cnn", "width": 16}
STUDENT = {"kind": "mlp", "hidden": [64]}
RECIPE = {"optimizer": {"kind": "adam", "lr": 2e-3}, "schedule": {"kind": "cosine"}}
TEACHERS = {"kind": "train", "epochs": 10, "batch": {"kind": "fixed", "size": 64}, **RECIPE}
ALONE = {"kind": "train", "epochs": 60, "batch": {"kind": "fixed", "size": 16}, **RECIPE}
DISTILLED = {**ALONE, "kind": "distill", "teacher": "teacher", "distillers": [{"kind": "soft_targets"}]}
SPEC = {
    "name": "distillation",
    "dataset": {"kind": "digits"},
    "measure": {"batch_sizes": [1], "repeats": 5},
    "diagnosis": {"every": 0},
}


class Results(Unattended):
    """A link that keeps what the stage measured and left. Raises RuntimeError when the run fails."""

    def __init__(self) -> None:
        self.stage: StageResult | None = None
        self.checkpoint: Checkpoint | None = None

    def send(self, message: FromTrainer) -> None:
        if isinstance(message, StageDone):
            self.stage = message.result
        if isinstance(message, Checkpoint):
            self.checkpoint = message
        if isinstance(message, Finished) and message.state is not RunState.SUCCEEDED:
            raise RuntimeError(message.error)


@cache
def catalog() -> Catalog:
    return build()


def run(
    name: str,
    model: Mapping[str, Any],
    stage: Mapping[str, Any],
    run_seed: int,
    folder: Path,
    teacher: Source | None = None,
) -> tuple[StageResult, Source]:
    """Results of the stage, and the files that it leaves for other runs. Only the teacher sees all samples."""
    few = [] if name == "teacher" else [{"kind": "subset", "count": SAMPLES}]
    spec = resolve({**SPEC, "distribution": few, "model": model, "stages": [stage]}, catalog()).model_dump(mode="json")
    results, sources = Results(), {"teacher": teacher} if teacher else {}
    work = Assignment(name, 1, run_seed, spec, f"runs/{name}-{run_seed}", sources=sources)
    execute(work, results, Settings(data_dir=folder, threads=1))
    assert results.stage and results.checkpoint
    return results.stage, Source(results.checkpoint, name, run_seed, spec["dataset"], spec["preparation"])


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
        for run_seed in watch.through(seeds, "seed"):
            teacher, source = run("teacher", TEACHER, TEACHERS, run_seed, Path(folder))
            alone, _ = run("alone", STUDENT, ALONE, run_seed, Path(folder))
            distilled, _ = run("distilled", STUDENT, DISTILLED, run_seed, Path(folder), source)
            rows.append((teacher, alone, distilled))
            figures = [accuracy(result) for result in rows[-1]]
            cells = " | ".join(f"{figure:.2f}" for figure in figures)
            print(f"| {run_seed} | {cells} | {figures[2] - figures[1]:+.2f} |")
    columns = [[accuracy(row[place]) for row in rows] for place in range(3)]
    gains = [distilled - alone for _, alone, distilled in zip(*columns, strict=True)]
    print("| mean | " + " | ".join(shown(column) for column in [*columns, gains]) + " |\n")
    teacher, _, student = rows[0]
    print(
        f"Accuracy in %, ± half the 95 % interval. Parameters: teacher {teacher.parameters:,}, student {student.parameters:,}."
    )


if __name__ == "__main__":
    sys.exit(watch.run(main))
