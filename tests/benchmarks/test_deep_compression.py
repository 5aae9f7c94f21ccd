"""The benchmark reads the templates that people run, and compares the coded file with the float weights."""

from pathlib import Path
from typing import Any

import pytest

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import resolve
from backend.domain.run.results import ArtifactMeasure, StageResult
from benchmarks import deep_compression


def stage(label: str, weights: int, coded: int, accuracy: float) -> StageResult:
    fixed: dict[str, Any] = {"artifact": "a", "gzip_bytes": 1, "runtime": "r", "accuracy": accuracy, "load_ms": 8.0}
    sizes = {"onnx": weights, "safetensors": weights, "coded": coded}
    return StageResult(
        stage=0, kind="train", label=label, step=1, seconds=1.0, parameters=9, nonzero=5, weights_sha256="",
        validation={"accuracy": 0.9}, measures=[ArtifactMeasure(exporter=kind, bytes=size, **fixed) for kind, size in sizes.items()],
    )  # fmt: skip


def test_the_template_ends_in_shared_weights(catalog: Catalog) -> None:
    spec = resolve(deep_compression.template("lenet-300-100"), catalog)
    assert [format["kind"] for format in spec.measure.formats] == ["onnx", "safetensors", "coded"]
    assert (spec.stages[0]["kind"], spec.stages[-1]["method"]["kind"]) == ("train", "weight_sharing")


def test_the_last_coded_file_stands_against_the_first_weights() -> None:
    stages = [stage("train", 1000, 900, 0.9), stage("prune", 1000, 100, 0.91), stage("quantize", 1000, 20, 0.898)]
    assert deep_compression.compare(stages) == "50.0 times smaller, -0.20 points of test accuracy"
    assert deep_compression.row(stages[1]) == "| prune | 5 | 1,000 | 100 | 0.9100 | 0.9000 | 8 ms |"


def test_a_run_goes_through_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny: dict[str, Any] = {
        "name": "tiny",
        "dataset": {"kind": "digits"},
        "model": {"kind": "linear"},
        "measure": {"batch_sizes": [1], "repeats": 5},
        "stages": [{"kind": "train", "epochs": 1}],
    }
    monkeypatch.setattr(deep_compression, "template", lambda name: tiny)
    (result,) = deep_compression.run("tiny", tmp_path)
    assert {measure.exporter for measure in result.measures} == {"onnx", "safetensors", "coded"}
