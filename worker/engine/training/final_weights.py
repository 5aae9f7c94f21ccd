"""Chooses the weights that a training leaves: the optimizer's own, their mean, or those of the best epoch."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from worker.contracts.recipe import Recipe
from worker.data.tensors import Split
from worker.engine.training.mean import Best, Mean


class FinalWeights:
    """Copies of the weights of `module`, kept beside it as `recipe` says."""

    def __init__(self, module: nn.Module, recipe: Recipe) -> None:
        self._module = module
        self._mean = Mean(module, recipe.average) if recipe.average else None
        self._best = Best() if any(regularizer.keeps_best for regularizer in recipe.regularizers) else None

    def take(self, step: int, total: int) -> None:
        """The optimizer's step number `step` of the planned `total` was taken."""
        if self._mean:
            self._mean.take(self._module, step, total)

    def hold(self, masks: Mapping[str, Tensor]) -> None:
        """Mask the mean as the module is masked."""
        if self._mean:
            self._mean.hold(masks)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The module has the weights that are validated for a while: their mean, where there is one."""
        if self._mean is None:
            yield
            return
        with self._mean.lend(self._module):
            yield

    def offer(self, loss: float) -> None:
        """The module's weights of an epoch's end, with their validation loss."""
        if self._best:
            self._best.offer(self._module, loss)

    def apply(self, train: Split) -> None:
        """Give the module the weights that the training leaves."""
        if self._mean:
            self._mean.apply(self._module, train)
        if self._best:
            self._best.apply(self._module)

    def state(self) -> dict[str, Any]:
        return {
            "mean": self._mean.state() if self._mean else None,
            "best": self._best.state() if self._best else None,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        if self._mean and state["mean"]:
            self._mean.load(state["mean"])
        if self._best and state["best"]:
            self._best.load(state["best"])
