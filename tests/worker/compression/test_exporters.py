"""Exported files hold the model whole, and nothing but the model."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file

from tests.worker.compression import subjects
from tests.worker.compression.alone import ALONE
from worker.components.exporters.onnx import Onnx
from worker.components.exporters.safetensors import Safetensors
from worker.components.quantizers.static_int8 import StaticInt8
from worker.contracts.subject import Subject

NONE = np.zeros((0,), np.float32)


@pytest.mark.parametrize("name", subjects.MODELS)
def test_onnx_answers_as_the_module_does_at_any_batch_size(name: str, tmp_path: Path) -> None:
    subject = subjects.subject(name)
    Onnx().export(subject, tmp_path / "model.onnx", NONE)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    expected = subjects.outputs(subject).numpy()
    inputs = torch.randn(16, *subject.input_shape, generator=torch.Generator().manual_seed(2)).numpy()
    for batch in (1, 3, 16):
        found = session.run(None, {"input": inputs[:batch]})[0]
        np.testing.assert_allclose(found, expected[:batch], rtol=1e-4, atol=1e-5)


def test_onnx_is_one_valid_file_with_its_weights_inside(tmp_path: Path) -> None:
    subject = subjects.subject("lenet5")
    Onnx().export(subject, tmp_path / "model.onnx", NONE)
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]
    assert (tmp_path / "model.onnx").stat().st_size > 4 * 431_080
    model = onnx.load(tmp_path / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert [entry.version for entry in model.opset_import] == [17]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"


def test_onnx_keeps_batch_normalization_for_the_fold_stage_to_remove(tmp_path: Path) -> None:
    Onnx().export(subjects.subject("cnn"), tmp_path / "model.onnx", NONE)
    operators = [node.op_type for node in onnx.load(tmp_path / "model.onnx").graph.node]
    assert operators.count("BatchNormalization") == 3


@pytest.mark.parametrize("exporter", [Onnx(), Safetensors()], ids=lambda exporter: exporter.kind)
def test_the_module_is_left_as_it_was(exporter: Onnx | Safetensors, tmp_path: Path) -> None:
    subject = subjects.subject("cnn")
    subject.module.train()
    subject.module[1].eval()
    before = {name: tensor.clone() for name, tensor in subject.module.state_dict().items()}
    exporter.export(subject, tmp_path / "model", NONE)
    assert subject.module[0].training and not subject.module[1].training
    assert all(torch.equal(before[name], tensor) for name, tensor in subject.module.state_dict().items())


def test_safetensors_loads_back_bit_by_bit(tmp_path: Path) -> None:
    subject = subjects.subject("cnn")
    Safetensors().export(subject, tmp_path / "weights.safetensors", NONE)
    loaded, expected = load_file(tmp_path / "weights.safetensors"), subject.module.state_dict()
    assert set(loaded) == set(expected)
    assert all(torch.equal(loaded[name], expected[name]) for name in expected)


def test_safetensors_holds_tied_weights(tmp_path: Path) -> None:
    layer = torch.nn.Linear(3, 3)
    Safetensors().export(Subject(torch.nn.Sequential(layer, layer), (3,)), tmp_path / "weights.safetensors", NONE)
    assert set(load_file(tmp_path / "weights.safetensors")) == {"0.weight", "0.bias", "1.weight", "1.bias"}


def test_safetensors_refuses_what_it_cannot_hold() -> None:
    subject = subjects.subject("cnn")
    assert Safetensors().refuses(subject) is None
    assert "quantized" in (Safetensors().refuses(StaticInt8().quantize(subject, ALONE)) or "")
    assert Onnx().refuses(StaticInt8().quantize(subject, ALONE)) is None
