"""The noise of a batch's gradient: how far a batch of this size is from one so large that more samples are wasted."""

import math

import torch
from torch import Tensor, nn

from worker.contracts.families.losses import Loss
from worker.engine import seed

FEWEST = 2  # samples in each half; batch normalization needs as many


def noise_scale(module: nn.Module, loss: Loss, inputs: Tensor, targets: Tensor) -> float:
    """The simple noise scale tr(Σ)/|G|² of McCandlish et al. (2018), in samples, from the two halves of a batch.

    Σ is the covariance of a single sample's gradient and G its mean: a batch of about this size halves the noise's share
    in a step, and far larger ones gain little. Both are estimated without bias (their appendix A.1), but from one batch
    the ratio scatters; NaN where the noise hides the gradient (the halves point away from each other) or the batch has
    fewer than four samples. Leaves weights, gradients, buffers, mode and randomness as they were.
    """
    size = len(targets) // 2
    if size < FEWEST:
        return math.nan
    randomness, buffers = seed.capture(), [buffer.clone() for buffer in module.buffers()]
    try:
        one = gradient(module, loss, inputs[:size], targets[:size])
        other = gradient(module, loss, inputs[size : 2 * size], targets[size : 2 * size])
    finally:
        seed.restore(randomness)
        for buffer, before in zip(module.buffers(), buffers, strict=True):
            buffer.copy_(before)
    return simple_scale(one, other, size)


def simple_scale(one: list[Tensor], other: list[Tensor], size: int) -> float:
    """tr(Σ)/|G|² from the mean gradients of two disjoint batches of `size` samples each.

    E[one · other] = |G|² and E[½|one − other|²] = tr(Σ)/size, as their noises are independent.
    """
    signal = sum((first * second).sum() for first, second in zip(one, other, strict=True))
    noise = sum((first - second).square().sum() for first, second in zip(one, other, strict=True)) / 2
    scale = float(size * noise / signal)
    return scale if math.isfinite(scale) and scale >= 0 else math.nan


def gradient(module: nn.Module, loss: Loss, inputs: Tensor, targets: Tensor) -> list[Tensor]:
    """The mean gradient of the samples for each trained parameter; `.grad` is not touched."""
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    with torch.enable_grad():
        mean = loss.loss(module(inputs), targets)
        found = torch.autograd.grad(mean, parameters, allow_unused=True, materialize_grads=True)
    return list(found)
