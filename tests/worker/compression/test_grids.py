"""Grids against values by hand and against torch, and what they cost told as it is."""

import math

import pytest
import torch
from torch import nn

from worker.nn.grids import (
    BITS,
    analysis,
    by_block,
    by_channel,
    channel_scales,
    levels,
    levels_used,
    proposed_bits,
    sqnr_db,
)


def test_each_output_has_a_grid_of_its_own() -> None:
    weight = torch.tensor([[0.3, -1.4, 0.6], [30.0, 0.0, -70.0]])
    assert torch.allclose(by_channel(weight, 7), torch.tensor([[0.4, -1.4, 0.6], [30.0, 0.0, -70.0]]))
    assert torch.equal(channel_scales(weight, 7), torch.tensor([0.2, 10.0]))


def test_each_block_has_a_grid_of_its_own() -> None:
    weight = torch.tensor([[0.3, -1.4, 30.0, 70.0, 0.33]])
    assert torch.allclose(by_block(weight, 7, 2), torch.tensor([[0.4, -1.4, 30.0, 70.0, 0.33]]))


def test_zeros_stay_zeros() -> None:
    assert torch.equal(by_channel(torch.zeros(2, 3), 7), torch.zeros(2, 3))


@pytest.mark.parametrize("bits", BITS)
def test_channels_are_rounded_as_torch_rounds_them(bits: int) -> None:
    weight, most = torch.randn(6, 4, 3, 3, generator=torch.Generator().manual_seed(bits)), levels(bits)
    expected = torch.fake_quantize_per_channel_affine(
        weight, channel_scales(weight, most), torch.zeros(6, dtype=torch.int32), 0, -most, most
    )
    assert torch.allclose(by_channel(weight, most), expected, atol=1e-6)
    assert levels_used(by_channel(weight, most)) <= 2 * most + 1


def test_signal_to_noise_by_hand() -> None:
    assert sqnr_db(torch.tensor([3.0, 4.0]), torch.tensor([3.0, 4.5])) == pytest.approx(20.0)
    assert sqnr_db(torch.ones(3), torch.ones(3)) is None
    assert sqnr_db(torch.zeros(3), torch.ones(3)) is None


def test_a_bit_is_worth_six_decibels() -> None:
    weight = torch.rand(8, 4096, generator=torch.Generator().manual_seed(0)) * 2 - 1
    six, eight = (sqnr_db(weight, by_channel(weight, levels(bits))) for bits in (6, 8))
    assert six and eight
    assert eight - six == pytest.approx(12.04, abs=0.3)


def test_bits_are_proposed_by_the_distribution() -> None:
    generator = torch.Generator().manual_seed(0)
    signs = torch.randn(8, 512, generator=generator).sign()
    bell = torch.randn(8, 512, generator=generator)
    outliers = bell.clone()
    outliers[:, 0] = 60.0
    assert proposed_bits(signs) == 2
    assert proposed_bits(bell) == 5
    assert proposed_bits(outliers) == 8


def test_the_summary_tells_every_layer() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2))

    def stored(name: str, layer: nn.Module) -> tuple[torch.Tensor, int] | None:
        return (by_channel(layer.weight, 7), 4) if isinstance(layer, nn.Linear) else None

    left, rounded = analysis(module, stored)["layers"]
    assert left == {
        "name": "0",
        "values": 36,
        "bits": 32,
        "mse": 0.0,
        "sqnr_db": None,
        "levels_used": 9,
        "proposed_bits": left["proposed_bits"],
    }
    weight = module[3].weight.detach()
    error = (weight - by_channel(weight, 7)).double()
    assert (rounded["name"], rounded["values"], rounded["bits"]) == ("3", 32, 4)
    assert rounded["mse"] == pytest.approx(error.square().mean().item())
    assert rounded["sqnr_db"] == pytest.approx(10 * math.log10(weight.double().square().sum() / error.square().sum()))
    assert 2 < rounded["levels_used"] <= 15
