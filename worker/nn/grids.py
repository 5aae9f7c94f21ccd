"""The grids of numbers that weights are rounded onto, and what rounding costs each layer."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from worker.nn.kinds import weighted

BITS = (2, 3, 4, 5, 6, 8)
"""Widths that a layer's weights may be given."""
FLOAT_BITS = 32
ENOUGH_DB = 20.0  # signal to noise: rounding takes 1 % of the weights' energy

Stored = tuple[Tensor, int]
"""A weight as the artifact holds it, [outputs, …], and its bits."""


def levels(bits: int) -> int:
    """The largest magnitude of a symmetric grid of whole numbers: 127 of 8 bits, 1 of 2."""
    return int(2 ** (bits - 1)) - 1


def channel_scales(weight: Tensor, most: int) -> Tensor:
    """s [outputs] of the grid {−most … most} · s that the largest magnitude of each output just fits on."""
    largest = weight.detach().flatten(1).abs().amax(1)
    return torch.where(largest > 0, largest, most) / most


@torch.no_grad()
def by_channel(weight: Tensor, most: int) -> Tensor:
    """`weight` [outputs, …] on a symmetric grid of each output's own."""
    scales = channel_scales(weight, most).reshape(-1, *[1] * (weight.ndim - 1))
    return (weight / scales).round_().clamp_(-most, most).mul_(scales)


@torch.no_grad()
def by_block(weight: Tensor, most: int, block: int) -> Tensor:
    """`weight` [outputs, inputs] on a symmetric grid of its own for each `block` inputs of an output."""
    outputs, inputs = weight.shape
    padded = nn.functional.pad(weight, (0, -inputs % block)).reshape(-1, block)
    return by_channel(padded, most).reshape(outputs, -1)[:, :inputs]


def sqnr_db(signal: Tensor, stored: Tensor) -> float | None:
    """Energy of `signal` over that of the rounding error, 10 log₁₀; None when nothing was lost."""
    noise = (signal - stored).double().square().sum().item()
    energy = signal.double().square().sum().item()
    return 10 * math.log10(energy / noise) if noise and energy else None


def proposed_bits(weight: Tensor) -> int:
    """The fewest of `BITS` that leave a weight of this distribution 20 dB above its rounding error."""
    for bits in BITS:
        found = sqnr_db(weight, by_channel(weight, levels(bits)))
        if found is None or found >= ENOUGH_DB:
            return bits
    return BITS[-1]


def analysis(module: nn.Module, stored: Callable[[str, nn.Module], Stored | None]) -> dict[str, Any]:
    """The summary `quantization`: what rounding costs each layer, and how many bits its distribution asks for.

    {"layers": [{"name", "values": how many weights, "bits": of one in the artifact, "mse": mean squared rounding error,
    "sqnr_db": signal to rounding noise or null when nothing was lost, "levels_used": different numbers on the grid,
    "proposed_bits"}]}. `stored` tells of a layer by name what the artifact holds; None where its weights stay float.
    """
    return {"layers": list(_rows(module, stored))}


def _rows(module: nn.Module, stored: Callable[[str, nn.Module], Stored | None]) -> Iterator[dict[str, Any]]:
    for name, layer in weighted(module).items():
        weight = layer.weight.detach()
        rounded, bits = stored(name, layer) or (weight, FLOAT_BITS)
        yield {
            "name": name or type(layer).__name__,
            "values": weight.numel(),
            "bits": bits,
            "mse": (weight - rounded).double().square().mean().item(),
            "sqnr_db": sqnr_db(weight, rounded),
            "levels_used": levels_used(rounded),
            "proposed_bits": proposed_bits(weight),
        }


def levels_used(rounded: Tensor) -> int:
    """The most different numbers that one output of `rounded` [outputs, …] has."""
    return max(int(row.unique().numel()) for row in rounded.flatten(1))
