"""Training that acts quantized: against torch's own fake quantization, and the file has the grids that were trained."""

import copy
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.ao.quantization.observer import MovingAverageMinMaxObserver

from tests.worker.compression.alone import ALONE, Alone
from worker.components.exporters.onnx import Onnx
from worker.components.losses.cross_entropy import CrossEntropy
from worker.components.quantizers.qat_int8 import QatInt8
from worker.compression.fake_quantization import MOMENTUM, ActsQuantized, fake_quantized, grid, measured_ranges
from worker.compression.onnx.onnx_tools import int8_magnitude
from worker.contracts.subject import Subject
from worker.data.tensors import Data
from worker.engine.diagnostics.noise import noise_scale
from worker.nn.grids import by_channel


def observed(*batches: Tensor) -> MovingAverageMinMaxObserver:
    observer = MovingAverageMinMaxObserver(averaging_constant=MOMENTUM, dtype=torch.quint8)
    for batch in batches:
        observer(batch)
    return observer


def small() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))


def begun(module: nn.Module, callback: ActsQuantized | None = None) -> ActsQuantized:
    callback = callback or QatInt8().callback()
    callback.start(Subject(module, (6,)), ALONE)
    return callback


@pytest.fixture
def batches() -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(32, 6, generator=generator) * scale for scale in (1.0, 3.0, 0.5)]


def test_ranges_move_and_grids_lie_as_torchs_do(batches: list[Tensor]) -> None:
    module = small()
    callback = begun(module)
    with callback.attach(module):
        for number, batch in enumerate(batches, 1):
            outputs = module(batch)
            callback.objective(batch, outputs, outputs, outputs.sum())
            callback.after_step(number, len(batches))
    observer = observed(*batches)
    scale, zero = observer.calculate_qparams()
    assert callback.ranges["0"].tolist() == pytest.approx([observer.min_val.item(), observer.max_val.item()])
    assert torch.allclose(grid(callback.ranges["0"])[0], scale)
    assert grid(callback.ranges["0"])[1] == zero
    values = batches[1]
    expected = torch.fake_quantize_per_tensor_affine(values, scale.item(), int(zero), 0, 255)
    assert torch.allclose(fake_quantized(values, callback.ranges["0"]), expected, atol=1e-6)


def test_a_range_always_holds_zero() -> None:
    assert fake_quantized(torch.tensor([0.0, 2.5, 9.0]), torch.tensor([2.0, 4.0]))[0] == 0
    scale, zero = grid(torch.zeros(2))
    assert (scale, zero) == (1.0, 0)


def test_the_forward_pass_is_rounded_and_gradients_pass_straight_through(batches: list[Tensor]) -> None:
    module, callback = small(), ActsQuantized(lambda _, weight: by_channel(weight, 7))
    begun(module, callback)
    rounded = copy.deepcopy(module)
    for layer in (rounded[0], rounded[2]):
        layer.weight.data = by_channel(layer.weight, 7)
    with callback.attach(module):
        outputs = module(batches[0])
        outputs.square().sum().backward()
    expected = rounded(batches[0])
    expected.square().sum().backward()
    assert torch.equal(outputs, expected)
    for own, other in zip(module.parameters(), rounded.parameters(), strict=True):
        assert own.grad is not None and other.grad is not None
        assert torch.equal(own.grad, other.grad)


def test_the_module_is_the_same_while_it_acts_and_afterwards(batches: list[Tensor]) -> None:
    module = small()
    before, plain = copy.deepcopy(module.state_dict()), module(batches[0])
    callback = begun(module)
    with callback.attach(module):
        acted = module(batches[0])
        assert list(module.state_dict()) == list(before)
    assert not torch.equal(acted, plain)
    assert torch.equal(module(batches[0]), plain)
    assert all("weight" not in layer.__dict__ for layer in module)


def test_validation_and_looks_at_the_noise_leave_no_trace_in_the_ranges(batches: list[Tensor]) -> None:
    module = small()
    callback = begun(module)
    with callback.attach(module):
        for peek in (False, True):
            if peek:
                module.eval()(100 * batches[0])
                module.train()
                noise_scale(module, CrossEntropy(), 100 * batches[0], torch.arange(32) % 3)
            outputs = module(batches[0])
            callback.objective(batches[0], outputs, outputs, outputs.sum())
            callback.after_step(1, 1)
            assert callback.ranges["0"].tolist() == pytest.approx([batches[0].min().item(), batches[0].max().item()])


def test_first_ranges_are_what_was_seen(batches: list[Tensor]) -> None:
    module = small()
    ranges = measured_ranges(module, [(batch, batch) for batch in batches])
    together = torch.cat(batches)
    assert ranges["0"].tolist() == [together.min().item(), together.max().item()]
    hidden = module[1](module[0](together))
    assert ranges["2"].tolist() == pytest.approx([0.0, hidden.max().item()])


@pytest.fixture
def aware(trained: Subject, digits: Data) -> tuple[Subject, ActsQuantized]:
    context = Alone(digits)
    subject = QatInt8().quantize(trained, context)
    callback = QatInt8().callback()
    callback.start(subject, context)
    optimizer = torch.optim.Adam(subject.module.parameters(), 1e-3)
    with callback.attach(subject.module):
        for number, (inputs, targets) in enumerate(context.batches(8, 64), 1):
            outputs = subject.module(inputs)
            callback.objective(inputs, outputs, targets, nn.functional.cross_entropy(outputs, targets)).backward()
            optimizer.step()
            optimizer.zero_grad()
            callback.after_step(number, 8)
    callback.finish()
    subject.module.eval()
    return subject, callback


def test_the_file_has_the_grids_that_were_trained(
    aware: tuple[Subject, ActsQuantized], digits: Data, tmp_path: Path
) -> None:
    subject, callback = aware
    file = tmp_path / "int8.onnx"
    Onnx().export(subject, file, digits.train.inputs[:256].numpy())
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(file).graph.initializer}
    tensors = {
        "conv1": "input",
        "conv2": "/activation1/Relu_output_0",
        "conv3": "/activation2/Relu_output_0",
        "output": "/mean/GlobalAveragePool_output_0",
    }
    assert subject.ranges.keys() == tensors.keys()
    for layer, tensor in tensors.items():
        scale, zero = grid(subject.ranges[layer])
        assert arrays[f"{tensor}_scale"] == pytest.approx(scale.item(), rel=1e-6)
        assert arrays[f"{tensor}_zero_point"] == zero
    weight = subject.module.get_submodule("output").get_parameter("weight").detach()
    stored = arrays["output.weight_quantized"] * arrays["output.weight_scale"].reshape(-1, 1)
    np.testing.assert_allclose(stored, by_channel(weight, int8_magnitude()), rtol=1e-5, atol=1e-7)
    inputs = digits.test.inputs
    with torch.no_grad(), callback.attach(subject.module):
        acted = subject.module(inputs).numpy()
    answered = onnxruntime.InferenceSession(file).run(None, {"input": inputs.numpy()})[0]
    assert np.abs(answered - acted).mean() < arrays["logits_scale"] / 2  # the file rounds its own outputs, too
    assert (answered.argmax(1) == acted.argmax(1)).mean() > 0.99
