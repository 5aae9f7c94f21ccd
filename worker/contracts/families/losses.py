"""Losses: the functions that a training minimizes."""

from abc import abstractmethod
from typing import ClassVar

from torch import Tensor
from torch.nn import functional

from worker.contracts.component import Component
from worker.data.interface import Head
from worker.data.tensors import Task


class Loss(Component, family="losses", default="cross_entropy", defaults={"numbers": "mse"}):
    """Function that the training minimizes."""

    head: ClassVar[Head] = "softmax"
    """Step that makes probabilities of the outputs for classes; numbers need none."""

    @abstractmethod
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean over the batch, a scalar.

        Classes: outputs [batch, classes], targets [batch] of indices or [batch, classes] of shares. Texts: outputs
        [batch, length, classes], targets [batch, length]. Numbers: both [batch, numbers].
        """


def default(task: Task) -> Loss:
    """The loss of a task when nothing else is said."""
    return Loss.choose(Loss.default_kinds["numbers"] if task == "regression" else Loss.default_kind)


def shares(outputs: Tensor, targets: Tensor) -> Tensor:
    """The targets as shares of the classes, in the shape of `outputs` [batch, …, classes]."""
    if targets.is_floating_point():
        return targets
    return functional.one_hot(targets, outputs.shape[-1]).to(outputs.dtype)
