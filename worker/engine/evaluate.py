"""The model's quality on a split."""

from collections.abc import Callable

import torch
from torch import nn

from worker.data import Split
from worker.losses import Loss

BATCH = 1000  # samples; large enough that the cost of a call does not count


@torch.no_grad()
def evaluate(
    module: nn.Module, split: Split, loss: Loss, attend: Callable[[], None] = lambda: None
) -> dict[str, float]:
    """Mean `loss` and `accuracy` of `module` on `split`, both on one device. `attend` is called between batches."""
    training = module.training
    module.eval()
    totals = torch.zeros(2, dtype=torch.float64, device=split.inputs.device)
    for inputs, targets in zip(torch.split(split.inputs, BATCH), torch.split(split.targets, BATCH), strict=True):
        outputs = module(inputs)
        correct = outputs.argmax(1).eq(targets).sum()
        totals += torch.stack([loss.loss(outputs, targets) * len(inputs), correct]).to(torch.float64)
        attend()
    module.train(training)
    mean_loss, accuracy = (totals / len(split)).tolist()
    return {"loss": mean_loss, "accuracy": accuracy}
