"""Allocates bits to layers: measures the noise of each bit width, and removes bits where that costs least."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from worker.compression.fake_quantization import ActsQuantized, wearing
from worker.contracts.context import Context
from worker.contracts.subject import Subject
from worker.nn.grids import BITS, by_channel, levels
from worker.nn.kinds import weighted

Widths = dict[str, int]
"""Bits by layer."""
NEAR = 1e-3  # of a step: closer than that a weight lies on the grid


def round_to(weight: Tensor, bits: int) -> Tensor:
    return by_channel(weight, levels(bits))


@contextmanager
def at(module: nn.Module, widths: Mapping[str, int]) -> Iterator[None]:
    """Lets the layers compute with weights of these widths within the block."""
    with ExitStack() as stack:
        for name, bits in widths.items():
            layer = module.get_submodule(name)
            stack.enter_context(wearing(layer, round_to(layer.get_parameter("weight"), bits)))
        yield


@torch.no_grad()
def output_noise(module: nn.Module, batches: Sequence[Tensor]) -> dict[str, dict[int, float]]:
    """Mean squared change of the outputs when one layer alone has a width, by layer and bits. `module` evaluates."""
    before = [module(inputs) for inputs in batches]
    numbers = sum(outputs.numel() for outputs in before)
    found: dict[str, dict[int, float]] = {}
    for name in weighted(module):
        found[name] = {}
        for bits in BITS:
            with at(module, {name: bits}):
                changes = [
                    (module(inputs) - outputs).double().square().sum()
                    for inputs, outputs in zip(batches, before, strict=True)
                ]
            found[name][bits] = torch.stack(changes).sum().item() / numbers
    return found


def downwards(noise: Mapping[str, Mapping[int, float]], values: Mapping[str, int]) -> list[Widths]:
    """From most bits everywhere to fewest, each step the one that costs least noise for each bit it saves.

    `values` are the weights of each layer. The noises of layers add up, as errors that know nothing of each other do;
    then each set of widths on the way is the best one of its size, up to the convex hull (Shoham, Gersho 1988).
    """
    widths = dict.fromkeys(noise, BITS[-1])
    steps = [dict(widths)]
    while True:
        choices = [
            ((costs[bits] - costs[widths[name]]) / (values[name] * (widths[name] - bits)), name, bits)
            for name, costs in noise.items()
            for bits in BITS
            if bits < widths[name]
        ]
        if not choices:
            return steps
        _, name, bits = min(choices)
        widths[name] = bits
        steps.append(dict(widths))


def average(widths: Mapping[str, int], values: Mapping[str, int]) -> float:
    """Bits per weight."""
    return sum(values[name] * bits for name, bits in widths.items()) / sum(values[name] for name in widths)


def width_of(weight: Tensor) -> int | None:
    """Fewest bits of a grid that holds `weight` [outputs, …]; None when no grid does."""
    for bits in BITS:
        most = levels(bits)
        step = weight.flatten(1).abs().amax(1).reshape(-1, *[1] * (weight.ndim - 1)) / most
        if bool(((weight - by_channel(weight, most)).abs() <= NEAR * step).all()):
            return bits
    return None


class KeepsWidths(ActsQuantized):
    """Layers that lie on a grid when the training begins act on a grid of that width, and lie on it when it ends."""

    def __init__(self) -> None:
        super().__init__(lambda name, weight: round_to(weight, self.widths[name]) if name in self.widths else weight)

    def start(self, subject: Subject, context: Context) -> None:
        super().start(subject, context)
        found = {name: width_of(layer.weight.detach()) for name, layer in weighted(subject.module).items()}
        self.widths: Widths = {name: bits for name, bits in found.items() if bits}

    def state(self) -> dict[str, Any]:
        return {**super().state(), "widths": dict(self.widths)}

    def load(self, state: Mapping[str, Any]) -> None:
        super().load(state)
        self.widths = dict(state["widths"])

    @torch.no_grad()
    def finish(self) -> None:
        super().finish()
        apply(self._subject.module, self.widths)


@torch.no_grad()
def apply(module: nn.Module, widths: Mapping[str, int]) -> None:
    """Round the weights themselves."""
    for name, bits in widths.items():
        weight = module.get_submodule(name).get_parameter("weight")
        weight.copy_(round_to(weight, bits))
