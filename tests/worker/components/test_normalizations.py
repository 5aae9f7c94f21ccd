"""Normalizations against the formula written out and against torch, and what a checkpoint keeps of them."""

import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.worker.components.registry import each, make
from worker.contracts.families.normalizations import Normalization


def layer(kind: str, channels: int, *, image: bool, **parameters: Any) -> nn.Module:
    """With a scale and a shift that are not those it begins with."""
    built: nn.Module = make("normalizations", kind, **parameters).build(channels, image)
    torch.manual_seed(1)
    for parameter in built.parameters():
        nn.init.normal_(parameter)
    return built


def normalized(inputs: Tensor, over: tuple[int, ...], norm: nn.Module, eps: float = 1e-5) -> Tensor:
    """y = γ (x − μ) / √(σ² + ε) + β, with μ and σ² over the dimensions `over`; γ and β are of the channels."""
    mean = inputs.mean(over, keepdim=True)
    variance = ((inputs - mean) ** 2).mean(over, keepdim=True)
    values = (inputs - mean) / (variance + eps).sqrt()
    shape = (1, -1, *[1] * (inputs.dim() - 2))
    return norm.get_parameter("weight").view(shape) * values + norm.get_parameter("bias").view(shape)


IMAGES, ROWS = (6, 8, 3, 5), (6, 8)
OVER = [
    ("batch", IMAGES, (0, 2, 3)),
    ("batch", ROWS, (0,)),
    ("layer", IMAGES, (1, 2, 3)),
    ("layer", ROWS, (1,)),
]


@pytest.mark.parametrize(("kind", "shape", "over"), OVER)
@pytest.mark.parametrize("eps", [1e-5, 0.1])
def test_follows_the_formula(kind: str, shape: tuple[int, ...], over: tuple[int, ...], eps: float) -> None:
    norm = layer(kind, 8, image=len(shape) == 4, eps=eps).double()
    inputs = 3 + 2 * torch.randn(shape, dtype=torch.float64)
    assert torch.allclose(norm(inputs), normalized(inputs, over, norm, eps), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", [IMAGES, ROWS])
def test_groups_are_normalized_by_themselves(shape: tuple[int, ...]) -> None:
    norm = layer("group", 8, image=len(shape) == 4, groups=2).double()
    inputs = 3 + 2 * torch.randn(shape, dtype=torch.float64)
    unit = layer("layer", 4, image=True).double()
    nn.init.ones_(unit.get_parameter("weight"))
    nn.init.zeros_(unit.get_parameter("bias"))
    over = tuple(range(1, len(shape)))
    values = torch.cat([normalized(half, over, unit) for half in inputs.chunk(2, 1)], 1)
    affine = (1, -1, *[1] * (len(shape) - 2))
    expected = norm.get_parameter("weight").view(affine) * values + norm.get_parameter("bias").view(affine)
    assert torch.allclose(norm(inputs), expected, rtol=1e-12, atol=1e-12)


def test_groups_that_do_not_divide_the_channels_are_fewer() -> None:
    group = make("normalizations", "group", groups=8)
    assert [group.build(channels, image=True).num_groups for channels in (16, 12, 8, 7)] == [8, 4, 8, 1]


@pytest.mark.parametrize("channels", [1, 2, 3, 7, 8, 12, 16])
def test_no_group_of_a_row_is_a_single_number(channels: int) -> None:
    """It would be its own mean: nothing of it would be left."""
    norm = make("normalizations", "group", groups=8).build(channels, image=False)
    outputs = norm(torch.randn(1, channels))
    assert (outputs.abs().max().item() > 0.1) == (channels > 1)


def test_is_torchs_own() -> None:
    images, rows = torch.randn(IMAGES), torch.randn(ROWS)
    batch, layers, groups = (make("normalizations", kind) for kind in ("batch", "layer", "group"))
    assert torch.equal(batch.build(8, image=True)(images), nn.BatchNorm2d(8)(images))
    assert torch.equal(batch.build(8, image=False)(rows), nn.BatchNorm1d(8)(rows))
    assert torch.equal(layers.build(8, image=False)(rows), nn.LayerNorm(8)(rows))
    assert torch.equal(groups.build(8, image=True)(images), nn.GroupNorm(8, 8)(images))
    assert make("normalizations", "none").build(8, image=True) is None


def test_running_statistics_follow_the_batches_and_survive_a_checkpoint() -> None:
    norm = make("normalizations", "batch", momentum=0.25).build(2, image=False)
    batches = [torch.randn(7, 2) * 3 + 5 for _ in range(4)]
    mean, variance = torch.zeros(2), torch.ones(2)
    for batch in batches:
        norm(batch)
        mean = 0.75 * mean + 0.25 * batch.mean(0)
        variance = 0.75 * variance + 0.25 * batch.var(0)
    file = io.BytesIO()
    torch.save(norm.state_dict(), file)
    file.seek(0)
    fresh = make("normalizations", "batch").build(2, image=False)
    fresh.load_state_dict(torch.load(file, weights_only=True))
    expected = (batches[0] - mean) / (variance + 1e-5).sqrt()
    assert torch.allclose(fresh.eval()(batches[0]), expected, atol=1e-6)
    assert torch.equal(fresh(batches[0]), norm.eval()(batches[0]))


@each("normalizations")
def test_a_bias_goes_exactly_where_it_would_cancel(component: type[Normalization]) -> None:
    """A constant that is added to a whole channel has no effect after a normalization that replaces it."""
    norm = component().build(16, image=True) or nn.Identity()
    inputs, bias = torch.randn(6, 16, 3, 5), torch.randn(16).view(1, 16, 1, 1)
    assert torch.allclose(norm(inputs), norm(inputs + bias), atol=1e-4) == component.replaces_bias


@each("normalizations")
@pytest.mark.parametrize(
    ("kind", "first"), [("mlp", "linear1"), ("cnn", "conv1"), ("resnet", "conv1"), ("mobilenet", "conv0")]
)
def test_models_take_every_normalization(component: type[Normalization], kind: str, first: str) -> None:
    module = make("models", kind, norm=component.kind).build((1, 8, 8), 10)
    norm = component().build(8, image=kind != "mlp")
    found = {type(layer) for layer in module.modules() if "Norm" in type(layer).__name__}
    assert found == ({type(norm)} if norm is not None else set())
    assert (module.get_submodule(first).bias is None) == component.replaces_bias
