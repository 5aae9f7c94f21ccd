"""The gradient's noise scale: by hand, on a model whose gradient covariance is known, and without a trace."""

import copy
import math

import pytest
import torch
from torch import Tensor, nn

from tests.worker.components.registry import make
from worker.engine.diagnostics.noise import noise_scale, simple_scale

MSE = make("losses", "mse")
CROSS_ENTROPY = make("losses", "cross_entropy")
WIDTH = 1024


def known(samples: int, distance: float, random: torch.Generator) -> tuple[nn.Module, Tensor, Tensor]:
    """z = b against targets ~ N(μ, I) with |b − μ| = distance: a sample's gradient is 2(b − y)/d, so that
    tr(Σ) = 4/d, |G|² = 4·distance²/d² and the noise scale is d/distance²."""
    module = nn.Linear(1, WIDTH)
    nn.init.zeros_(module.weight)
    module.weight.requires_grad_(False)
    nn.init.constant_(module.bias, distance / WIDTH**0.5)
    return module, torch.zeros(samples, 1), torch.randn(samples, WIDTH, generator=random)


def test_by_hand() -> None:
    one, other = [torch.tensor([3.0, 1.0]), torch.tensor([[2.0]])], [torch.tensor([1.0, 1.0]), torch.tensor([[4.0]])]
    assert simple_scale(one, other, size=5) == pytest.approx(5 * (4 + 4) / 2 / (3 + 1 + 8))


@pytest.mark.parametrize("distance", [4.0, 8.0, 32.0])
def test_a_known_covariance(distance: float) -> None:
    random = torch.Generator().manual_seed(1)
    found = [noise_scale(*arrange(known(512, distance, random))) for _ in range(40)]
    assert sum(found) / len(found) == pytest.approx(WIDTH / distance**2, rel=0.05)


def arrange(parts: tuple[nn.Module, Tensor, Tensor]) -> tuple[nn.Module, object, Tensor, Tensor]:
    module, inputs, targets = parts
    return module, MSE, inputs, targets


def test_does_not_depend_on_the_batch_that_measures_it() -> None:
    """As |G_batch|² does, which is too large by tr(Σ)/B: the bias that the two halves remove."""
    random = torch.Generator().manual_seed(2)
    few = [noise_scale(*arrange(known(64, 8.0, random))) for _ in range(200)]
    assert sum(few) / len(few) == pytest.approx(WIDTH / 64, rel=0.1)
    module, inputs, targets = known(64, 8.0, random)
    MSE.loss(module(inputs), targets).backward()
    assert module.bias.grad is not None
    assert 4 / WIDTH / module.bias.grad.square().sum().item() < 0.9 * WIDTH / 64


def test_without_noise_it_is_zero() -> None:
    module = nn.Linear(3, 2)
    assert noise_scale(module, MSE, torch.ones(8, 3), torch.zeros(8, 2)) == 0.0


def test_nothing_to_tell_is_not_a_number() -> None:
    module = nn.Linear(1, 1, bias=False)
    inputs = torch.tensor([[1.0], [1.0], [1.0], [1.0]])
    apart = module.weight.detach() + torch.tensor([[1.0], [1.0], [-1.0], [-1.0]])
    assert math.isnan(noise_scale(module, MSE, inputs, apart))  # the halves point away from each other
    assert math.isnan(noise_scale(module, MSE, inputs, module(inputs).detach()))  # no gradient at all
    assert math.isnan(noise_scale(module, MSE, inputs[:3], torch.zeros(3, 1)))


def test_leaves_no_trace() -> None:
    torch.manual_seed(3)
    module = nn.Sequential(nn.Linear(6, 9), nn.BatchNorm1d(9), nn.ReLU(), nn.Dropout(0.5), nn.Linear(9, 4))
    inputs, targets = torch.randn(11, 6), torch.randint(0, 4, (11,))
    CROSS_ENTROPY.loss(module(inputs), targets).backward()
    state, gradients = copy.deepcopy(module.state_dict()), [parameter.grad.clone() for parameter in module.parameters()]
    randomness = torch.get_rng_state()
    with torch.no_grad():  # as within an optimizer's step
        scale = noise_scale(module, CROSS_ENTROPY, inputs, targets)
    assert math.isfinite(scale) or math.isnan(scale)
    assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())
    assert all(torch.equal(one.grad, two) for one, two in zip(module.parameters(), gradients, strict=True))
    assert torch.equal(torch.get_rng_state(), randomness) and module.training
    module(inputs)
    assert not torch.equal(torch.get_rng_state(), randomness)  # the same forward would have drawn
    assert not torch.equal(module.state_dict()["1.running_mean"], state["1.running_mean"])
