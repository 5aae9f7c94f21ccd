"""Draws the parts of a training: schedules, batches, optimizers, regularizers, losses, averages."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from worker.contracts.drawing import Picture, line, rounded
from worker.contracts.families.averages import Average
from worker.contracts.families.batches import BatchPolicy
from worker.contracts.families.losses import Loss
from worker.contracts.families.optimizers import RATE, Optimizer
from worker.contracts.families.pruning_schedules import PruningSchedule
from worker.contracts.families.regularizers import Regularizer, overriding
from worker.contracts.families.schedules import Schedule

RATES = (30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003)
STEPS = 40


def schedule(schedule: Schedule) -> Picture:
    """The rate over a stage of 100 steps; of a validation loss that stops falling, where the schedule asks for it."""
    steps = range(101)
    history = [1.0 / (1 + epoch) if epoch < 6 else 1 / 6 for epoch in range(41)]
    rates = [schedule.rate(step, 100) * schedule.damping(history[: step * 41 // 101]) for step in steps]
    return {"lines": [line(steps, rates)]}


def batches(policy: BatchPolicy) -> Picture:
    """Batch sizes over the steps of a few epochs in which the validation loss soon stops falling."""
    fitted = policy.fit(2048, lambda size: 1e-3 + size * 1e-6)
    history: list[float] = []
    sizes: list[int] = []
    for epoch in range(20):
        sizes += fitted.sizes(2048, 0, epoch, history)
        history.append(max(1.0 / (1 + epoch), 0.25))
    return {"lines": [line(range(len(sizes[:200])), sizes[:200])]}


def optimizer(optimizer: Optimizer) -> Picture:
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
    """Path of the steps; a rate that leads out of the picture ends it there."""
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


def regularizer(regularizer: Regularizer) -> Picture:
    """Effect at the place in the step where it acts."""
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


def loss(loss: Loss) -> Picture:
    """The loss over how far the output of the true class leads, or over the error of a number."""
    grid = torch.linspace(-4, 4, 41)
    if "numbers" in loss.needs:
        values = [loss.loss(one.view(1, 1), torch.zeros(1, 1)).item() for one in grid]
    else:
        rows = torch.stack([grid / 2, -grid / 2], dim=1)
        values = [loss.loss(row[None], torch.zeros(1, dtype=torch.long)).item() for row in rows]
    return {"lines": [line(grid, values)]}


def average(average: Average) -> Picture:
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


def pruning_schedule(schedule: PruningSchedule, share: float = 0.9, steps: int = 400) -> Picture:
    """The share of the weights that is gone, over a training of 400 steps or over rounds."""
    if schedule.grows:
        now, gone = 0.0, [0.0]
        for step in range(1, steps + 1):
            after = schedule.grow(0.0, share, step, steps)
            now = now if after is None else after
            gone.append(now)
        return {"lines": [line(range(0, steps + 1, 4), gone[::4])]}
    shares = [0.0, *schedule.shares(share)]
    corners = [(x, y) for number, y in enumerate(shares) for x in (number, number + 1)]
    x, y = zip(*corners, strict=True)
    return {"lines": [line(x, y)]}
