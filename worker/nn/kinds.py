"""Kinds of layers that compression tells apart."""

from typing import TypeGuard

from torch import nn

Convolution = nn.Conv1d | nn.Conv2d
Weighted = Convolution | nn.Linear
"""A layer whose weights multiply what passes through."""
Prunable = Weighted | nn.RNNBase
"""A layer whose weights can be masked."""


def is_weighted(layer: nn.Module) -> TypeGuard[Weighted]:
    return isinstance(layer, Weighted)


def weighted(module: nn.Module) -> dict[str, Weighted]:
    """The weighted layers by name, in the model's order."""
    return {name: layer for name, layer in module.named_modules() if is_weighted(layer)}
