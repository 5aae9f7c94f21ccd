"""Adam with decoupled weight decay."""

from collections.abc import Iterable

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.optimizers import Optimizer


class AdamW(Optimizer):
    """Adam whose weight decay acts on the weights directly instead of through the gradient's moments."""

    formula = "θ ← θ − α·λθ; θ ← θ − α · m̂ / (√v̂ + ε), m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ), m and v as in Adam"
    reference = "Loshchilov, Hutter: Decoupled Weight Decay Regularization (2019), arXiv:1711.05101"

    lr: float = hyperparameter(1e-3, gt=0, le=10, marks=Mark.LIVE, description="Learning rate α.")
    beta1: float = hyperparameter(0.9, ge=0, lt=1, description="Decay β₁ of the first moment.")
    beta2: float = hyperparameter(0.999, ge=0, lt=1, description="Decay β₂ of the second moment.")
    eps: float = hyperparameter(1e-8, gt=0, le=1, description="ε, added to the denominator against division by zero.")
    weight_decay: float = hyperparameter(
        0.01, ge=0, le=10, marks=Mark.LIVE, description="Pull λ of the weights towards zero."
    )

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return torch.optim.AdamW(
            parameters,
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            eps=self.eps,
            weight_decay=self.weight_decay,
            fused=True,
        )
