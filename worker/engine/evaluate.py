"""Evaluates the model on a split, as after each epoch."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from worker.contracts.families.losses import Loss
from worker.contracts.subject import evaluating
from worker.data.tensors import Data, Split

BATCH = 1000  # samples; large enough that the cost of a call does not count


@torch.no_grad()
def evaluate(
    module: nn.Module, split: Split, loss: Loss, data: Data, attend: Callable[[], None] = lambda: None
) -> dict[str, float]:
    """Mean `loss` of `module` on `split`, and what tells its quality: `accuracy` of classes, also `perplexity` of
    texts; `r2` and `mae` (in the targets' own unit) of numbers. `attend` is called between batches."""
    sums = torch.zeros(5, dtype=torch.float64, device=split.targets.device)
    count = 0
    with evaluating(module):
        for inputs, targets in split.batches(BATCH):
            outputs = module(inputs)
            sums += torch.cat([(loss.loss(outputs, targets) * len(targets)).reshape(1), _sums(outputs, targets, data)])
            count += targets.numel()
            attend()
    total, *rest = sums.tolist()
    return {"loss": total / len(split), **_quality(rest, count, total / len(split), data)}


def _sums(outputs: Tensor, targets: Tensor, data: Data) -> Tensor:
    """Four sums over a batch, in float64: hits of classes; of numbers the errors and what R² and MAE need."""
    zeros = torch.zeros(4, dtype=torch.float64, device=outputs.device)
    if data.task != "regression":
        zeros[0] = outputs.argmax(-1).eq(targets).sum()
        return zeros
    outputs, targets = outputs.double(), targets.double()
    unit = torch.tensor(data.unit, dtype=torch.float64, device=outputs.device)
    error = (outputs - targets) * unit
    zeros[0], zeros[1] = error.square().sum(), error.abs().sum()
    zeros[2], zeros[3] = (targets * unit).sum(), (targets * unit).square().sum()
    return zeros


def _quality(sums: list[float], count: int, loss: float, data: Data) -> dict[str, float]:
    if data.task == "regression":
        squared, absolute, first, second = sums
        spread = second - first**2 / count
        return {"r2": 1 - squared / spread if spread > 0 else 0.0, "mae": absolute / count}
    accuracy = {"accuracy": sums[0] / count}
    return accuracy | ({"perplexity": math.exp(min(loss, 700.0))} if data.task == "language" else {})
