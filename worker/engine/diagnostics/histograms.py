"""Histograms of each layer's weights and gradients, as a summary of bounded size."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from worker.engine.diagnostics.layer_statistics import Layer, evenly

BINS = 48
DECADES = (-12, 2)  # gradients are shown by the decimal logarithm of their magnitude, four bins to a decade
GRADIENT_BINS = 4 * (DECADES[1] - DECADES[0])
MOST_LAYERS = 24
MOST_VALUES = 8192  # of a layer; from larger ones every so many
FULL = 32  # looks that are kept one by one; from there on ever sparser


def due(number: int) -> bool:
    """Returns whether histogram number 0, 1, 2, … is kept: 32, then 16 more each time that the number doubles."""
    return number % (1 << (number // FULL).bit_length()) == 0


def histograms(layers: Sequence[Layer], gradients: Mapping[nn.Parameter, Tensor]) -> dict[str, Any]:
    """`layers`: of each the name, its `weights` {low, high, counts} in equal bins between their extremes, and its
    `gradients` {low, high, counts, zeros} in equal bins of log₁₀ |g|. What lies outside goes into the outermost bin."""
    if len(layers) > MOST_LAYERS:
        layers = [layers[place] for place in evenly(len(layers), MOST_LAYERS)]
    return {
        "layers": [
            {
                "name": layer.name,
                "weights": _linear(_sample([weight.detach() for weight in layer.weights])),
                "gradients": _logarithmic(_sample([gradients[one] for one in layer.weights if one in gradients])),
            }
            for layer in layers
        ]
    }


def _sample(parts: Sequence[Tensor]) -> Tensor:
    """The finite values of the tensors, or evenly spaced ones of them, on the CPU."""
    every = -(-sum(part.numel() for part in parts) // MOST_VALUES) or 1
    values = [part.detach().flatten()[::every].float().cpu() for part in parts]
    sample = torch.cat(values) if values else torch.zeros(0)
    return sample[sample.isfinite()]


def _linear(values: Tensor) -> dict[str, Any]:
    if not values.numel():
        return {"low": 0.0, "high": 0.0, "counts": [0] * BINS}
    low, high = (float(end) for end in values.aminmax())
    if low == high:  # all in one bin, in the middle
        low, high = low - 0.5, high + 0.5
    return {"low": low, "high": high, "counts": _counts(values, BINS, low, high)}


def _logarithmic(values: Tensor) -> dict[str, Any]:
    size = values.abs()
    exponents = size[size > 0].log10().clamp_(*DECADES)
    return {
        "low": DECADES[0],
        "high": DECADES[1],
        "counts": _counts(exponents, GRADIENT_BINS, *DECADES),
        "zeros": int((size == 0).sum()),
    }


def _counts(values: Tensor, bins: int, low: float, high: float) -> list[int]:
    return [int(count) for count in torch.histc(values, bins, low, high).tolist()]
