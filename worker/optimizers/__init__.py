"""Optimizers: how a gradient moves the weights."""

from collections.abc import Iterable

from torch import Tensor
from torch.optim import Optimizer as TorchOptimizer

from worker.component import Component


class Optimizer(Component, family="optimizers", default="adam"):
    """How the gradient moves the weights."""

    lr: float

    def build(self, parameters: Iterable[Tensor]) -> TorchOptimizer:
        """The torch optimizer over `parameters`; its base rate is `lr`, which the schedule scales."""
        raise NotImplementedError
