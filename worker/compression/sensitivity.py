"""Sensitivity of the loss to single weights."""

from collections.abc import Iterator

import torch
from torch import Tensor

from worker.contracts.context import Context
from worker.contracts.masks import prunable_weights
from worker.contracts.subject import Subject, evaluating
from worker.nn.freezing import thawed


def sensitivities(subject: Subject, context: Context, batches: int) -> Iterator[dict[str, Tensor]]:
    """For each of at most `batches` batches of the training split θ ⊙ ∂J/∂θ of every matrix and filter, by name.

    The module is in evaluation mode, and no `.grad` is touched. A weight that the loss does not depend on has zeros.
    """
    weights = prunable_weights(subject.module)
    with thawed(subject.module), evaluating(subject.module), torch.enable_grad():
        for inputs, targets in context.batches(batches):
            with torch.backends.cudnn.flags(enabled=False):  # it derives no recurrent layer in evaluation mode
                loss = context.loss(subject.module(inputs), targets)
                gradients = torch.autograd.grad(loss, list(weights.values()), materialize_grads=True, allow_unused=True)
            yield {
                name: weight.detach() * gradient
                for (name, weight), gradient in zip(weights.items(), gradients, strict=True)
            }
