"""L1 penalty."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.regularizers import Regularizer


class L1(Regularizer):
    """The sum of absolute weights: all weights are pulled towards zero alike, and those of no use stay there.

    `subgradient` adds λ·sign(θ) to the gradient, whatever optimizer then makes of it: weights of no use tremble around
    zero, about one step away. `proximal` shrinks each weight by αλ after the optimizer's step and stops at zero, so that
    zeros are exact; an optimizer that rescales gradients does not rescale it, and λ must be larger with a small rate.
    """

    formula = "Ω = λ Σ|θ|, ∇Ω = λ sign(θ); proximal: θ ← sign(θ) · max(0, |θ| − αλ)"
    reference = "Tibshirani: Regression Shrinkage and Selection via the Lasso (1996)"

    strength: float = hyperparameter(1e-4, ge=0, le=10, marks=Mark.LIVE, description="Strength λ of the penalty.")
    method: Literal["subgradient", "proximal"] = hyperparameter(
        "subgradient", description="As part of the gradient, or as a separate step."
    )

    def penalty(self, parameters: Sequence[Tensor]) -> Tensor | None:
        if self.method == "proximal":
            return None
        return self.strength * torch.stack([parameter.abs().sum() for parameter in parameters]).sum()

    @torch.no_grad()
    def add_gradients(self, parameters: Sequence[Tensor]) -> None:
        if self.method == "proximal":
            return
        pairs = [(parameter.grad, parameter) for parameter in parameters if parameter.grad is not None]
        signs = torch._foreach_sign([weight for _, weight in pairs])
        torch._foreach_add_([gradient for gradient, _ in pairs], signs, alpha=self.strength)

    @torch.no_grad()
    def constrain(self, parameters: Sequence[Tensor], rate: float) -> None:
        if self.method == "proximal":
            for parameter in parameters:
                parameter.copy_(torch.nn.functional.softshrink(parameter, rate * self.strength))
