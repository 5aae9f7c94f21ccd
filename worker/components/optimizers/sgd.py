"""Stochastic gradient descent."""

from collections.abc import Iterable

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.optimizers import Optimizer


class SGD(Optimizer):
    """Steps against the gradient of each batch; momentum carries on in the direction of earlier steps.

    Nesterov's variant looks ahead: it steps by g + μv instead of v. Without momentum it changes nothing.
    """

    formula = "g ← ∇J + λθ; v ← μv + g; θ ← θ − α·v"
    reference = "Sutskever et al.: On the importance of initialization and momentum in deep learning (2013)"

    lr: float = hyperparameter(0.1, gt=0, le=100, marks=Mark.LIVE, description="Learning rate α.")
    momentum: float = hyperparameter(
        0.9, ge=0, lt=1, marks=Mark.LIVE, description="Share μ of the last step that is carried on."
    )
    nesterov: bool = hyperparameter(False, description="Look ahead along the momentum.")
    weight_decay: float = hyperparameter(
        0.0, ge=0, le=10, marks=Mark.LIVE, description="Pull λ of the weights towards zero."
    )

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return torch.optim.SGD(
            parameters,
            lr=self.lr,
            momentum=self.momentum,
            nesterov=self.nesterov and self.momentum > 0,  # torch refuses the combination that changes nothing
            weight_decay=self.weight_decay,
            fused=True,
        )
