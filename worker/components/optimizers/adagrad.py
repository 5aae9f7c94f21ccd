"""Adagrad."""

from collections.abc import Iterable

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.optimizers import Optimizer


class Adagrad(Optimizer):
    """Divides each weight's steps by the root of all its squared gradients so far.

    Weights that rarely get a gradient keep long steps. The sum only grows, so the steps shrink for good.
    """

    formula = "G ← G + g²; θ ← θ − α · g / (√G + ε)"
    reference = "Duchi, Hazan, Singer: Adaptive Subgradient Methods (2011), JMLR 12"

    lr: float = hyperparameter(0.01, gt=0, le=100, marks=Mark.LIVE, description="Learning rate α.")
    initial_accumulator: float = hyperparameter(
        0.0, ge=0, le=100, description="Initial value of the sum G of squared gradients."
    )
    eps: float = hyperparameter(
        1e-10, gt=0, le=1, marks=Mark.LIVE, description="ε, added to the denominator against division by zero."
    )
    weight_decay: float = hyperparameter(
        0.0, ge=0, le=10, marks=Mark.LIVE, description="Pull λ of the weights towards zero, part of g."
    )

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return torch.optim.Adagrad(
            parameters,
            lr=self.lr,
            initial_accumulator_value=self.initial_accumulator,
            eps=self.eps,
            weight_decay=self.weight_decay,
            fused=True,
        )
