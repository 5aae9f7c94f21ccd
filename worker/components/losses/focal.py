"""Focal loss."""

import torch
from torch import Tensor
from torch.nn import functional

from worker.contracts.component import hyperparameter
from worker.contracts.families.losses import Loss, shares


class Focal(Loss):
    """Cross-entropy that gives little weight to samples already classified well; for unbalanced classes."""

    formula = "J = −Σₖ yₖ (1 − pₖ)^γ log pₖ, p = softmax(z)"
    reference = "Lin et al.: Focal Loss for Dense Object Detection (2017), arXiv:1708.02002"
    needs = ("classes",)

    gamma: float = hyperparameter(
        2.0, ge=0, le=10, description="Exponent γ: the larger, the less easy samples count; 0 is cross-entropy."
    )

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        logs = functional.log_softmax(outputs, dim=-1)
        missing = -torch.expm1(logs)  # 1 − p, exact where p is close to 1
        missing = missing.clamp(min=1e-12)  # a power below 1 has no slope at 0
        return -(shares(outputs, targets) * missing**self.gamma * logs).sum(-1).mean()
