"""Importance of weights and of a model's parts by the loss: its first-order change when they are removed."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch_pruning
from torch import Tensor, nn

from worker.contracts.context import Context
from worker.contracts.masks import prunable_weights
from worker.contracts.subject import Subject, evaluating
from worker.nn.freezing import thaw

BATCHES = 16

_OF_INPUTS = (torch_pruning.prune_conv_in_channels, torch_pruning.prune_linear_in_channels)


def sensitivities(subject: Subject, context: Context, batches: int) -> Iterator[dict[str, Tensor]]:
    """For each of at most `batches` batches of the training split θ ⊙ ∂J/∂θ of every matrix and filter, by name.

    The module is in evaluation mode. A weight that the loss does not depend on has zeros.
    """
    weights = prunable_weights(subject.module)
    with thaw(subject.module), evaluating(subject.module), torch.enable_grad():
        for found in _saliencies(subject.module, list(weights.values()), context, batches):
            yield dict(zip(weights, found, strict=True))


def _saliencies(module: nn.Module, weights: Sequence[Tensor], context: Context, batches: int) -> Iterator[list[Tensor]]:
    """For each batch θ ⊙ ∂J/∂θ of each of the weights, which must all be trainable; no `.grad` is touched."""
    for inputs, targets in context.batches(batches):
        with torch.backends.cudnn.flags(enabled=False):  # it derives no recurrent layer in evaluation mode
            loss = context.loss(module(inputs), targets)
            gradients = torch.autograd.grad(loss, weights, materialize_grads=True, allow_unused=True)
        yield [weight.detach() * gradient for weight, gradient in zip(weights, gradients, strict=True)]


def mean_magnitudes(
    module: nn.Module, context: Context, sums: Callable[[dict[Tensor, Tensor]], list[Tensor]]
) -> list[Tensor]:
    """The mean over `BATCHES` batches of |sums|. `sums` adds θ ⊙ ∂J/∂θ over each layer's parts, signs and all: what
    one of a part's weights adds to the loss, another may take away.

    In evaluation mode batch normalization counts as the constant map that it is.
    """
    totals: list[Tensor] = []
    count, weights = 0, list(module.parameters())
    for found in _saliencies(module, weights, context, BATCHES):
        sizes = [part.abs() for part in sums(dict(zip(weights, found, strict=True)))]
        totals = [total + size for total, size in zip(totals, sizes, strict=True)] if totals else sizes
        count += 1
    assert count, "the training split is empty"
    return [total / count for total in totals]


def taylor(module: nn.Module, groups: Sequence[Any], context: Context) -> list[Tensor]:
    """Of each of torch-pruning's groups the importance of its channels [C]: |Σ θ · ∂J/∂θ| over the weights of all
    coupled layers that go with a channel (Molchanov et al. 2019), mean over batches."""
    return mean_magnitudes(module, context, lambda found: [_sums(group, found) for group in groups])


def _sums(group: Any, found: dict[Tensor, Tensor]) -> Tensor:
    device = next(iter(found.values())).device
    total = torch.zeros(len(group[0].idxs), device=device)
    for item in group:
        channels = _by_channel(item.dep, found)
        if channels is not None:
            total.index_add_(0, torch.tensor(item.root_idxs, device=device), channels[list(item.idxs)])
    return total


def _by_channel(dependency: Any, found: dict[Tensor, Tensor]) -> Tensor | None:
    """The layer's sums [its channels on the side that is cut]; None when it has no weights."""
    layer = dependency.target.module
    if dependency.handler in _OF_INPUTS:
        groups = getattr(layer, "groups", 1)
        weight = found[layer.weight]
        return weight.reshape(groups, len(weight) // groups, weight.shape[1], -1).sum((1, 3)).flatten()
    weights = [found[weight] for weight in layer.parameters(recurse=False)]
    return torch.stack([weight.reshape(len(weight), -1).sum(1) for weight in weights]).sum(0) if weights else None
