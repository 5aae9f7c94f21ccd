"""Lion."""

from collections.abc import Iterable

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.optimizers import Optimizer


class Lion(Optimizer):
    """Every weight moves by exactly α in each step, against the sign of a blend of momentum and gradient.

    Half of Adam's memory. Usual rates are a third to a tenth of Adam's, with three to ten times its weight decay.
    """

    formula = "θ ← θ − α·λθ; θ ← θ − α · sign(β₁m + (1−β₁)g); m ← β₂m + (1−β₂)g"
    reference = "Chen et al.: Symbolic Discovery of Optimization Algorithms (2023), arXiv:2302.06675"

    lr: float = hyperparameter(
        1e-4, gt=0, le=1, marks=Mark.LIVE, description="Learning rate α, the length of each weight's step."
    )
    beta1: float = hyperparameter(0.9, ge=0, lt=1, description="Share β₁ of the momentum in the blend.")
    beta2: float = hyperparameter(0.99, ge=0, lt=1, description="Decay β₂ of the momentum.")
    weight_decay: float = hyperparameter(
        0.0, ge=0, le=100, marks=Mark.LIVE, description="Pull λ of the weights towards zero."
    )

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        from pytorch_optimizer import optimizer  # takes half a second to import

        return optimizer.Lion(
            parameters, lr=self.lr, betas=(self.beta1, self.beta2), weight_decay=self.weight_decay, foreach=True
        )
