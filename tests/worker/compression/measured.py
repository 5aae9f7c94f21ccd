"""A stage measured as the engine measures it."""

from collections.abc import Callable
from pathlib import Path

from backend.domain.experiment.experiment import Measure
from backend.domain.run.results import ArtifactMeasure, StageResult
from worker.contracts.subject import Subject
from worker.data.tensors import Data
from worker.engine.measurement.measure import Bench, Earlier, StageEnd, measure_stage
from worker.pipe.messages import StageDone

SETTINGS = Measure(batch_sizes=[1, 64], repeats=20, formats=[{"kind": "onnx"}, {"kind": "safetensors"}])
FOLDER = "runs/r"


def measured(
    subject: Subject,
    data: Data,
    folder: Path,
    before: StageResult | None = None,
    settings: Measure = SETTINGS,
    tick: Callable[[], None] = lambda: None,
) -> StageDone:
    kind = "quantize" if subject.quantizer else "train"
    end = StageEnd(2, kind, "a stage", step=7, seconds=1.5, validation={"accuracy": 0.5})
    return measure_stage(subject, data, end, Bench(settings, folder, FOLDER, tick), Earlier(last=before))


def onnx_of(done: StageDone) -> ArtifactMeasure:
    return next(entry for entry in done.result.measures if entry.exporter == "onnx")
