"""Models and what becomes of them, drawn."""

import math

import torch
from torch import nn

from worker.folders import Folder
from worker.grids import levels_used
from worker.initializations import Initialization
from worker.models import Model
from worker.normalizations import Normalization
from worker.pictures.shapes import Picture, bars, density, line, rounded
from worker.pictures.sketch import Sketch
from worker.pruners import Pruner
from worker.quantizers import Quantizer
from worker.subject import Subject

WINDOWS = ((0.0, 1.0), (0.0, 6 / 64), (0.0, 6 / 127), (1.0, 2**-5), (1.0, 2**-8))  # middle and reach
MOST_LEVELS = 16


def model(model: Model) -> Picture | None:
    """The weights of each layer, by the root of their number, for the first shape of data that it takes."""
    for shape, outputs in (((3, 32, 32), 10), ((1, 28, 28), 10), ((16,), 3), ((64,), 30)):
        fits = {"image": len(shape) == 3, "image_28": shape == (1, 28, 28), "tokens": shape == (64,)}
        if not all(fits.get(need, True) for need in model.needs):
            continue
        module = model.build(shape, outputs)
        counts = {
            name.removesuffix(".weight"): math.sqrt(weight.numel())
            for name, weight in module.named_parameters()
            if weight.ndim > 1
        }
        return {"bars": bars(dict(list(counts.items())[:24]))}
    return None


def normalization(normalization: Normalization) -> Picture:
    """Four channels' values before and after."""
    values = torch.randn(256, 4) * torch.tensor([0.5, 1.0, 2.0, 1.0]) + torch.tensor([-3.0, 0.0, 2.0, 5.0])
    layer = normalization.build(4, image=False)
    after = values if layer is None else layer.train()(values).detach()
    before = density(values.double().numpy().ravel(), -8, 8)
    return {"lines": [before | {"faint": True}, density(after.double().numpy().ravel(), -8, 8)]}


def initialization(initialization: Initialization) -> Picture:
    weight = torch.empty(64, 64)
    initialization.fill(weight, math.sqrt(2))
    return {"lines": [density(weight.double().numpy().ravel(), -0.6, 0.6)]}


def pruner(pruner: Pruner) -> Picture | None:
    """The weights of a small layer, of which the bright ones stay."""
    if "channels" in pruner.needs:
        return {"bars": bars({"before": 1.0, "after": 0.5})}
    layer = nn.Linear(24, 12)
    pruned = pruner.prune(Subject(nn.Sequential(layer), (24,)), Sketch(24, 12))
    kept = next(iter(pruned.masks.values())) if pruned.masks else layer.weight != 0
    weight = (layer.weight.detach().abs() * kept).numpy()
    return {"cells": [[rounded(row) for row in weight / weight.max()]]}


def folder(folder: Folder) -> Picture:
    """The layers of a block, each by what it computes, before and after."""
    return {"bars": bars({"convolution": 1.0, "normalization": 0.35, " ": 0.0, "folded convolution": 1.0})}


def quantizer(quantizer: Quantizer) -> Picture | None:
    """A few of the levels that weights up to 1 are rounded to: around zero, or around 1 where steps grow with the number."""
    for middle, reach in WINDOWS:
        weights = torch.linspace(middle - reach, middle + reach, 121)
        layer = nn.Linear(2, len(weights), bias=False)
        layer.weight = nn.Parameter(torch.stack([weights, torch.ones(len(weights))], 1))
        stored = quantizer.stored("layer", layer)
        if stored is None:
            return None
        rounded_weights = stored[0][:, 0].detach()
        if levels_used(rounded_weights[None]) <= MOST_LEVELS:
            return {"lines": [line(weights, weights, faint=True), line(weights, rounded_weights)]}
    return None
