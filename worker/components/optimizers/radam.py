"""RAdam."""

from collections.abc import Iterable

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.optimizers import Optimizer


class RAdam(Optimizer):
    """Adam with automatic warm-up: it trusts the second moment only as far as that is known.

    In the first steps (ρₜ ≤ 5) it moves by the mean gradient alone; then r rises towards 1 and it becomes Adam.
    """

    formula = "θ ← θ − α·m̂·r/(√v̂ + ε) where ρₜ > 5, else θ − α·m̂; r² = (ρₜ−4)(ρₜ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρₜ)"
    reference = "Liu et al.: On the Variance of the Adaptive Learning Rate and Beyond (2020), arXiv:1908.03265"

    lr: float = hyperparameter(1e-3, gt=0, le=10, marks=Mark.LIVE, description="Learning rate α.")
    beta1: float = hyperparameter(0.9, ge=0, lt=1, description="Decay β₁ of the first moment.")
    beta2: float = hyperparameter(0.999, ge=0, lt=1, description="Decay β₂ of the second moment; ρ∞ = 2/(1−β₂) − 1.")
    eps: float = hyperparameter(
        1e-8, gt=0, le=1, marks=Mark.LIVE, description="ε, added to the denominator against division by zero."
    )
    weight_decay: float = hyperparameter(
        0.0, ge=0, le=10, marks=Mark.LIVE, description="Pull λ of the weights towards zero, decoupled."
    )

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return torch.optim.RAdam(
            parameters,
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            eps=self.eps,
            weight_decay=self.weight_decay,
            decoupled_weight_decay=True,
            foreach=True,
        )
