"""A look at a step tells what the step did, layer by layer, and changes nothing."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from backend.domain.experiment.experiment import Diagnosis as Plan
from tests.worker.engine.training import Watched, adam, clouds, perceptron, planted, sgd
from worker.contracts.families.losses import Loss
from worker.engine import seed
from worker.engine.diagnostics import histograms
from worker.engine.diagnostics.layer_statistics import MOST_LAYERS, LayerProbe, layers
from worker.engine.diagnostics.noise import noise_scale
from worker.engine.input.shuffle import order

INPUTS, TARGETS = torch.randn(16, 8, generator=torch.Generator().manual_seed(1)), torch.arange(16) % 3


def probed(module: nn.Module, inputs: Tensor = INPUTS, lr: float = 0.1) -> dict[str, float]:
    """The metrics of one step of plain gradient descent."""
    optimizer = torch.optim.SGD(module.parameters(), lr=lr)
    with LayerProbe(module).watching(optimizer) as statistics:
        functional.cross_entropy(module(inputs), TARGETS).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
    return statistics.metrics()


def test_every_number_is_what_autograd_says() -> None:
    module = planted(6, 5)
    twin = copy.deepcopy(module)
    found = probed(module)
    functional.cross_entropy(twin(INPUTS), TARGETS).backward()  # type: ignore[no-untyped-call]
    twin_weights = {name: weight.detach() for name, weight in twin.named_parameters()}
    hidden = twin[1](twin[0](INPUTS)).detach()
    outputs = {"0": hidden, "2": twin[3](twin[2](hidden)).detach(), "4": twin(INPUTS).detach()}
    lengths = []
    for name, output in outputs.items():
        layer = twin[int(name)]
        assert isinstance(layer, nn.Linear) and layer.weight.grad is not None and layer.bias.grad is not None
        lengths.append(float(torch.cat([layer.weight.grad.flatten(), layer.bias.grad]).norm()))
        expected = {
            "gradient_norm": lengths[-1],
            "update_ratio": 0.1 * float(layer.weight.grad.norm() / twin_weights[f"{name}.weight"].norm()),
            "activation_std": float(output.std()),
            "activation_mean": float(output.mean()),
        }
        if name != "4":
            expected["dead_units"] = float((output == 0).all(0).float().mean())
        assert {metric: found[f"{metric}/{name}"] for metric in expected} == pytest.approx(expected, rel=1e-5)
    assert found["gradient_norm"] == pytest.approx(sum(length**2 for length in lengths) ** 0.5)
    assert "dead_units/4" not in found


def test_a_layer_whose_units_are_all_off_is_dead() -> None:
    module = planted(6, 5)
    with torch.no_grad():
        module.get_parameter("0.bias").copy_(torch.tensor([-1e3, -1e3, -1e3, 0.0, 0.0, 1e3]))
    found = probed(module)
    assert found["dead_units/0"] == pytest.approx(0.5)
    assert found["dead_units"] == pytest.approx((found["dead_units/0"] + found["dead_units/2"]) / 2)


def test_units_of_images_are_channels() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 3))
    with torch.no_grad():
        module.get_parameter("1.bias")[0] = -1e3
    found = probed(module, torch.randn(16, 1, 8, 8))
    assert found["dead_units/0"] == pytest.approx(0.25)  # the ReLU behind the normalization belongs to the convolution
    assert not any(name.endswith("/1") for name in found)  # a normalization is no layer of its own


class Recurrent(nn.Module):
    """A layer that gives several things, one that comes twice, and one that nothing reaches."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1, 8))
        self.cells = nn.GRU(4, 8, batch_first=True)
        self.again = nn.Linear(8, 8)
        self.unused = nn.Linear(2, 2)
        self.head = nn.Linear(8, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.cells(inputs)[0][:, -1] * self.scale
        scores: Tensor = self.head(self.again(self.again(outputs)))
        return scores


def test_any_module_can_be_looked_at() -> None:
    torch.manual_seed(0)
    found = probed(Recurrent(), torch.randn(16, 5, 4))
    assert {name for name in found if name.startswith("gradient_norm/")} == {
        f"gradient_norm/{name}" for name in ("scale", "cells", "again", "unused", "head")
    }
    assert found["gradient_norm/unused"] == found["update_ratio/unused"] == 0
    assert found["gradient_norm/cells"] > 0 and "activation_std/unused" not in found


def test_of_very_many_layers_the_first_and_the_last_are_looked_at() -> None:
    many = perceptron(*[4] * 99)
    names = [layer.name for layer in layers(many)]
    assert len(names) == MOST_LAYERS and len(set(names)) == MOST_LAYERS
    assert (names[0], names[-1]) == ("0", "198")


def test_frozen_layers_are_not_looked_at() -> None:
    module = planted(6, 5)
    module[0].requires_grad_(False)
    assert not any(name == "gradient_norm/0" for name in probed(module))


def test_nothing_of_a_look_stays_in_the_model() -> None:
    module = planted(6, 5)
    probed(module)
    assert all(not layer._forward_hooks for layer in module.modules())


@pytest.mark.parametrize("recipe", [{"optimizer": adam(0.01)}, {"optimizer": {"kind": "lbfgs"}}, {"micro_batches": 4}])
def test_looking_does_not_change_the_training(recipe: dict[str, Any]) -> None:
    plans = (Plan(every=0), Plan(every=1, histograms=1))
    ends = []
    for plan in plans:
        seed_model = planted(6, 5)
        seed_model.insert(1, nn.Dropout(0.3))
        ends.append(Watched(seed_model, clouds(), plan, epochs=2, **recipe).module.state_dict())
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


def test_looks_come_at_their_steps() -> None:
    watched = Watched(planted(6), clouds(), Plan(every=3, histograms=2), epochs=2)
    assert list(watched.metric("gradient_norm/0")) == [3, 6, 9, 12, 15]
    assert [shown.step for shown in watched.summaries("histograms")] == [3, 9, 15]
    assert watched.metric("train/loss").keys() == set(range(1, 17))


def test_the_noise_is_asked_at_every_eighth_look() -> None:
    watched = Watched(planted(6), clouds(), Plan(every=1), epochs=2, optimizer=sgd(1e-9))
    assert list(watched.metric("gradient_noise")) == [1, 9]
    assert list(watched.metric("gradient_norm")) == list(range(1, 17))


def test_a_run_that_never_looks_observes_nothing() -> None:
    watched = Watched(planted(6), clouds(), Plan(every=0), epochs=2)
    assert watched.metric("gradient_norm") == watched.metric("gradient_noise") == {}


def test_the_noise_is_that_of_the_batch_before_the_step() -> None:
    data = clouds(samples=64, noise=3.0)
    watched = Watched(planted(6), data, Plan(every=1), epochs=1, batch={"kind": "full"}, optimizer=sgd(0.1))
    batch = data.train.batch(order(data.train, seed.generator(0, "shuffle", 0, 0, 0)))
    expected = noise_scale(planted(6), Loss.choose("cross_entropy"), *batch)
    assert watched.metric("gradient_noise") == pytest.approx({1: expected}) and expected > 0


def test_histograms_count_every_weight_and_gradient() -> None:
    module = planted(6, 5)
    functional.cross_entropy(module(INPUTS), TARGETS).backward()  # type: ignore[no-untyped-call]
    gradients = {weight: weight.grad for weight in module.parameters() if weight.grad is not None}
    body = histograms.histograms(layers(module), gradients)
    first = body["layers"][0]
    weight = module.get_parameter("0.weight")
    assert first["name"] == "0" and sum(first["weights"]["counts"]) == weight.numel()
    extremes = weight.detach().aminmax()
    assert (first["weights"]["low"], first["weights"]["high"]) == (float(extremes.min), float(extremes.max))
    assert sum(first["gradients"]["counts"]) + first["gradients"]["zeros"] == weight.numel()
    assert weight.grad is not None
    default = weight.grad[weight.grad != 0].abs().log10()
    counted = torch.histc(default, histograms.GRADIENT_BINS, *histograms.DECADES)
    assert first["gradients"]["counts"] == counted.int().tolist()


def test_histograms_of_what_is_large_constant_or_broken_stay_small_and_whole() -> None:
    module = nn.Sequential(nn.Linear(400, 400), nn.Linear(400, 3), nn.Linear(3, 3))
    with torch.no_grad():
        module.get_parameter("1.weight").zero_()
        module.get_parameter("2.weight").fill_(float("nan"))
    large, constant, broken = histograms.histograms(layers(module), {})["layers"]
    assert 4000 < sum(large["weights"]["counts"]) <= histograms.MOST_VALUES
    assert sum(constant["weights"]["counts"]) == 1200
    assert sum(broken["weights"]["counts"]) == 0


def test_histograms_grow_rarer() -> None:
    kept = [number for number in range(1024) if histograms.due(number)]
    assert kept[:33] == list(range(33)) and len(kept) == 32 + 5 * 16
