"""Regularizers: what is added to the loss to keep the weights in check."""

from collections.abc import Sequence

import torch
from torch import Tensor

from worker.component import Component


class Regularizer(Component, family="regularizers"):
    """What is added to the loss to keep the weights in check."""

    def penalty(self, parameters: Sequence[Tensor]) -> Tensor:
        """The scalar that is added to the loss."""
        raise NotImplementedError

    def add_gradients(self, parameters: Sequence[Tensor]) -> None:
        """Add the penalty's gradient to `.grad`, after the loss's backward. Override where a closed form is cheaper."""
        trained = [parameter for parameter in parameters if parameter.grad is not None]
        gradients = torch.autograd.grad(self.penalty(trained), trained)
        torch._foreach_add_([parameter.grad for parameter in trained if parameter.grad is not None], gradients)
