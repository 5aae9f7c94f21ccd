"""Weights stored in fewer bits: the file computes with exactly those that were announced, or is refused."""

import copy
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper
from torch import nn

from tests.worker.compression.alone import ALONE, Alone
from worker.components.exporters.onnx import Onnx
from worker.components.quantizers import float16
from worker.components.quantizers._weight_only import WeightOnly
from worker.components.quantizers.bfloat16 import Bfloat16
from worker.components.quantizers.float16 import Float16
from worker.components.quantizers.mixed import Mixed
from worker.components.quantizers.weight_only_int4 import WeightOnlyInt4
from worker.components.quantizers.weight_only_int8 import WeightOnlyInt8
from worker.compression.onnx import onnx_weights
from worker.compression.onnx.onnx_weights import packed_blocks
from worker.contracts.families.quantizers import Quantizer
from worker.contracts.subject import Subject
from worker.data.tensors import Data
from worker.nn.kinds import weighted
from worker.runtimes import onnxruntime as runtime
from worker.runtimes.onnxruntime import executed_operators

STORED_IN_FEWER_BITS: list[Quantizer] = [WeightOnlyInt8(), WeightOnlyInt4(), Float16(), Bfloat16(), Mixed(bits=3.0)]
SHARES = {"weight_only_int8": 0.31, "weight_only_int4": 0.18, "float16": 0.54, "bfloat16": 0.54, "mixed": 0.23}


def answers(file: Path, data: Data) -> np.ndarray:
    outputs: np.ndarray = onnxruntime.InferenceSession(file).run(None, {"input": data.test.inputs.numpy()})[0]
    return outputs


def write(subject: Subject, data: Data, folder: Path) -> Path:
    kind = subject.quantizer.model_dump(mode="json")["kind"] if subject.quantizer else "float"
    file = folder / f"{kind}.onnx"
    Onnx().export(subject, file, data.train.inputs[:64].numpy())
    return file


@torch.no_grad()
def announced(subject: Subject, quantizer: Quantizer, data: Data) -> np.ndarray:
    """Outputs of torch with the weights that the quantizer promises for the file."""
    module = copy.deepcopy(subject.module).eval()
    if not isinstance(quantizer, Mixed):  # which rounds the module's own
        for name, layer in weighted(module).items():
            stored = quantizer.stored(name, layer)
            assert stored is not None
            layer.weight.copy_(stored[0])
    outputs: np.ndarray = module(data.test.inputs).numpy()
    return outputs


@pytest.mark.parametrize("quantizer", STORED_IN_FEWER_BITS, ids=lambda quantizer: quantizer.kind)
def test_the_file_computes_with_the_weights_that_were_announced(
    quantizer: Quantizer, trained: Subject, digits: Data, tmp_path: Path
) -> None:
    source, before = write(trained, digits, tmp_path), copy.deepcopy(trained)
    quantized = quantizer.quantize(trained, Alone(digits))
    file = write(quantized, digits, tmp_path)
    np.testing.assert_allclose(answers(file, digits), announced(quantized, quantizer, digits), atol=2e-5)
    assert not np.allclose(answers(file, digits), answers(source, digits), atol=2e-5)
    assert file.stat().st_size < SHARES[quantizer.kind] * source.stat().st_size
    assert before.quantizer is None and quantized.quantizer == quantizer


def test_linear_layers_run_in_their_own_kernel_and_convolutions_are_unpacked(
    trained: Subject, digits: Data, tmp_path: Path
) -> None:
    for quantizer, kind in ((WeightOnlyInt4(), onnx.TensorProto.INT4), (WeightOnlyInt8(), onnx.TensorProto.INT8)):
        file = write(quantizer.quantize(trained, ALONE), digits, tmp_path)
        executed = executed_operators(file, digits.test.inputs[:1].numpy())
        assert (executed["MatMulNBits"], executed["DequantizeLinear"]) == (1, 3)
        held = [tensor for tensor in onnx.load(file).graph.initializer if tensor.data_type == kind]
        assert len([tensor for tensor in held if len(tensor.dims) == 4]) == 3


def test_half_precision_runs_the_same_operators_as_before(trained: Subject, digits: Data, tmp_path: Path) -> None:
    sample = digits.test.inputs[:1].numpy()
    before = executed_operators(write(trained, digits, tmp_path), sample)
    for quantizer in (Float16(), Bfloat16()):
        executed = executed_operators(write(quantizer.quantize(trained, ALONE), digits, tmp_path), sample)
        assert "Cast" not in executed
        assert sum(executed.get(name, 0) for name in ("Conv", "FusedConv")) == 3
        assert executed.get("Gemm") == before.get("Gemm") == 1


def test_the_whole_graph_is_halved_where_the_runtime_has_kernels(
    trained: Subject, digits: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(trained, digits, tmp_path)
    monkeypatch.setattr(float16, "half_kernels", lambda: True)
    file = write(Float16().quantize(trained, ALONE), digits, tmp_path)
    kinds = {tensor.data_type for tensor in onnx.load(file).graph.initializer if len(tensor.dims)}
    assert kinds == {onnx.TensorProto.FLOAT16}
    np.testing.assert_allclose(answers(file, digits), answers(source, digits), atol=0.05)


def test_what_half_precision_cannot_hold_is_refused(digits: Data, tmp_path: Path) -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    module[1].weight.data[0, 0] = 1e6
    subject = Subject(module, digits.input_shape)
    with pytest.raises(ValueError, match=r"a weight of 1e\+06 is too large for .*; use `bfloat16`"):
        write(Float16().quantize(subject, ALONE), digits, tmp_path)
    write(Bfloat16().quantize(subject, ALONE), digits, tmp_path)


def test_blocks_are_packed_as_the_kernel_reads_them() -> None:
    weight = np.zeros((1, 18), np.float32)
    weight[0, :3], weight[0, 16:] = (0.7, -0.2, 0.3), (-14.0, 4.0)
    packed, scales = packed_blocks(weight, bits=4, most=7, block=16)
    np.testing.assert_allclose(scales, [0.1, 2.0], rtol=1e-6)
    assert packed.shape == (1, 2, 8)
    assert packed[0, 0, :2].tolist() == [(8 - 2) << 4 | (8 + 7), 8 << 4 | (8 + 3)]  # the first number in the low bits
    assert packed[0, 1, 0] == (8 + 2) << 4 | (8 - 7)
    whole, _ = packed_blocks(weight, bits=8, most=127, block=16)
    assert whole[0, 0, :3].tolist() == [128 + 127, 128 - 36, 128 + 54]


def test_a_runtime_without_the_kernel_is_a_reason_to_refuse(
    trained: Subject, digits: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(*_: object) -> dict[str, int]:
        raise RuntimeError("NOT_IMPLEMENTED : Could not find an implementation for MatMulNBits(1)")

    monkeypatch.setattr(runtime, "executed_operators", lacking)
    refused = pytest.raises(ValueError, match=r"cannot compute with weights packed like this: NOT_IMPLEMENTED.*; take")
    with refused:
        write(WeightOnlyInt4().quantize(trained, ALONE), digits, tmp_path)
    with refused:
        WeightOnlyInt4().validate_for(trained.module)
    monkeypatch.setattr(runtime, "executed_operators", lambda *_: {"Conv": 3, "Gemm": 1})
    with pytest.raises(ValueError, match=r"no effect: .*3 DequantizeLinear"):
        write(WeightOnlyInt4().quantize(trained, ALONE), digits, tmp_path)


@pytest.mark.parametrize("quantizer", [WeightOnlyInt4(), WeightOnlyInt8(), WeightOnlyInt4(block=128)])
def test_this_machine_has_the_kernels(quantizer: WeightOnly, trained: Subject) -> None:
    quantizer.validate_for(trained.module)


def test_a_model_without_weights_to_store_is_refused(digits: Data, tmp_path: Path) -> None:
    bare = Subject(nn.Sequential(nn.Flatten(), nn.BatchNorm1d(64)), digits.input_shape)
    with pytest.raises(ValueError, match="no linear, convolutional or recurrent layer"):
        write(WeightOnlyInt8().quantize(bare, ALONE), digits, tmp_path)
    with pytest.raises(ValueError, match="no linear or convolution layer"):
        Mixed().quantize(bare, ALONE)


def test_layers_that_stay_float_are_named(digits: Data) -> None:
    context = Alone(digits)
    subject = Subject(nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 2)), (3,), input_dtype=torch.int64)
    WeightOnlyInt4().quantize(subject, context)
    assert context.reported == ["These layers stay in floating point because no kernel exists for them: 0 (Embedding)."]


def test_four_bits_take_half_a_byte() -> None:
    numbers = np.arange(-7, 8, dtype=np.int8)
    assert len(onnx_weights._whole("w", numbers, 4).raw_data) == 8
    assert numpy_helper.to_array(onnx_weights._whole("w", numbers, 4)).astype(int).tolist() == numbers.tolist()
