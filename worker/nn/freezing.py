"""Weights that training leaves alone.

What is frozen stays so until a stage says otherwise: through checkpoints, through compression, and in the training that
wins back what a compression cost. Compression itself acts on all weights, frozen or not.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from torch import nn

from worker.nn.layer_matching import layers

BatchNorm = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d


def freeze(module: nn.Module, names: Collection[str]) -> None:
    """Only the layers that are not in `names` train. A weight that two layers share trains if one of them does."""
    weights = dict(module.named_parameters(remove_duplicate=False))
    entries = layers(module)
    held = {id(weights[entry]) for name in names for entry in entries[name] if entry in weights}
    trained = {
        id(weights[entry]) for name in entries if name not in names for entry in entries[name] if entry in weights
    }
    for weight in weights.values():
        weight.requires_grad_(id(weight) not in held - trained)


def unfreeze(module: nn.Module, names: Iterable[str]) -> None:
    """The layers in `names` train again."""
    weights, entries = dict(module.named_parameters(remove_duplicate=False)), layers(module)
    for name in names:
        for entry in entries[name]:
            if entry in weights:
                weights[entry].requires_grad_(True)


@contextmanager
def thaw(module: nn.Module) -> Iterator[None]:
    """Nothing is frozen for a while, for what follows gradients through the layers or replaces their weights."""
    held = [name for name, weight in module.named_parameters() if not weight.requires_grad]
    for weight in module.parameters():
        weight.requires_grad_(True)
    try:
        yield
    finally:
        for name, weight in module.named_parameters():
            weight.requires_grad_(name not in held)


def find_frozen(module: nn.Module) -> list[str]:
    """The layers that have weights of which none trains."""
    weights = dict(module.named_parameters(remove_duplicate=False))
    found = {
        name: [weights[entry] for entry in entries if entry in weights] for name, entries in layers(module).items()
    }
    return [name for name, held in found.items() if held and not any(weight.requires_grad for weight in held)]


def trainable(module: nn.Module) -> list[nn.Parameter]:
    """The weights that train. Raises ValueError when there are none."""
    weights = [weight for weight in module.parameters() if weight.requires_grad]
    if not weights:
        raise ValueError("Every layer is frozen, so there is nothing to train: put a stage `unfreeze` before this one.")
    return weights


def train_mode(module: nn.Module) -> None:
    """Training mode, except for frozen batch normalizations: their running statistics stay as they are, and are used."""
    module.train()
    for layer in statistics(module, resting=True):
        layer.eval()


def statistics(module: nn.Module, resting: bool) -> list[BatchNorm]:
    """The batch normalizations whose running statistics rest because they are frozen, or those that follow the data."""
    norms = [layer for layer in module.modules() if isinstance(layer, BatchNorm)]
    return [norm for norm in norms if _is_frozen(norm) is resting]


def _is_frozen(layer: nn.Module) -> bool:
    weights = list(layer.parameters(recurse=False))
    return bool(weights) and not any(weight.requires_grad for weight in weights)
