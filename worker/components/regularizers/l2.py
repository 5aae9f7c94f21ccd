"""L2 penalty."""

from collections.abc import Sequence

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.regularizers import Regularizer


class L2(Regularizer):
    """Half the sum of squared weights: large weights are pulled towards zero in proportion to their size.

    With plain SGD this equals its weight decay; with Adam it does not, because Adam rescales it (see `adamw`).
    """

    formula = "Ω = ½λ Σθ², ∇Ω = λθ"
    reference = "Krogh, Hertz: A Simple Weight Decay Can Improve Generalization (1991)"

    strength: float = hyperparameter(1e-4, ge=0, le=10, marks=Mark.LIVE, description="Strength λ of the penalty.")

    def penalty(self, parameters: Sequence[Tensor]) -> Tensor:
        return 0.5 * self.strength * torch.stack([parameter.square().sum() for parameter in parameters]).sum()

    @torch.no_grad()
    def add_gradients(self, parameters: Sequence[Tensor]) -> None:
        pairs = [(parameter.grad, parameter) for parameter in parameters if parameter.grad is not None]
        torch._foreach_add_([gradient for gradient, _ in pairs], [weight for _, weight in pairs], alpha=self.strength)
