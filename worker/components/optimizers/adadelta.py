"""Adadelta."""

from collections.abc import Iterable

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.optimizers import Optimizer


class Adadelta(Optimizer):
    """Gives steps the unit of the weights: the size of past steps over the size of past gradients.

    It was made to need no learning rate; α = 1 is the paper. The first steps are tiny, about √ε, and grow from there.
    """

    formula = "E ← ρE + (1−ρ)g²; Δ = √(D+ε) / √(E+ε) · g; D ← ρD + (1−ρ)Δ²; θ ← θ − α·Δ"
    reference = "Zeiler: ADADELTA, An Adaptive Learning Rate Method (2012), arXiv:1212.5701"

    lr: float = hyperparameter(1.0, gt=0, le=1000, marks=Mark.LIVE, description="Learning rate α, 1 in the paper.")
    rho: float = hyperparameter(0.9, ge=0, lt=1, marks=Mark.LIVE, description="Decay ρ of both mean squares.")
    eps: float = hyperparameter(
        1e-6, gt=0, le=1, marks=Mark.LIVE, description="ε, which also sets how long the first steps are."
    )
    weight_decay: float = hyperparameter(
        0.0, ge=0, le=10, marks=Mark.LIVE, description="Pull λ of the weights towards zero, part of g."
    )

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return torch.optim.Adadelta(
            parameters, lr=self.lr, rho=self.rho, eps=self.eps, weight_decay=self.weight_decay, foreach=True
        )
