"""Deep Compression, reproduced: how much smaller a file gets that decodes bit by bit and answers as well.

`python -m benchmarks.deep_compression` runs the template of LeNet-300-100 whole, through the engine. Sizes are bytes on disk: of the coded file that the last stage leaves, and of the float
weights that the first stage, the training, leaves. Accuracies are on the test split, each measured by running the file
in a clean process. Choices were made on the validation split, which is printed beside them.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import yaml

from backend.domain.experiment.experiment import resolve
from backend.domain.run.results import ArtifactMeasure, StageResult
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from benchmarks import watch
from worker.contracts import catalog
from worker.contracts.component import discover
from worker.engine.execute import execute
from worker.pipe.link import Unattended
from worker.pipe.messages import Assignment, Finished, FromTrainer, Progress, StageDone

TEMPLATES = Path(__file__).parents[1] / "backend" / "templates"


class Results(Unattended):
    """A link that keeps what each stage measured."""

    def __init__(self) -> None:
        self.stages: list[StageResult] = []
        self._pace = watch.Pace("step")

    def send(self, message: FromTrainer) -> None:
        if isinstance(message, StageDone):
            self.stages.append(message.result)
            print(row(message.result))
        elif isinstance(message, Progress):
            self._pace.report(message.step, message.total_steps)
        elif isinstance(message, Finished) and message.state is not RunState.SUCCEEDED:
            sys.exit(f"the run ended as {message.state}: {message.error}")


def template(name: str) -> dict[str, Any]:
    """The spec of the template `…_deep-compression-NAME`, with files of the network alone, whose bytes the paper counts."""
    (file,) = TEMPLATES.glob(f"*_deep-compression-{name}.yaml")
    spec: dict[str, Any] = yaml.safe_load(file.read_text())["spec"]
    return {**spec, "measure": {**spec.get("measure", {}), "input": "prepared"}}


def of(result: StageResult, exporter: str) -> ArtifactMeasure:
    return next(measure for measure in result.measures if measure.exporter == exporter)


def row(result: StageResult) -> str:
    coded, weights = of(result, "coded"), of(result, "safetensors")
    return (
        f"| {result.label} | {result.nonzero:,} | {weights.bytes:,} | {coded.bytes:,} | {coded.accuracy:.4f} "
        f"| {result.validation['accuracy']:.4f} | {coded.load_ms:.0f} ms |"
    )


def compare(stages: Sequence[StageResult]) -> str:
    """The last stage's coded file against the float weights of the first."""
    before, after = of(stages[0], "safetensors").bytes, of(stages[-1], "coded")
    dense = of(stages[0], "onnx").accuracy
    assert dense is not None and after.accuracy is not None
    return f"{before / after.bytes:.1f} times smaller, {100 * (after.accuracy - dense):+.2f} points of test accuracy"


def run(name: str, folder: Path) -> list[StageResult]:
    spec = resolve(template(name), catalog.build()).model_dump(mode="json")
    link = Results()
    print(f"\n| {name} | not zero | float weights | coded file | test | validation | loads in |")
    print("|---|---|---|---|---|---|---|")
    execute(
        Assignment("run", epoch=1, seed=spec["seed"], spec=spec, folder="runs/run"), link, Settings(data_dir=folder)
    )
    return link.stages


def main() -> None:
    torch.set_num_threads(1)
    discover()
    for name in sys.argv[1:] or ("lenet-300-100",):
        with tempfile.TemporaryDirectory() as folder:
            print(f"\n{compare(run(name, Path(folder)))}")


if __name__ == "__main__":
    sys.exit(watch.run(main))
