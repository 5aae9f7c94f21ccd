"""The loss around a solution: a slice through two random directions, and how sharply it curves.

All is computed on a copy of the model, in evaluation mode and with random numbers of its own: the model, its gradients and
torch's generators stay as they are.
"""

import copy
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from worker.contracts.families.losses import Loss
from worker.contracts.subject import Subject
from worker.data.tensors import Split
from worker.engine.diagnostics.sharpness import sharpness
from worker.engine.measurement import count

SIDE = 21  # points along each direction
REACH = 1.0  # largest step along a direction, which is as long as the weights themselves
MOST_SAMPLES, FEWEST_SAMPLES = 512, 64
OPERATIONS = 4e10  # about what a slice may take: seconds on one core

Measure = Callable[[], Tensor]


def landscape(
    subject: Subject, split: Split, loss: Loss, random: torch.Generator, attend: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """`loss` at the solution, `slice` {at, losses [b][a]} of θ + a·d₁ + b·d₂, `sharpness` (top eigenvalue of the Hessian),
    `samples` of `split` that it is the mean of. A loss that is not finite is null. `attend` is called often."""
    module = copy.deepcopy(subject.module).eval()
    inputs, targets = _sample(split, subject)

    def measure() -> Tensor:
        return loss.loss(module(inputs), targets)

    weights = [parameter for parameter in module.parameters() if parameter.requires_grad]
    curvature = sharpness(measure, weights, random, attend)
    at = torch.linspace(-REACH, REACH, SIDE).tolist()
    first, second = directions(weights, random), directions(weights, random)
    losses = plane(measure, weights, first, second, at, attend)
    return {
        "loss": _plain(losses[SIDE // 2][SIDE // 2]),
        "sharpness": _plain(curvature),
        "samples": len(targets),
        "slice": {
            "at": [round(step, 6) for step in at],
            "losses": [[_plain(value) for value in row] for row in losses],
        },
    }


def directions(weights: Sequence[Tensor], random: torch.Generator) -> list[Tensor]:
    """A random direction, normalized filter by filter (Li et al. 2018, arXiv:1712.09913): each row of a weight is as long
    as the model's own. Biases and normalizations, which have no rows, stay where they are."""
    found = []
    for weight in weights:
        own = weight.detach()
        drawn = torch.randn(own.shape, generator=random).to(own)
        if own.ndim < 2:
            found.append(torch.zeros_like(own))
            continue
        rows = drawn.flatten(1)
        factors = own.flatten(1).norm(dim=1, keepdim=True) / rows.norm(dim=1, keepdim=True).clamp_min(1e-12)
        found.append((rows * factors).view_as(own))
    return found


@torch.no_grad()
def plane(
    measure: Measure,
    weights: Sequence[Tensor],
    first: Sequence[Tensor],
    second: Sequence[Tensor],
    at: Sequence[float],
    attend: Callable[[], None] = lambda: None,
) -> list[list[float]]:
    """The loss [b][a] at θ + a·first + b·second for each pair of steps in `at`; the weights are put back."""
    own = [weight.clone() for weight in weights]
    rows = []
    try:
        for down in at:
            row = []
            for right in at:
                for weight, start, one, other in zip(weights, own, first, second, strict=True):
                    weight.copy_(start + right * one + down * other)
                row.append(measure())
                attend()
            rows.append(torch.stack(row).tolist())
    finally:
        for weight, start in zip(weights, own, strict=True):
            weight.copy_(start)
    return rows


def _sample(split: Split, subject: Subject) -> tuple[Tensor, Tensor]:
    """Evenly spaced samples, as many as the model's size allows."""
    flops = count.flops(subject) or 0
    affordable = int(OPERATIONS / (SIDE * SIDE * max(flops, 1)))
    number = min(len(split), max(FEWEST_SAMPLES, min(MOST_SAMPLES, affordable)))
    return split.batch(torch.linspace(0, len(split) - 1, number).round().long())


def _plain(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None
