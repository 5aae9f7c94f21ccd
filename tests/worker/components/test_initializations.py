"""Initializations: their distributions, and values that keep their range through many layers."""

import math

import pytest
import torch
from torch import Tensor, nn

from tests.worker.components.registry import each, make
from worker.contracts.families.initializations import Initialization


def filled(kind: str, shape: tuple[int, ...], gain: float = 1.0, **parameters: object) -> Tensor:
    torch.manual_seed(0)
    weight = torch.empty(shape)
    make("initializations", kind, **parameters).fill(weight, gain)
    return weight


# 300 outputs of 40 channels of 5 × 5 pixels: 1000 inputs, 7500 outputs as Glorot counts them
FILTERS = (300, 40, 5, 5)
DEVIATIONS = [
    ("kaiming", "normal", math.sqrt(2 / 1000)),
    ("kaiming", "uniform", math.sqrt(2 / 1000)),
    ("xavier", "normal", math.sqrt(2 * 2 / (1000 + 7500))),
    ("xavier", "uniform", math.sqrt(2 * 2 / (1000 + 7500))),
]


@pytest.mark.parametrize(("kind", "distribution", "deviation"), DEVIATIONS)
def test_weights_have_the_deviation_of_the_formula(kind: str, distribution: str, deviation: float) -> None:
    weight = filled(kind, FILTERS, gain=math.sqrt(2), distribution=distribution)
    assert weight.std().item() == pytest.approx(deviation, rel=0.01)
    assert abs(weight.mean().item()) < 0.01 * deviation
    bounded = weight.abs().max().item() <= math.sqrt(3) * deviation * (1 + 1e-6)
    assert bounded == (distribution == "uniform")


@pytest.mark.parametrize(
    ("kind", "distribution", "torchs"),
    [
        ("kaiming", "normal", nn.init.kaiming_normal_),
        ("kaiming", "uniform", nn.init.kaiming_uniform_),
        ("xavier", "normal", lambda weight: nn.init.xavier_normal_(weight, math.sqrt(2))),
        ("xavier", "uniform", lambda weight: nn.init.xavier_uniform_(weight, math.sqrt(2))),
    ],
)
def test_draws_what_torch_draws(kind: str, distribution: str, torchs: object) -> None:
    weight = filled(kind, FILTERS, gain=math.sqrt(2), distribution=distribution)
    torch.manual_seed(0)
    expected = torch.empty(FILTERS)
    assert callable(torchs)
    torchs(expected)
    assert torch.allclose(weight, expected, rtol=1e-5, atol=1e-8)


def test_uniform_is_what_torchs_own_layers_begin_with() -> None:
    weight = filled("uniform", (50, 40), gain=math.sqrt(2))
    torch.manual_seed(0)
    assert torch.allclose(weight, nn.Linear(40, 50).weight, rtol=1e-5, atol=1e-8)
    assert torch.allclose(filled("uniform", (50, 40), gain=0.1), 0.1 * weight)


@pytest.mark.parametrize("shape", [(8, 20), (20, 8), (8, 8), (8, 5, 3, 3), (64, 1, 3, 3)])
def test_orthogonal_rows_or_columns_stand_at_right_angles(shape: tuple[int, ...]) -> None:
    weight = filled("orthogonal", shape, gain=3.0).flatten(1)
    gram = weight @ weight.T if weight.shape[0] <= weight.shape[1] else weight.T @ weight
    assert torch.allclose(gram, 9 * torch.eye(len(gram)), atol=1e-4)


def spread(kind: str) -> float:
    """Root mean square of what eight layers of 512 neurons with ReLU make of values of spread 1."""
    torch.manual_seed(0)
    module = make("models", "mlp", hidden=[512] * 8, initialization=kind).build((512,), 10)
    hidden = module[:-1](torch.randn(64, 512))
    return float(hidden.detach().square().mean().sqrt())


@pytest.mark.parametrize("kind", ["kaiming", "xavier", "orthogonal"])
def test_values_keep_their_range_through_many_layers(kind: str) -> None:
    assert 0.5 < spread(kind) < 2


def test_without_a_gain_they_fade() -> None:
    """The control: what torch does by itself loses most of the values' range in eight layers."""
    assert spread("uniform") < 0.01


@each("initializations")
@pytest.mark.parametrize("kind", ["linear", "mlp", "cnn", "resnet", "mobilenet", "vit", "lstm"])
def test_models_begin_as_they_are_told(component: type[Initialization], kind: str) -> None:
    """From one seed every matrix begins differently than by another initialization."""

    def begun(initialization: str) -> nn.Module:
        torch.manual_seed(0)
        module: nn.Module = make("models", kind, initialization=initialization).build((1, 8, 8), 10)
        return module

    reported, other = begun(component.kind), begun("kaiming" if component.kind == "xavier" else "xavier")
    matrices = [name for name, weight in reported.named_parameters() if weight.dim() > 1 and name != "places.weight"]
    assert matrices
    assert not any(torch.equal(reported.get_parameter(name), other.get_parameter(name)) for name in matrices)
