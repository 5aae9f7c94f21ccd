"""Elastic net."""

from collections.abc import Sequence

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.regularizers import Regularizer


class ElasticNet(Regularizer):
    """A mixture of L1 and L2: few weights, as with L1, but correlated inputs share theirs, as with L2."""

    formula = "Ω = λ (ρ Σ|θ| + ½(1 − ρ) Σθ²), ∇Ω = λ (ρ sign(θ) + (1 − ρ) θ)"
    reference = "Zou, Hastie: Regularization and Variable Selection via the Elastic Net (2005)"

    strength: float = hyperparameter(1e-4, ge=0, le=10, marks=Mark.LIVE, description="Strength λ of the penalty.")
    l1_share: float = hyperparameter(0.5, ge=0, le=1, marks=Mark.LIVE, description="Share ρ of the L1 part.")

    def penalty(self, parameters: Sequence[Tensor]) -> Tensor:
        absolute = torch.stack([parameter.abs().sum() for parameter in parameters]).sum()
        squared = torch.stack([parameter.square().sum() for parameter in parameters]).sum()
        return self.strength * (self.l1_share * absolute + 0.5 * (1 - self.l1_share) * squared)

    @torch.no_grad()
    def add_gradients(self, parameters: Sequence[Tensor]) -> None:
        pairs = [(parameter.grad, parameter) for parameter in parameters if parameter.grad is not None]
        gradients, weights = [gradient for gradient, _ in pairs], [weight for _, weight in pairs]
        torch._foreach_add_(gradients, torch._foreach_sign(weights), alpha=self.strength * self.l1_share)
        torch._foreach_add_(gradients, weights, alpha=self.strength * (1 - self.l1_share))
