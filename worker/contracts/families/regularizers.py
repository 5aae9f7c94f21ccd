"""Regularizers: methods against overfitting to the training split."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from worker.contracts.component import Component


class Regularizer(Component, family="regularizers"):
    """Method against overfitting to the training split.

    Each method is a place in the training step where one may act; a regularizer overrides those that it needs.
    """

    def penalty(self, parameters: Sequence[Tensor]) -> Tensor | None:
        """A scalar of the weights that is added to the loss; None when there is none."""
        return None

    def add_gradients(self, parameters: Sequence[Tensor]) -> None:
        """Add the penalty's gradient to `.grad`, after the loss's backward. Override where a closed form is cheaper."""
        trained = [parameter for parameter in parameters if parameter.grad is not None]
        penalty = self.penalty(trained)
        if penalty is not None:
            gradients = torch.autograd.grad(penalty, trained)
            torch._foreach_add_([parameter.grad for parameter in trained if parameter.grad is not None], gradients)

    def output_penalty(self, outputs: Tensor, targets: Tensor) -> Tensor | None:
        """A scalar of the batch's outputs [batch, …, classes] that is added to the loss; None when there is none.

        `targets` are class indices [batch, …] or shares [batch, classes].
        """
        return None

    def limit_gradients(self, parameters: Sequence[Tensor]) -> None:
        """Change `.grad` in place when the whole gradient is known, just before the optimizer's step."""

    def constrain(self, parameters: Sequence[Tensor], rate: float) -> None:
        """Change the weights in place just after the optimizer's step, which was taken at `rate`."""

    def attach(self, module: nn.Module) -> AbstractContextManager[object]:
        """Hooks on `module` for as long as the phase trains; they must leave evaluation mode as it is."""
        return nullcontext()

    def ends(self, history: Sequence[float]) -> bool:
        """Returns whether training ends now. `history` are the epochs' validation losses so far; a pure function."""
        return False

    @property
    def keeps_best(self) -> bool:
        """Returns whether the phase is to leave the weights of its epoch with the lowest validation loss."""
        return False


def overriding(regularizers: Sequence[Regularizer], method: str) -> list[Regularizer]:
    """Regularizers that override this method, so that no empty method is called."""
    return [one for one in regularizers if getattr(type(one), method) is not getattr(Regularizer, method)]
