"""SOAP."""

from collections.abc import Iterable

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.optimizers import Optimizer


class SOAP(Optimizer):
    """Adam in the eigenbasis of Shampoo's preconditioner: steps are scaled along directions that belong together.

    Each dimension of a weight has a covariance of its gradients; its eigenvectors are refreshed every few steps by one
    step of power iteration. The first step moves nothing, it finds the first basis. Vectors get plain Adam.
    """

    formula = "L ← βL + (1−β)GGᵀ, R ← βR + (1−β)GᵀG; G′ = Q_LᵀGQ_R; θ ← θ − α · Q_L·Adam(G′)·Q_Rᵀ"
    reference = "Vyas et al.: SOAP, Improving and Stabilizing Shampoo using Adam (2024), arXiv:2409.11321"

    lr: float = hyperparameter(3e-3, gt=0, le=10, marks=Mark.LIVE, description="Learning rate α.")
    beta1: float = hyperparameter(0.95, ge=0, lt=1, description="Decay β₁ of the first moment.")
    beta2: float = hyperparameter(
        0.95, ge=0, lt=1, description="Decay β₂ of the second moment and β of the covariances."
    )
    eps: float = hyperparameter(
        1e-8, gt=0, le=1, marks=Mark.LIVE, description="ε, added to the denominator against division by zero."
    )
    weight_decay: float = hyperparameter(
        0.01, ge=0, le=10, marks=Mark.LIVE, description="Pull λ of the weights towards zero, decoupled."
    )
    refresh: int = hyperparameter(
        10, ge=1, le=1000, unit="steps", description="Steps between two refreshes of the eigenvectors."
    )
    largest: int = hyperparameter(1024, ge=1, le=8192, description="Dimensions longer than this keep the plain basis.")

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        from pytorch_optimizer import optimizer  # takes half a second to import

        return optimizer.SOAP(
            parameters,
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            eps=self.eps,
            weight_decay=self.weight_decay,
            precondition_frequency=self.refresh,
            max_precondition_dim=self.largest,
        )
