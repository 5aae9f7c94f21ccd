"""A small picture of what each component does, for the catalog: computed with the component itself, never drawn by hand.

A picture is plain JSON: `lines` {x, y, faint}, `bars` {label, value}, and `cells`, grids of shades 0 … 1.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from worker.augmentations import Augmentation
from worker.averages import Average
from worker.batches import BatchPolicy
from worker.component import Component
from worker.datasets import Dataset
from worker.distributions import Distribution
from worker.folders import Folder
from worker.initializations import Initialization
from worker.losses import Loss
from worker.models import Model
from worker.normalizations import Normalization
from worker.optimizers import RATE, Optimizer
from worker.preparations import Preparation
from worker.pruners import Pruner
from worker.quantizers import Quantizer
from worker.regularizers import Regularizer, overriding
from worker.schedules import Schedule
from worker.subject import Subject

Picture = dict[str, Any]

RATES = (30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003)
STEPS = 40


def picture(component: type[Component]) -> Picture | None:
    """The picture of a component with its defaults; None where its family has none."""
    for family, draw in DRAWN.items():
        if issubclass(component, family):
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                return draw(component())
    return None


def line(x: ArrayLike, y: ArrayLike, faint: bool = False) -> dict[str, Any]:
    return {"x": rounded(x), "y": rounded(y), "faint": faint}


def rounded(values: ArrayLike) -> list[float]:
    """Three significant digits: a picture is small."""
    return [float(f"{value:.3g}") for value in np.asarray(values, dtype=np.float64).ravel()]


def _density(values: NDArray[np.float64], low: float, high: float) -> dict[str, Any]:
    counts, edges = np.histogram(values, bins=24, range=(low, high))
    return line((edges[:-1] + edges[1:]) / 2, counts / max(counts.max(), 1))


# ---- training


def _schedule(schedule: Schedule) -> Picture:
    """The rate over a stage of 100 steps; of a validation loss that stops falling, where the schedule asks for it."""
    steps = range(101)
    history = [1.0 / (1 + epoch) if epoch < 6 else 1 / 6 for epoch in range(41)]
    rates = [schedule.rate(step, 100) * schedule.damping(history[: step * 41 // 101]) for step in steps]
    return {"lines": [line(steps, rates)]}


def _batches(policy: BatchPolicy) -> Picture:
    """Batch sizes over the steps of a few epochs in which the validation loss soon stops falling."""
    fitted = policy.fitted(2048, lambda size: 1e-3 + size * 1e-6)
    history: list[float] = []
    sizes: list[int] = []
    for epoch in range(20):
        sizes += fitted.sizes(2048, 0, epoch, history)
        history.append(max(1.0 / (1 + epoch), 0.25))
    return {"lines": [line(range(len(sizes[:200])), sizes[:200])]}


def _optimizer(optimizer: Optimizer) -> Picture:
    """The path down a valley that is ten times as steep as it is long, at the best of a few rates."""
    paths = [_path(optimizer.model_copy(update={"lr": rate})) for rate in RATES]
    best = min(paths, key=lambda path: _height(torch.tensor(path[-1])).item())
    angle = np.linspace(0, 2 * math.pi, 33)
    rings = [line(2.4 * share * np.cos(angle), 0.76 * share * np.sin(angle), faint=True) for share in (0.3, 0.65, 1)]
    x, y = zip(*best, strict=True)
    return {"lines": [*rings, line(x, y)]}


def _height(at: Tensor) -> Tensor:
    return 0.5 * at[..., 0] ** 2 + 5 * at[..., 1] ** 2


def _path(optimizer: Optimizer) -> list[list[float]]:
    """Where each step leads; a rate that leads out of the picture ends it there."""
    place = torch.tensor([[-2.0, 0.6]], requires_grad=True)
    torch_optimizer = optimizer.build([place])
    for group in torch_optimizer.param_groups:
        group["lr"] = optimizer.lr * group.get(RATE, 1.0)

    def closure(create_graph: bool = False) -> Tensor:
        height = _height(place).sum()
        (place.grad,) = torch.autograd.grad(height, place, create_graph=create_graph)
        return height

    path = [place.detach()[0].tolist()]
    for _ in range(STEPS):
        if optimizer.closes:
            torch_optimizer.step(closure)  # type: ignore[arg-type]
        else:
            closure()
            torch_optimizer.step()
        path.append(place.detach()[0].tolist())
        if not math.isfinite(sum(path[-1])) or max(map(abs, path[-1])) > 2.6:
            return [*path[:-1], [2.6, 2.6]]
    place.grad = None
    return path


def _regularizer(regularizer: Regularizer) -> Picture:
    """What it does at the place in the step where it acts."""
    grid = torch.linspace(-2, 2, 41)
    if overriding([regularizer], "output_penalty"):
        outputs = torch.stack([3 * grid, torch.zeros_like(grid)], dim=1)
        penalties = [regularizer.output_penalty(row[None], torch.zeros(1, dtype=torch.long)) for row in outputs]
        return {"lines": [line(3 * grid, [0.0 if one is None else one.item() for one in penalties])]}
    if overriding([regularizer], "limit_gradients"):
        return {
            "lines": [line(grid, grid, faint=True), line(grid, [_limited(regularizer, one.item()) for one in grid])]
        }
    if overriding([regularizer], "constrain"):
        return {
            "lines": [line(grid, grid, faint=True), line(grid, [_constrained(regularizer, one.item()) for one in grid])]
        }
    if overriding([regularizer], "attach"):
        return {"cells": [_dropped(regularizer)]}
    if overriding([regularizer], "ends"):
        return {"lines": _ended(regularizer)}
    penalties = [regularizer.penalty([one[None]]) for one in grid]
    return {"lines": [line(grid, [0.0 if one is None else one.item() for one in penalties])]}


def _limited(regularizer: Regularizer, gradient: float) -> float:
    weight = nn.Parameter(torch.zeros(1, 1))
    weight.grad = torch.tensor([[2 * gradient]])
    regularizer.limit_gradients([weight])
    return weight.grad.item() / 2


def _constrained(regularizer: Regularizer, value: float) -> float:
    weight = nn.Parameter(torch.tensor([[4 * value]]))
    regularizer.constrain([weight], rate=1.0)
    return weight.item() / 4


def _dropped(regularizer: Regularizer) -> list[list[float]]:
    module = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 16))
    with regularizer.attach(module.train()), torch.no_grad():
        seen: list[Tensor] = []
        handle = module[2].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].relu()))
        module(torch.randn(10, 16))
        handle.remove()
    return [rounded(row) for row in (seen[0] / seen[0].max()).numpy()]


def _ended(regularizer: Regularizer) -> list[dict[str, Any]]:
    """A validation loss that falls and rises again: strong up to where training ends."""
    losses = [1 / (1 + 0.4 * epoch) + 0.012 * epoch for epoch in range(40)]
    end = next((epoch for epoch in range(1, 41) if regularizer.ends(losses[:epoch])), 40)
    return [line(range(40), losses, faint=True), line(range(end), losses[:end])]


def _loss(loss: Loss) -> Picture:
    """The loss over how far the output of the true class leads, or over the error of a number."""
    grid = torch.linspace(-4, 4, 41)
    if "numbers" in loss.needs:
        values = [loss.loss(one.view(1, 1), torch.zeros(1, 1)).item() for one in grid]
    else:
        rows = torch.stack([grid / 2, -grid / 2], dim=1)
        values = [loss.loss(row[None], torch.zeros(1, dtype=torch.long)).item() for row in rows]
    return {"lines": [line(grid, values)]}


def _average(average: Average) -> Picture:
    """A noisy walk of one weight, and its mean."""
    steps = np.arange(1, 121)
    walk = 1 - np.exp(-steps / 25) + np.random.default_rng(0).normal(0, 0.12, len(steps))
    means, mean, taken = [], 0.0, 0
    for step, weight in zip(steps.tolist(), walk.tolist(), strict=True):
        share = average.share(step, len(steps), taken)
        taken += share > 0
        mean = weight if taken == 0 else mean + share * (weight - mean)
        means.append(mean)
    return {"lines": [line(steps, walk, faint=True), line(steps, means)]}


# ---- data


def _dataset(dataset: Dataset) -> Picture | None:
    """How many samples each split has."""
    counts = {name: dataset.facts[name] for name in ("train", "validation", "test") if name in dataset.facts}
    return {"bars": _bars(counts)} if counts else None


def _preparation(preparation: Preparation) -> Picture:
    """The distribution of a skewed feature before and after."""
    values = np.random.default_rng(0).gamma(2.0, 1.0, (4000, 1, 1, 1)).astype(np.float32)
    scaling = preparation.fit(values)
    after = values if scaling is None else scaling(values)
    before = _density(values.ravel().astype(np.float64), -3, 8)
    return {"lines": [before | {"faint": True}, _density(after.ravel().astype(np.float64), -3, 8)]}


def _distribution(distribution: Distribution) -> Picture | None:
    """How often each of three classes is drawn, of which one is common and one rare."""
    from worker.data import Corpus, Samples

    targets = np.repeat([0, 1, 2], [60, 25, 10])
    inputs = np.random.default_rng(0).normal(targets[:, None], 1, (len(targets), 4)).astype(np.float32)
    samples = Samples(inputs, targets)
    if distribution.kind == "generated":  # a model has to be trained for it: not for a picture
        return {"bars": _bars({"read": len(targets), "generated": len(targets) // 2})}
    shaped = distribution.reshape(Corpus(samples, samples, samples, "classification", 3), 0)
    weights = np.ones(len(shaped)) if shaped.weights is None else shaped.weights * len(shaped) / shaped.weights.sum()
    return {"bars": _bars({name: weights[shaped.targets == name].sum() for name in range(3)})}


def _bars(values: dict[Any, float]) -> list[dict[str, Any]]:
    return [{"label": str(label), "value": float(f"{value:.3g}")} for label, value in values.items()]


def _augmentation(augmentation: Augmentation) -> Picture:
    """A letter before, and three times after."""
    letters = torch.stack([_letter("F"), _letter("L")])[:, None].repeat(1, 1, 1, 1)
    targets = torch.eye(2) if augmentation.mixes else torch.arange(2)
    shown = [letters[0, 0]]
    for seed in range(3):
        changed, _ = augmentation.apply(letters, targets, torch.Generator().manual_seed(seed))
        shown.append(changed[0, 0])
    return {"cells": [[rounded(row) for row in one.clamp(0, 1)] for one in shown]}


def _letter(name: str) -> Tensor:
    image = torch.zeros(14, 14)
    image[2:12, 3:5] = 0.95
    if name == "F":
        image[2:4, 3:11] = 0.95
        image[6:8, 3:9] = 0.95
    else:
        image[10:12, 3:11] = 0.95
    return image


# ---- models


def _model(model: Model) -> Picture | None:
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
        return {"bars": _bars(dict(list(counts.items())[:24]))}
    return None


def _normalization(normalization: Normalization) -> Picture:
    """Four channels' values before and after."""
    values = torch.randn(256, 4) * torch.tensor([0.5, 1.0, 2.0, 1.0]) + torch.tensor([-3.0, 0.0, 2.0, 5.0])
    layer = normalization.build(4, image=False)
    after = values if layer is None else layer.train()(values).detach()
    before = _density(values.double().numpy().ravel(), -8, 8)
    return {"lines": [before | {"faint": True}, _density(after.double().numpy().ravel(), -8, 8)]}


def _initialization(initialization: Initialization) -> Picture:
    weight = torch.empty(64, 64)
    initialization.fill(weight, math.sqrt(2))
    return {"lines": [_density(weight.double().numpy().ravel(), -0.6, 0.6)]}


def _pruner(pruner: Pruner) -> Picture | None:
    """The weights of a small layer, of which the bright ones stay."""
    if "channels" in pruner.needs:
        return {"bars": _bars({"before": 1.0, "after": 0.5})}
    layer = nn.Linear(24, 12)
    pruned = pruner.prune(Subject(nn.Sequential(layer), (24,)))
    kept = next(iter(pruned.masks.values())) if pruned.masks else layer.weight != 0
    weight = (layer.weight.detach().abs() * kept).numpy()
    return {"cells": [[rounded(row) for row in weight / weight.max()]]}


def _folder(folder: Folder) -> Picture:
    """The layers of a block, each by what it computes, before and after."""
    return {"bars": _bars({"convolution": 1.0, "normalization": 0.35, " ": 0.0, "folded convolution": 1.0})}


def _quantizer(quantizer: Quantizer) -> Picture:
    """Twelve of the levels that weights between −1 and 1 are rounded to."""
    weights = torch.linspace(-6 / 127, 6 / 127, 121)
    rounded_weights = torch.fake_quantize_per_tensor_affine(weights, 1 / 127, 0, -128, 127)
    return {"lines": [line(weights, weights, faint=True), line(weights, rounded_weights)]}


DRAWN: dict[type[Component], Callable[[Any], Picture | None]] = {
    Schedule: _schedule,
    BatchPolicy: _batches,
    Optimizer: _optimizer,
    Regularizer: _regularizer,
    Loss: _loss,
    Average: _average,
    Preparation: _preparation,
    Distribution: _distribution,
    Augmentation: _augmentation,
    Model: _model,
    Normalization: _normalization,
    Initialization: _initialization,
    Pruner: _pruner,
    Folder: _folder,
    Quantizer: _quantizer,
    Dataset: _dataset,
}
