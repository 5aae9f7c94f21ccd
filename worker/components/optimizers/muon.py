"""Muon."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.optimizers import RATE, Optimizer

QUINTIC = (3.4445, -4.7750, 2.0315)  # steep at 0, so that five iterations lift even small singular values to about 1


class Muon(Optimizer):
    """Each weight matrix moves by its momentum made orthogonal: all directions are learned at the same pace.

    Convolutions count as matrices [out, in·height·width]. Biases and other vectors are trained by AdamW at a rate of
    their own, which the schedule scales too.
    """

    formula = "M ← μM + (1−μ)G; θ ← θ − α·λθ; θ ← θ − α·√max(1, n/m) · UVᵀ, USVᵀ = (1−μ)G + μM by Newton–Schulz"
    reference = "Jordan et al.: Muon, An optimizer for hidden layers in neural networks (2024), kellerjordan.github.io"

    lr: float = hyperparameter(0.02, gt=0, le=10, marks=Mark.LIVE, description="Learning rate α of the matrices.")
    momentum: float = hyperparameter(0.95, ge=0, lt=1, marks=Mark.LIVE, description="Decay μ of the momentum.")
    nesterov: bool = hyperparameter(
        True, description="Look ahead: blend the newest gradient into the momentum once more."
    )
    weight_decay: float = hyperparameter(
        0.0, ge=0, le=10, marks=Mark.LIVE, description="Pull λ of all weights towards zero, decoupled."
    )
    iterations: int = hyperparameter(
        5, ge=1, le=20, description="Newton–Schulz iterations that make the momentum orthogonal."
    )
    vector_lr: float = hyperparameter(3e-3, gt=0, le=10, description="Learning rate of AdamW for what is no matrix.")

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        weights = list(parameters)
        matrices = {"params": [weight for weight in weights if weight.ndim >= 2], "matrices": True, "lr": self.lr}
        vectors = {
            "params": [weight for weight in weights if weight.ndim < 2],
            "matrices": False,
            "lr": self.vector_lr,
            RATE: self.vector_lr / self.lr,
        }
        defaults = self.model_dump(include={"lr", "momentum", "nesterov", "weight_decay", "iterations"})
        return Orthogonalized([group for group in (matrices, vectors) if group["params"]], defaults)


class Orthogonalized(torch.optim.Optimizer):
    """Muon on the groups of `matrices`, AdamW on the others; AdamW works on this optimizer's groups and state."""

    def __init__(self, groups: list[dict[str, Any]], defaults: dict[str, Any]) -> None:
        self._adamw = torch.optim.AdamW([torch.zeros(0)], betas=(0.9, 0.95), fused=True)
        super().__init__(groups, {**self._adamw.defaults, **defaults})
        self._share()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self._share()

    def _share(self) -> None:
        self._adamw.param_groups = [group for group in self.param_groups if not group["matrices"]]
        self._adamw.state = self.state

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            if group["matrices"]:
                for weight in group["params"]:
                    if weight.grad is not None:
                        self._turn(weight, weight.grad, group)
        self._adamw.step()

    def _turn(self, weight: Tensor, slope: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if not state:
            state["momentum"] = torch.zeros_like(slope)
        momentum = state["momentum"].lerp_(slope, 1 - group["momentum"])
        blend = slope.lerp(momentum, group["momentum"]) if group["nesterov"] else momentum
        matrix = blend.flatten(1)  # [out, in·height·width]
        tall = max(1.0, matrix.shape[0] / matrix.shape[1]) ** 0.5
        weight.mul_(1 - group["lr"] * group["weight_decay"])
        weight.sub_(orthogonal(matrix, group["iterations"]).view(weight.shape), alpha=group["lr"] * tall)


def orthogonal(matrix: Tensor, iterations: int) -> Tensor:
    """About UVᵀ of matrix = USVᵀ [n, m]: singular values between 0.7 and 1.2 where they were not close to zero."""
    a, b, c = QUINTIC
    tall = matrix.shape[0] > matrix.shape[1]
    wide: Tensor = (matrix.mT if tall else matrix) / (torch.linalg.norm(matrix) + 1e-7)  # no singular value exceeds 1
    for _ in range(iterations):
        gram = wide @ wide.mT
        wide = a * wide + (b * gram + c * gram @ gram) @ wide
    return wide.mT if tall else wide
