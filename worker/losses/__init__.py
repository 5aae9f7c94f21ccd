"""Losses: what is minimized."""

from torch import Tensor

from worker.component import Component


class Loss(Component, family="losses", default="cross_entropy"):
    """What is minimized."""

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean over the batch: outputs [batch, classes], targets [batch] -> scalar."""
        raise NotImplementedError
