"""Adam."""

from collections.abc import Iterable

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.optimizers import Optimizer


class Adam(Optimizer):
    """Steps scaled per weight by running moments of its gradient; the default first choice."""

    formula = "m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; θ ← θ − α · m̂ / (√v̂ + ε), m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ)"
    reference = "Kingma, Ba: Adam (2015), arXiv:1412.6980"

    lr: float = hyperparameter(1e-3, gt=0, le=10, marks=Mark.LIVE, description="Learning rate α.")
    beta1: float = hyperparameter(0.9, ge=0, lt=1, description="Decay of the first moment.")
    beta2: float = hyperparameter(0.999, ge=0, lt=1, description="Decay of the second moment.")
    eps: float = hyperparameter(1e-8, gt=0, le=1, description="Added to the denominator against division by zero.")

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return torch.optim.Adam(parameters, lr=self.lr, betas=(self.beta1, self.beta2), eps=self.eps, fused=True)
