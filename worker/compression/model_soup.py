"""The mean of several models with the same layers."""

import copy
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from worker.contracts.subject import Subject


def check_same_layers(name: str, theirs: nn.Module, ours: nn.Module) -> None:
    """ValueError in one sentence when the model of run `name` has other weights than ours, in name or in shape."""
    own = {entry: list(value.shape) for entry, value in ours.state_dict().items()}
    other = {entry: list(value.shape) for entry, value in theirs.state_dict().items()}
    for entry in [*own, *other]:
        if own.get(entry) != other.get(entry):
            there, here = (shapes.get(entry, "missing") for shapes in (other, own))
            raise ValueError(
                f"The model of run `{name}` has other layers than this run's (`{entry}` is {there} there and {here} "
                "here): only models of one architecture, for data of one shape, can be averaged."
            )


@torch.no_grad()
def mean(modules: Sequence[nn.Module]) -> nn.Module:
    """A new module whose weights and statistics are the mean, summed in float64; counters are the first one's."""
    average = copy.deepcopy(modules[0])
    states = [module.state_dict() for module in modules]
    for entry, value in average.state_dict().items():
        if value.is_floating_point():
            value.copy_(torch.stack([state[entry].double() for state in states]).mean(0))
    return average


@torch.no_grad()
def fill(subject: Subject, module: nn.Module, ingredients: Sequence[Subject]) -> Subject:
    """The subject with the weights of `module`; masked is what every one of the `ingredients` has masked."""
    own = subject.module.state_dict()
    for entry, value in module.state_dict().items():
        own[entry].copy_(value)
    return replace(subject, masks=_common([one.masks for one in ingredients]))


def _common(masks: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Mask that keeps (True) each weight that any of them keeps."""
    names = [name for name in masks[0] if all(name in one for one in masks)]
    return {name: torch.stack([one[name] for one in masks]).any(0) for name in names}
