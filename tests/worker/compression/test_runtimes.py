"""Runtimes side by side: each file is run by its own, in a process that knows no other, and the answers agree."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

import worker
from backend.domain.experiment.experiment import Measure
from tests.worker.compression import subjects
from tests.worker.compression.alone import ALONE
from tests.worker.compression.conftest import accuracy
from worker import runtimes
from worker.components.exporters.torch_export import TorchExport
from worker.components.quantizers.static_int8 import StaticInt8
from worker.contracts.subject import Subject
from worker.data.tensors import Data
from worker.engine.measurement.clean_process import HeldOutFiles, run_clean

pytestmark = pytest.mark.usefixtures("processes")

pytestmark = pytest.mark.usefixtures("processes")

NONE = np.zeros((0,), np.float32)
SETTINGS = Measure(batch_sizes=[1, 64], repeats=20)


@pytest.mark.parametrize("name", ["cnn", "mlp with norm"])
def test_a_program_answers_as_the_module_does_at_any_batch_size(name: str, tmp_path: Path) -> None:
    subject = subjects.subject(name)
    subject.module.train()
    TorchExport().export(subject, tmp_path / "model.pt2", NONE)
    assert subject.module.training
    session = runtimes.load("torch", str(tmp_path / "model.pt2"), "cpu", 1)
    inputs = torch.randn(16, *subject.input_shape, generator=torch.Generator().manual_seed(2))
    expected = subjects.outputs(subject).numpy()
    for size in (1, 3, 16):
        (found,) = session.call(inputs[:size].numpy())()
        assert np.abs(found - expected[:size]).max() < 1e-5


def test_a_program_tells_nothing_of_the_machine_that_made_it(tmp_path: Path) -> None:
    """The tracer notes lines of code with their paths, and keeps its sample."""
    subject = subjects.subject("cnn")
    TorchExport().export(subject, tmp_path / "model.pt2", NONE)
    assert b"worker/" not in (tmp_path / "model.pt2").read_bytes()
    weights = 4 * sum(tensor.numel() for tensor in subject.module.state_dict().values())
    assert weights < (tmp_path / "model.pt2").stat().st_size < weights + 60_000


def test_a_quantized_model_is_refused_and_so_is_one_that_cannot_be_traced(tmp_path: Path) -> None:
    subject = subjects.subject("cnn")
    assert TorchExport().refuses(subject) is None
    assert "quantized" in (TorchExport().refuses(StaticInt8().quantize(subject, ALONE)) or "")

    class Deciding(nn.Linear):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return super().forward(inputs if inputs.sum() > 0 else -inputs)

    with pytest.raises(ValueError, match=r"cannot write this model for any batch size .* leave `torch_export` out"):
        TorchExport().export(Subject(Deciding(3, 3), (3,)), tmp_path / "model.pt2", NONE)


def test_torch_measures_its_own_file_in_a_clean_process(trained: Subject, digits: Data, tmp_path: Path) -> None:
    TorchExport().export(trained, tmp_path / "model.pt2", NONE)
    found = run_clean(
        tmp_path / "model.pt2", HeldOutFiles.write(digits, tmp_path, form="prepared"), "cpu", SETTINGS, runtime="torch"
    )
    assert found["runtime"] == f"torch {torch.__version__.partition('+')[0]}, cpu, 1 thread"
    assert found["quality"]["test"]["accuracy"] == accuracy(trained.module, digits)
    assert found["operators"]["conv2d"] == 3 and 0 < found["load_ms"] < 60_000
    assert [timing["batch_size"] for timing in found["timings"]] == [1, 64]
    assert all(0 < timing["p50_ms"] <= timing["p95_ms"] for timing in found["timings"])


def test_a_file_that_is_none_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "model.pt2").write_bytes(b"MZ" * 500)
    for name, title in (("torch", "torch.export"), ("onnxruntime", "ONNX Runtime")):
        with pytest.raises(ValueError, match=f"{title} cannot load the file"):
            runtimes.load(name, str(tmp_path / "model.pt2"), "cpu", 1)


def test_a_device_that_a_runtime_lacks_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    for name in ("torch", "onnxruntime"):
        assert runtimes.runtime(name).lacks("cpu") is None
        assert "use `cpu`" in (runtimes.runtime(name).lacks("cuda") or "")


def test_a_process_loads_the_one_runtime_that_it_needs() -> None:
    neither = loaded_modules("import worker.engine.measurement.measure_artifact")
    assert not {"torch", "onnxruntime", "onnx", "sklearn", "pydantic"} & neither
    begun = "import worker.engine.measurement.measure_artifact; from worker import runtimes; runtimes.runtime({!r})"
    of_onnx, of_torch = loaded_modules(begun.format("onnxruntime")), loaded_modules(begun.format("torch"))
    assert "onnxruntime" in of_onnx and not {"torch", "onnx", "pydantic"} & of_onnx
    assert "torch" in of_torch and "onnxruntime" not in of_torch


def loaded_modules(statement: str) -> set[str]:
    code = f"{statement}; import sys, json; print(json.dumps(sorted(sys.modules)))"
    home = Path(worker.__file__).parents[1]
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=home)
    return set(json.loads(answer.stdout))
