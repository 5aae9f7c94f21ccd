"""Gradient descent on the whole training split."""

from collections.abc import Iterable

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.optimizers import Optimizer


class GradientDescent(Optimizer):
    """Steps against the gradient of the whole training split: one exact step an epoch, whatever the batch policy says.

    Only dropout is random, so the loss falls smoothly; stochastic steps get farther in the same time.
    """

    formula = "θ ← θ − α∇J(θ), J the mean over the whole training split"
    reference = "Cauchy: Méthode générale pour la résolution des systèmes d'équations simultanées (1847)"
    whole = True

    lr: float = hyperparameter(0.5, gt=0, le=100, marks=Mark.LIVE, description="Learning rate α.")

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=self.lr, fused=True)
