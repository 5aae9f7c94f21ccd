"""NAdam."""

from collections.abc import Iterable

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.optimizers import Optimizer


class NAdam(Optimizer):
    """Adam that looks ahead as Nesterov does: it steps by the momentum that the next step will have.

    The momentum warms up: μₜ grows from β₁/2 towards β₁, the more slowly the smaller ψ is.
    """

    formula = "θ ← θ − α · (μₜ₊₁m/(1−∏μᵢ₊₁) + (1−μₜ)g/(1−∏μᵢ)) / (√v̂ + ε), μₜ = β₁(1 − ½·0.96^(tψ))"
    reference = "Dozat: Incorporating Nesterov Momentum into Adam (2016), ICLR workshop"

    lr: float = hyperparameter(2e-3, gt=0, le=10, marks=Mark.LIVE, description="Learning rate α.")
    beta1: float = hyperparameter(0.9, ge=0, lt=1, description="Decay β₁ of the first moment.")
    beta2: float = hyperparameter(0.999, ge=0, lt=1, description="Decay β₂ of the second moment.")
    eps: float = hyperparameter(
        1e-8, gt=0, le=1, marks=Mark.LIVE, description="ε, added to the denominator against division by zero."
    )
    momentum_decay: float = hyperparameter(4e-3, ge=0, le=1, description="ψ, how fast the momentum warms up.")
    weight_decay: float = hyperparameter(
        0.0, ge=0, le=10, marks=Mark.LIVE, description="Pull λ of the weights towards zero, decoupled."
    )

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return torch.optim.NAdam(
            parameters,
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            eps=self.eps,
            weight_decay=self.weight_decay,
            momentum_decay=self.momentum_decay,
            decoupled_weight_decay=True,
            foreach=True,
        )
