"""A stage measured as the engine measures it."""

from pathlib import Path

from backend.domain.experiment.experiment import Measure
from backend.domain.run.results import ArtifactMeasure, StageResult
from worker.contracts.subject import Subject
from worker.data.tensors import Data
from worker.engine.measurement.measure import measure_stage
from worker.pipe.messages import StageDone

SETTINGS = Measure(batch_sizes=[1, 64], repeats=20, formats=[{"kind": "onnx"}, {"kind": "safetensors"}])
FOLDER = "runs/r"


def measured(
    subject: Subject, data: Data, folder: Path, before: StageResult | None = None, **more: object
) -> StageDone:
    return measure_stage(
        subject,
        data,
        stage=2,
        kind="quantize" if subject.quantizer else "train",
        label="a stage",
        step=7,
        seconds=1.5,
        validation={"accuracy": 0.5},
        data_dir=folder,
        folder=FOLDER,
        before=before,
        **{"settings": SETTINGS, **more},  # type: ignore[arg-type]
    )


def onnx_of(done: StageDone) -> ArtifactMeasure:
    return next(entry for entry in done.result.measures if entry.exporter == "onnx")
