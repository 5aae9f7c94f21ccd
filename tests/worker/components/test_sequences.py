"""Models of sequences and patches: what they may see, how they begin, and that every model learns."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.worker.components.registry import each, make
from tests.worker.sorts import fitting
from worker.contracts.families.models import Model, build
from worker.contracts.subject import Origin


def text(kind: str, **parameters: Any) -> nn.Module:
    torch.manual_seed(0)
    module: nn.Module = make("models", kind, **parameters).build((12,), 30)
    return module.eval()


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru", "char_transformer"])
def test_an_answer_never_depends_on_what_comes_after(kind: str) -> None:
    module = text(kind)
    one = torch.randint(30, (1, 12))
    other = one.clone()
    other[0, 7] = (one[0, 7] + 1) % 30
    before, after = module(one), module(other)
    assert torch.allclose(before[:, :7], after[:, :7], atol=1e-6)
    assert (before[:, 7:] - after[:, 7:]).abs().amax((0, 2)).min() > 1e-6


def test_attention_is_the_mean_that_softmax_weighs() -> None:
    module = text("char_transformer", heads=2, head_width=4)
    attention = module.get_submodule("blocks.0.attention")
    stream = torch.randn(3, 12, 8)
    heads = []
    for head in (slice(0, 4), slice(4, 8)):
        query, key, value = (getattr(attention, name)(stream)[..., head] for name in ("query", "key", "value"))
        scores = query @ key.transpose(1, 2) / math.sqrt(4)
        scores = scores.masked_fill(torch.ones(12, 12, dtype=torch.bool).triu(1), -torch.inf)
        heads.append(scores.softmax(-1) @ value)
    expected = attention.get_submodule("output")(torch.cat(heads, -1))
    assert torch.allclose(attention(stream), expected, atol=1e-6)


def test_an_images_rows_are_read_from_the_top() -> None:
    """The state after the last row, by the recurrence written out."""
    torch.manual_seed(0)
    module = make("models", "rnn", width=5).build((2, 4, 3), 7).eval()
    inputs = torch.randn(1, 2, 4, 3)
    layer, state = module.recurrent, torch.zeros(5)
    for row in range(4):
        pixels = torch.cat([inputs[0, 0, row], inputs[0, 1, row]])
        state = torch.tanh(
            layer.weight_ih_l0 @ pixels + layer.bias_ih_l0 + layer.weight_hh_l0 @ state + layer.bias_hh_l0
        )
    assert torch.allclose(module(inputs)[0], module.output(state), atol=1e-6)


def test_every_gate_turns_without_stretching_and_an_lstm_begins_by_keeping() -> None:
    for kind, gates in (("rnn", 1), ("gru", 3), ("lstm", 4)):
        recurrent = text(kind, width=8, layers=2).get_submodule("recurrent")
        for gate in recurrent.get_parameter("weight_hh_l1").chunk(gates):
            assert torch.allclose(gate @ gate.T, torch.eye(8), atol=1e-5)
    biases = text("lstm", width=8, layers=2).get_submodule("recurrent").get_parameter("bias_ih_l1")
    assert biases.tolist() == [0.0] * 8 + [1.0] * 8 + [0.0] * 16


def test_a_vision_transformer_sees_the_edge_that_is_no_whole_patch() -> None:
    torch.manual_seed(0)
    module = make("models", "vit", patch=4).build((1, 9, 9), 5).eval()
    inputs = torch.zeros(1, 1, 9, 9)
    other = inputs.clone()
    other[0, 0, 8, 8] = 5.0
    assert not torch.allclose(module(inputs), module(other), atol=1e-5)


def test_the_shortcut_without_parameters_takes_every_second_pixel_and_adds_zeros() -> None:
    module = make("models", "resnet", depth=8, width=4).build((1, 8, 8), 5)
    inputs = torch.randn(2, 4, 8, 8)
    outputs = module.get_submodule("block2_1.shortcut")(inputs)
    assert outputs.shape == (2, 8, 4, 4)
    assert torch.equal(outputs[:, 2:6], inputs[:, :, ::2, ::2])
    assert not outputs[:, :2].any() and not outputs[:, 6:].any()


STRIDES = {8: [2], 28: [2, 2, 2], 32: [2, 2, 2], 224: [2, 2, 2, 2, 2]}


@pytest.mark.parametrize("pixels", STRIDES)
def test_a_mobilenet_halves_an_image_only_while_four_pixels_are_left(pixels: int) -> None:
    module = make("models", "mobilenet", multiplier=0.125).build((1, pixels, pixels), 3).eval()
    convolutions = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d)]
    assert [layer.stride[0] for layer in convolutions if layer.stride[0] > 1] == STRIDES[pixels]
    shapes: list[int] = []
    convolutions[-1].register_forward_hook(lambda layer, inputs, outputs: shapes.append(outputs.shape[-1]))
    module(torch.zeros(1, 1, pixels, pixels))
    assert 4 <= shapes[0] < 8


def task(kind: type[Model]) -> tuple[tuple[int, ...], Tensor, Tensor, int, int]:
    """A small task that a model can learn: shape, inputs, targets, outputs, different words."""
    generator = torch.Generator().manual_seed(0)
    sorts = {sort.name: sort for sort in fitting(kind)}
    if "text" in sorts and "digits" not in sorts:
        first, pace = (torch.randint(7, (768, 1), generator=generator) for _ in range(2))
        sequence = (first + (1 + pace % 2) * torch.arange(13)) % 7
        return (12,), sequence[:, :-1], sequence[:, 1:], 7, 0
    if "reviews" in sorts and "digits" not in sorts:
        targets = torch.arange(768) % 4  # its words are above 4, but for one that tells the class
        words = torch.randint(5, 30, (768, 12), generator=generator)
        words[torch.arange(768), torch.randint(12, (768,), generator=generator)] = targets + 1
        return (12,), words, targets, 4, 30
    shape = sorts["digits"].shape if "digits" in sorts else sorts["clothes"].shape
    prototypes = torch.randn(4, *shape, generator=generator)
    targets = torch.arange(768) % 4
    return shape, prototypes[targets] + 0.3 * torch.randn(768, *shape, generator=generator), targets, 4, 0


@each("models")
def test_one_epoch_teaches_more_than_chance(component: type[Model]) -> None:
    shape, inputs, targets, outputs, words = task(component)
    torch.manual_seed(0)
    module = build(Origin({"kind": component.kind}, shape, outputs, tokens=words))
    optimizer = torch.optim.Adam(module.parameters(), 2e-3)
    for batch in torch.arange(640).split(16):
        loss = nn.functional.cross_entropy(module(inputs[batch]).flatten(0, -2), targets[batch].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        right = (module.eval()(inputs[640:]).argmax(-1) == targets[640:]).double().mean().item()
    assert right > 2 / outputs
