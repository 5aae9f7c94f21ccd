"""Closure for optimizers that need the gradient at several points within a step."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

from torch import Tensor

from worker.contracts.families.regularizers import Regularizer
from worker.engine import seed

Differentiated = tuple[Tensor, Tensor, Tensor]
"""The batch's loss with penalties left out, its outputs, and the scalar whose gradient was taken (without those
penalties that are functions of the weights alone)."""

Gradients = Callable[[bool], Differentiated]
"""Fills `.grad`, differentiable again when asked."""


class BatchClosure:
    """Loss and gradient of one batch, as often as they are asked for within a step.

    Every call draws the same random numbers, so that it is one function that is measured: dropout stands still. The
    gradient of a weight that is masked is zero, so that no point lies outside of what the masks leave.
    """

    def __init__(
        self,
        gradients: Gradients,
        parameters: Sequence[Tensor],
        regularizers: Sequence[Regularizer],
        masks: Sequence[tuple[Tensor, Tensor]],
    ) -> None:
        self._gradients, self._parameters, self._regularizers, self._masks = gradients, parameters, regularizers, masks
        self._randomness = seed.capture()
        self._answers: list[Differentiated] = []

    @property
    def first(self) -> tuple[Tensor, Tensor]:
        """Loss, penalties left out, and outputs at the weights where the step began."""
        loss, outputs, _ = self._answers[0]
        return loss.detach(), outputs

    def __call__(self, create_graph: bool = False) -> Tensor:
        seed.restore(self._randomness)
        for parameter in self._parameters:
            parameter.grad = None
        with _quiet() if create_graph else nullcontext():
            self._answers = [*self._answers[:1], self._gradients(create_graph)]
        for weight, mask in self._masks:
            if weight.grad is not None:
                weight.grad = weight.grad * mask
        penalties = [regularizer.penalty(self._parameters) for regularizer in self._regularizers]
        objective = self._answers[-1][2]
        return objective + sum(penalty.detach() for penalty in penalties if penalty is not None)


@contextmanager
def _quiet() -> Iterator[None]:
    """torch warns of a cycle from each weight to its gradient; it ends with the step, when the gradient is dropped."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using backward", UserWarning)
        yield
