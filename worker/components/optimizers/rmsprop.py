"""RMSprop."""

from collections.abc import Iterable

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.optimizers import Optimizer


class RMSprop(Optimizer):
    """Divides each weight's steps by the root of a running mean of its squared gradients.

    Old gradients are forgotten, which Adagrad's sum does not do. Centered, the mean gradient's square is taken off the
    mean square: what is left is the variance.
    """

    formula = "E ← ρE + (1−ρ)g²; v ← μv + g / (√E + ε); θ ← θ − α·v"
    reference = "Tieleman, Hinton: Neural Networks for Machine Learning, lecture 6.5 (2012)"

    lr: float = hyperparameter(1e-3, gt=0, le=10, marks=Mark.LIVE, description="Learning rate α.")
    alpha: float = hyperparameter(0.99, ge=0, lt=1, marks=Mark.LIVE, description="Decay ρ of the mean square.")
    momentum: float = hyperparameter(0.0, ge=0, lt=1, description="Share μ of the last step that is carried on.")
    centered: bool = hyperparameter(False, description="Divide by the root of the variance instead of the mean square.")
    eps: float = hyperparameter(
        1e-8, gt=0, le=1, marks=Mark.LIVE, description="ε, added to the denominator against division by zero."
    )
    weight_decay: float = hyperparameter(
        0.0, ge=0, le=10, marks=Mark.LIVE, description="Pull λ of the weights towards zero, part of g."
    )

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return torch.optim.RMSprop(
            parameters,
            lr=self.lr,
            alpha=self.alpha,
            eps=self.eps,
            weight_decay=self.weight_decay,
            momentum=self.momentum,
            centered=self.centered,
            foreach=True,
        )
