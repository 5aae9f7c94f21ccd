"""AdaMax."""

from collections.abc import Iterable

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.optimizers import Optimizer


class AdaMax(Optimizer):
    """Adam with the largest recent gradient in place of the root mean square: no step is longer than α.

    The maximum decays, so one outlier shortens the steps for about 1/(1−β₂) of them.
    """

    formula = "m ← β₁m + (1−β₁)g; u ← max(β₂u, |g| + ε); θ ← θ − α/(1−β₁ᵗ) · m/u"
    reference = "Kingma, Ba: Adam (2015), section 7.1, arXiv:1412.6980"

    lr: float = hyperparameter(2e-3, gt=0, le=10, marks=Mark.LIVE, description="Learning rate α.")
    beta1: float = hyperparameter(0.9, ge=0, lt=1, description="Decay β₁ of the first moment.")
    beta2: float = hyperparameter(0.999, ge=0, lt=1, description="Decay β₂ of the largest gradient.")
    eps: float = hyperparameter(
        1e-8, gt=0, le=1, marks=Mark.LIVE, description="ε, added to the gradient's size against division by 0."
    )
    weight_decay: float = hyperparameter(
        0.0, ge=0, le=10, marks=Mark.LIVE, description="Pull λ of the weights towards zero, part of g."
    )

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return torch.optim.Adamax(
            parameters,
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            eps=self.eps,
            weight_decay=self.weight_decay,
            foreach=True,
        )
