"""Models and what becomes of them, drawn."""

import math
from collections import OrderedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from worker.contracts.drawing import Picture, bars, density, line, rounded
from worker.contracts.families.fusions import Fusion
from worker.contracts.families.initializations import Initialization
from worker.contracts.families.models import Model, build
from worker.contracts.families.normalizations import Normalization
from worker.contracts.families.pruners import Pruner
from worker.contracts.families.quantizers import Quantizer
from worker.contracts.subject import Origin, Subject
from worker.illustrations.sketch import Sketch
from worker.nn.attention import Attention
from worker.nn.grids import levels_used

WINDOWS = ((0.0, 1.0), (0.0, 6 / 64), (0.0, 6 / 127), (1.0, 2**-5), (1.0, 2**-8))  # middle and reach
MOST_LEVELS = 16
SHAPES = (((3, 32, 32), 10, 0), ((1, 28, 28), 10, 0), ((16,), 3, 0), ((64,), 30, 0), ((32,), 8, 2000))
"""Of inputs, with the outputs, and the words that texts with classes are made of."""

Sketched = tuple[nn.Module, tuple[int, ...], tuple[str, ...]]  # a network, the shape of its inputs, weights to be shown


def model(model: Model) -> Picture | None:
    """The weights of each layer, by the root of their number, for the first shape of data that it takes."""
    for shape, outputs, tokens in SHAPES:
        image = len(shape) == 3
        fits = {"image": image, "image_28": shape == (1, 28, 28), "tokens": shape == (64,), "text": tokens > 0}
        if not all(fits.get(need, True) for need in model.needs):
            continue
        module = build(Origin(model.model_dump(mode="json"), shape, outputs, tokens=tokens))
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
    if pruner.structured:
        return _shrunk(pruner)
    sketch, layer = Sketch(24, 12), nn.Linear(24, 12)
    sketch.teach(layer)
    pruned = pruner.prune(Subject(nn.Sequential(layer), (24,)), sketch)
    kept = next(iter(pruned.masks.values())) if pruned.masks else layer.weight != 0
    weight = (layer.weight.detach().abs() * kept).numpy()
    return {"cells": [[rounded(row) for row in weight / weight.max()]]}


def _shrunk(pruner: Pruner) -> Picture:
    """The weights before and after: of four heads' values, and below of twelve neurons that read what these see; for who
    takes recurrent units those of twelve units, by which each reads the others."""
    module, shape, names = _recurrent() if "units" in pruner.needs else _feedforward()

    def rows() -> NDArray[np.float32]:
        return torch.cat([module.get_parameter(name).detach().abs() for name in names]).numpy()

    before = rows()
    pruner.prune(Subject(module, shape), Sketch(12, 6))
    return {"cells": [[rounded(row) for row in grid / before.max()] for grid in (before, rows())]}


class _Recurrent(nn.Module):
    """Twelve units, and a layer that reads them."""

    readers = {"recurrent": ("output",)}

    def __init__(self) -> None:
        super().__init__()
        self.recurrent, self.output = nn.RNN(6, 12), nn.Linear(12, 6)


def _recurrent() -> Sketched:
    return _Recurrent(), (4, 6), ("recurrent.weight_hh_l0",)


def _feedforward() -> Sketched:
    attention = Attention(places=1, heads=4, head_width=3, causal=False)
    layers = OrderedDict(split=nn.Unflatten(1, (1, 12)), attention=attention, join=nn.Flatten())
    layers |= OrderedDict(hidden=nn.Linear(12, 12), activation=nn.ReLU(), output=nn.Linear(12, 6))
    return nn.Sequential(layers), (12,), ("attention.value.weight", "hidden.weight")


def folder(folder: Fusion) -> Picture | None:
    """The root of the number of weights of each layer of a small network, before and after; None where it does not fit."""
    hidden = OrderedDict(linear1=nn.Linear(12, 8), norm1=nn.BatchNorm1d(8), activation1=nn.ReLU())
    module = nn.Sequential(OrderedDict(**hidden, linear2=nn.Linear(8, 8), linear3=nn.Linear(8, 8)))
    before = _sizes(module)
    try:
        folded = folder.fold(Subject(module, (12,)), Sketch(12, 8))
    except ValueError:
        return None
    after = {f"{name} after": size for name, size in _sizes(folded.module).items()}
    return {"bars": bars({**before, " ": 0.0, **after})}


def _sizes(module: nn.Module) -> dict[str, float]:
    sizes = {name: sum(weight.numel() for weight in layer.parameters()) for name, layer in module.named_children()}
    return {name: math.sqrt(size) for name, size in sizes.items() if "activation" not in name}


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
