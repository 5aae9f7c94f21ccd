"""Copies of a model's state beside the model: the mean of its steps, and its best epoch."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from worker.contracts.families.averages import Average
from worker.data.tensors import Split
from worker.engine.evaluate import batch_size
from worker.nn.freezing import statistics

RECALIBRATION_BATCH = 256  # samples


class Mean:
    """The running mean of all floating point entries of a module's state_dict, on the module's device."""

    def __init__(self, module: nn.Module, average: Average) -> None:
        self._average = average
        self._taken = 0
        self._values = {name: value.detach().clone() for name, value in _floats(module).items()}

    @torch.no_grad()
    def take(self, module: nn.Module, step: int, total: int) -> None:
        """The weights after `step` of `total` go into the mean, as far as the average wants them."""
        share = self._average.share(step, total, self._taken)
        if share > 0:
            current = _floats(module)
            torch._foreach_lerp_(list(self._values.values()), [current[name] for name in self._values], share)
            self._taken += 1

    @torch.no_grad()
    def hold(self, masks: Mapping[str, Tensor]) -> None:
        """Masks the mean too from here on, whatever it was in the steps before."""
        for name, mask in masks.items():
            self._values[name].mul_(mask)

    @contextmanager
    def lend(self, module: nn.Module) -> Iterator[None]:
        """Gives the module the mean's state within the block; without any step in the mean it keeps its own."""
        if not self._taken:
            yield
            return
        own = {name: value.clone() for name, value in _floats(module).items()}
        _write(module, self._values)
        try:
            yield
        finally:
            _write(module, own)

    def apply(self, module: nn.Module, train: Split) -> None:
        """Gives the module the mean's state for good, with new batch statistics if the average asks for them."""
        if self._taken:
            _write(module, self._values)
            if self._average.recalibrates:
                recalibrate(module, train)

    def state(self) -> dict[str, Any]:
        return {"taken": self._taken, "values": self._values}

    def load(self, state: Mapping[str, Any]) -> None:
        self._taken = state["taken"]
        for name, value in self._values.items():
            value.copy_(state["values"][name])


class Best:
    """The state of the epoch with the lowest validation loss."""

    def __init__(self) -> None:
        self._loss = math.inf
        self._values: dict[str, Tensor] = {}

    def offer(self, module: nn.Module, loss: float) -> None:
        if loss < self._loss:
            self._loss = loss
            self._values = {name: value.detach().clone() for name, value in _floats(module).items()}

    def apply(self, module: nn.Module) -> None:
        _write(module, self._values)

    def state(self) -> dict[str, Any]:
        return {"loss": self._loss, "values": self._values}

    def load(self, state: Mapping[str, Any]) -> None:
        self._loss, self._values = state["loss"], dict(state["values"])


@torch.no_grad()
def recalibrate(module: nn.Module, train: Split) -> None:
    """Set the running statistics of every batch normalization that is not frozen to the mean over one pass of `train`."""
    norms = statistics(module, resting=False)
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    modes = {layer: layer.training for layer in module.modules()}
    module.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
        norm.train()
    for inputs, _ in train.batches(batch_size(train, RECALIBRATION_BATCH)):
        if len(inputs) > 1:
            module(inputs)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    for layer, training in modes.items():
        layer.training = training


def _floats(module: nn.Module) -> dict[str, Tensor]:
    return {name: value for name, value in module.state_dict().items() if value.is_floating_point()}


@torch.no_grad()
def _write(module: nn.Module, values: Mapping[str, Tensor]) -> None:
    own = module.state_dict()
    for name, value in values.items():
        own[name].copy_(value)
