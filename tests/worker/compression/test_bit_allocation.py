"""Bits are given where rounding hurts: by hand, against every possible choice, and on a trained model."""

import itertools
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.worker.compression.alone import ALONE, Alone
from worker.components.quantizers.mixed import Mixed
from worker.compression.bit_allocation import (
    KeepsWidths,
    apply,
    at,
    average,
    downwards,
    output_noise,
    round_to,
    width_of,
)
from worker.contracts.subject import Subject
from worker.data.tensors import Data
from worker.nn.grids import BITS


def test_the_step_that_costs_least_for_each_bit_comes_first() -> None:
    noise = {
        "even": dict(zip(BITS, (4.0, 3.0, 2.0, 1.0, 0.5, 0.0), strict=True)),
        "steep": dict(zip(BITS, (90.0, 60.0, 40.0, 20.0, 10.0, 0.0), strict=True)),
    }
    steps = downwards(noise, {"even": 10, "steep": 10})
    assert steps[0] == {"even": 8, "steep": 8} and steps[1] == {"even": 6, "steep": 8}
    assert steps[-1] == {"even": 2, "steep": 2}
    assert next(widths for widths in steps if widths["steep"] < 8)["even"] == 2
    assert average({"even": 2, "steep": 8}, {"even": 30, "steep": 10}) == 3.5


def test_no_choice_of_the_same_size_costs_less() -> None:
    generator = torch.Generator().manual_seed(0)
    scale = torch.rand(3, generator=generator).tolist()
    noise = {str(layer): {bits: scale[layer] * 4.0**-bits for bits in BITS} for layer in range(3)}
    values = {"0": 50, "1": 400, "2": 90}
    every = [dict(zip(noise, widths, strict=True)) for widths in itertools.product(BITS, repeat=3)]

    def cost(widths: dict[str, int]) -> float:
        return sum(noise[name][bits] for name, bits in widths.items())

    for found in downwards(noise, values):
        size = average(found, values)
        assert cost(found) <= min(cost(other) for other in every if average(other, values) <= size) * (1 + 1e-9)


@pytest.mark.parametrize("bits", BITS)
def test_the_width_of_a_rounded_weight_is_found_again(bits: int) -> None:
    weight = torch.randn(4, 200, generator=torch.Generator().manual_seed(bits))
    assert width_of(round_to(weight, bits)) == bits
    assert width_of(round_to(weight, bits) * torch.tensor([[1.0], [0.1], [7.0], [-3.0]])) == bits
    assert width_of(weight) is None


def test_noise_is_what_one_layer_alone_does_to_the_outputs() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
    inputs, before = torch.randn(40, 6), module[0].weight.clone()
    noise = output_noise(module, [inputs[:30], inputs[30:]])
    with torch.no_grad():
        plain = module(inputs)
        with at(module, {"2": 3}):
            changed = module(inputs)
        apply(module, {"2": 3})
        assert torch.equal(module(inputs), changed)
    assert noise["2"][3] == pytest.approx((changed - plain).double().square().mean().item())
    assert torch.equal(module[0].weight, before)
    assert all(costs[2] > costs[8] for costs in noise.values())


def test_a_budget_of_bits_is_kept_and_shown(trained: Subject, digits: Data) -> None:
    context = Alone(digits)
    quantized = Mixed(bits=3.5).quantize(trained, context)
    layers = context.shown["quantization"]["layers"]
    bits = sum(layer["bits"] * layer["values"] for layer in layers) / sum(layer["values"] for layer in layers)
    search = context.shown["search"]
    assert 2.5 < bits <= 3.5 and search["chosen"] == pytest.approx(bits)
    assert {layer["name"]: layer["bits"] for layer in layers} == {
        name: width_of(quantized.module.get_submodule(name).get_parameter("weight").detach())
        for name in ("conv1", "conv2", "conv3", "output")
    }
    assert (search["parameter"], search["unit"], search["measured"]) == ("bits per weight", "bits", "accuracy")
    assert {"value": 8.0, "measured": pytest.approx(0.98, abs=0.03), "meets": True} in search["evaluations"]
    assert context.reported[0].startswith("The weights take 3.")


def test_a_budget_of_accuracy_is_kept(trained: Subject, digits: Data) -> None:
    context = Alone(digits)
    before = context.quality(trained.module.eval())
    quantized = Mixed(bound="accuracy", drop=0.02).quantize(trained, context)
    assert context.quality(quantized.module.eval()) >= before - 0.02
    search = context.shown["search"]
    assert search["chosen"] == min(one["value"] for one in search["evaluations"] if one["meets"])
    assert not all(one["meets"] for one in search["evaluations"])


def test_training_keeps_the_widths_and_ends_on_the_grids() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(6, 50), nn.ReLU(), nn.Linear(50, 3))
    apply(module, {"0": 3})
    callback = KeepsWidths()
    callback.start(Subject(module, (6,)), ALONE)
    assert callback.widths == {"0": 3}
    with callback.attach(module):
        module(torch.randn(20, 6)).square().sum().backward()
        with torch.no_grad():
            for parameter in module.parameters():
                assert parameter.grad is not None
                parameter -= 0.01 * parameter.grad
    assert width_of(module[0].weight.detach()) is None
    state = callback.state()
    callback.start(Subject(module, (6,)), ALONE)
    callback.load(state)
    callback.finish()
    assert width_of(module[0].weight.detach()) == 3


def test_a_model_that_not_even_8_bits_keep_is_refused(trained: Subject, digits: Data, tmp_path: Path) -> None:
    class Picky(Alone):
        def quality(self, module: nn.Module) -> float:
            return float("weight" not in module.get_submodule("conv1").__dict__)

    with pytest.raises(ValueError, match=r"even with 8 bits in every layer more than 0\.01 is lost; allow"):
        Mixed(bound="accuracy").quantize(trained, Picky(digits))
