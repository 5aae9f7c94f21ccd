"""Quantized files are smaller, nearly as accurate, and really computed in 8 bits."""

import logging
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import nn

from tests.worker.compression.alone import ALONE, Alone
from tests.worker.compression.test_packed_weights import STORED_IN_FEWER_BITS
from worker.components.exporters.onnx import Onnx
from worker.components.quantizers.dynamic_int8 import DynamicInt8
from worker.components.quantizers.qat_int8 import QatInt8
from worker.components.quantizers.static_int8 import StaticInt8
from worker.compression.onnx.onnx_tools import multiplies_without_saturation, quiet, require_int8
from worker.compression.onnx.static_quantization import entropy_bins
from worker.contracts.component import components
from worker.contracts.families.quantizers import Quantizer
from worker.contracts.subject import Subject
from worker.data.tensors import Data
from worker.engine.measurement.measure_artifact import outputs
from worker.runtimes.kernels import INT8
from worker.runtimes.onnxruntime import executed_operators, load

EVERY = [DynamicInt8(), *(StaticInt8(method=method) for method in ("minmax", "entropy", "percentile"))]
COMPUTED_IN_8_BITS = [*EVERY, QatInt8()]


def calibration(data: Data) -> NDArray[np.float32]:
    return data.train.inputs[:256].numpy()


def write(subject: Subject, data: Data, file: Path) -> Path:
    Onnx().export(subject, file, calibration(data))
    return file


def accuracy(file: Path, data: Data) -> float:
    found = outputs(load(file, "cpu", 1), data.test.inputs.numpy())
    return float((found.argmax(1) == data.test.targets.numpy()).mean())


@pytest.fixture(scope="module")
def dense(digits: Data) -> Subject:
    """Linear layers alone, trained."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Flatten(), nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 10))
    optimizer = torch.optim.Adam(module.parameters(), 5e-3)
    for _ in range(60):
        loss = nn.functional.cross_entropy(module(digits.train.inputs), digits.train.targets)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return Subject(module, digits.input_shape)


def test_every_quantizer_is_tried_here() -> None:
    tried = [*COMPUTED_IN_8_BITS, *STORED_IN_FEWER_BITS]
    converting = {kind for kind in components("quantizers").values() if kind.convert is not Quantizer.convert}  # type: ignore[attr-defined]
    assert {type(quantizer) for quantizer in tried} == converting


@pytest.mark.parametrize("quantizer", COMPUTED_IN_8_BITS, ids=str)
def test_linear_layers_run_in_8_bits_and_a_quarter_of_the_bytes(
    quantizer: Quantizer, dense: Subject, digits: Data, tmp_path: Path
) -> None:
    source = write(dense, digits, tmp_path / "float.onnx")
    target = write(quantizer.quantize(dense, Alone(digits)), digits, tmp_path / "int8.onnx")
    assert target.stat().st_size < 0.45 * source.stat().st_size
    executed = executed_operators(target, calibration(digits)[:1])
    assert sum(number for name, number in executed.items() if name in INT8) == 2
    assert abs(accuracy(target, digits) - accuracy(source, digits)) < 0.03
    assert not INT8 & executed_operators(source, calibration(digits)[:1]).keys()


def test_static_runs_convolutions_in_8_bits(trained: Subject, digits: Data, tmp_path: Path) -> None:
    source = write(trained, digits, tmp_path / "float.onnx")
    target = write(StaticInt8().quantize(trained, ALONE), digits, tmp_path / "int8.onnx")
    executed = executed_operators(target, calibration(digits)[:1])
    assert executed["QLinearConv"] == 3 and executed["QGemm"] == 1
    assert target.stat().st_size < 0.5 * source.stat().st_size
    assert abs(accuracy(target, digits) - accuracy(source, digits)) < 0.02


def test_dynamic_leaves_convolutions_in_float(trained: Subject, digits: Data, tmp_path: Path) -> None:
    target = write(DynamicInt8().quantize(trained, ALONE), digits, tmp_path / "int8.onnx")
    executed = executed_operators(target, calibration(digits)[:1])
    assert executed["Conv"] == 3 and executed["DynamicQuantizeMatMul"] == 1


def test_weights_have_a_scale_for_each_channel_and_use_what_the_processor_can(
    trained: Subject, digits: Data, tmp_path: Path
) -> None:
    graph = onnx.load(write(StaticInt8().quantize(trained, ALONE), digits, tmp_path / "int8.onnx")).graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    filters = [name for name, array in arrays.items() if array.dtype == np.int8 and array.ndim == 4]
    assert len(filters) == 3
    for name in filters:
        scale = arrays[name.replace("_quantized", "_scale")]
        assert scale.shape == (len(arrays[name]),)
    largest = max(np.abs(arrays[name].astype(int)).max() for name in filters)
    assert largest == (127 if multiplies_without_saturation() else 64)


def test_each_calibration_method_finds_its_own_ranges(trained: Subject, digits: Data, tmp_path: Path) -> None:
    files = [
        write(quantizer.quantize(trained, ALONE), digits, tmp_path / f"{quantizer}.onnx") for quantizer in EVERY[1:]
    ]
    assert len({file.read_bytes() for file in files}) == 3


def test_entropy_cuts_off_what_few_values_need() -> None:
    bell = np.histogram(np.abs(np.random.default_rng(0).normal(size=100_000)), 500, (0, 4))[0]
    outliers = np.concatenate([bell, np.zeros(1500, np.int64)])
    outliers[-1] = 3
    assert 300 <= entropy_bins(outliers) <= 700
    assert entropy_bins(np.full(512, 100)) > 500
    assert entropy_bins(np.full(64, 100)) == 64


def test_conversion_is_reproducible(trained: Subject, digits: Data, tmp_path: Path) -> None:
    one, two = (write(StaticInt8().quantize(trained, ALONE), digits, tmp_path / name) for name in ("1.onnx", "2.onnx"))
    assert one.read_bytes() == two.read_bytes()


def test_a_model_without_linear_layers_is_refused(digits: Data, tmp_path: Path) -> None:
    module = nn.Sequential(nn.Conv2d(1, 10, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with pytest.raises(ValueError, match=r"none of this model's layers in 8 bits on this machine, only .*Conv"):
        write(DynamicInt8().quantize(Subject(module, digits.input_shape), ALONE), digits, tmp_path / "int8.onnx")


def test_a_float_file_does_not_pass_for_a_quantized_one(trained: Subject, digits: Data, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="quantization would have no effect"):
        require_int8(write(trained, digits, tmp_path / "float.onnx"), calibration(digits)[:1])


def test_nothing_is_printed_and_logging_stays_as_it_was(
    trained: Subject, digits: Data, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    handlers, disabled = list(logging.root.handlers), logging.root.manager.disable
    write(StaticInt8(method="entropy", samples=8).quantize(trained, ALONE), digits, tmp_path / "int8.onnx")
    assert capfd.readouterr() == ("", "")
    assert (logging.root.handlers, logging.root.manager.disable) == (handlers, disabled)
    with pytest.raises(ZeroDivisionError), quiet():
        _ = 1 / 0
    assert (logging.root.handlers, logging.root.manager.disable) == (handlers, disabled)


def test_the_module_itself_stays_float(trained: Subject, digits: Data, tmp_path: Path) -> None:
    quantized = StaticInt8().quantize(trained, ALONE)
    before = trained.module.get_submodule("conv1").weight.clone()
    write(quantized, digits, tmp_path / "int8.onnx")
    assert torch.equal(trained.module.get_submodule("conv1").weight, before)
    assert trained.quantizer is None and quantized.quantizer == StaticInt8()
