"""Optimizers: the rules by which a gradient moves the weights."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import ClassVar, Protocol

from torch import Tensor
from torch.optim import Optimizer as TorchOptimizer

from worker.contracts.component import Component

RATE = "relative_rate"
"""A parameter group's own rate as a multiple of the component's `lr`, where groups differ; else 1."""


class Closure(Protocol):
    """Computes loss and gradients of the current batch at the current weights, as often as it is called."""

    def __call__(self, create_graph: bool = False) -> Tensor:
        """The loss with all penalties; `.grad` of each parameter is new. With `create_graph` the gradients can be
        differentiated again."""


class Optimizer(Component, family="optimizers", default="adam"):
    """Rule by which the gradient moves the weights."""

    closes: ClassVar[bool] = False
    """True when a step needs the gradient at several points: the engine then calls `step(closure)` with a `Closure`."""
    whole: ClassVar[bool] = False
    """True when each step uses the whole training split, whatever the batch policy is."""

    lr: float

    @abstractmethod
    def build(self, parameters: Iterable[Tensor]) -> TorchOptimizer:
        """The torch optimizer over `parameters`; its base rate is `lr`, which the schedule scales.

        All state lies in `state_dict()`, as tensors and plain values. One that evaluates other weights than it trains
        has `train()` and `eval()`, which change between them.
        """
