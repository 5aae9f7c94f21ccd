"""Sharpness-aware minimization."""

from collections.abc import Iterable
from typing import Any, Literal

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.optimizers import Closure, Optimizer


class SAM(Optimizer):
    """Seeks flat minima: the gradient is taken where the loss is worst within a small distance of the weights.

    Each step climbs by ρ along the gradient, takes the gradient there, and steps from where it was; it costs two
    gradients. Both see the same dropout. Running statistics of batch normalization see both places.
    """

    formula = "ε = ρ·∇J(θ)/‖∇J(θ)‖₂; θ ← θ − α·step(∇J(θ + ε))"
    reference = "Foret et al.: Sharpness-Aware Minimization (2021), arXiv:2010.01412"
    closes = True

    base: Literal["sgd", "adam"] = hyperparameter(
        "sgd", description="Optimizer that moves the weights by the gradient at the perturbed point."
    )
    lr: float = hyperparameter(
        0.1, gt=0, le=100, marks=Mark.LIVE, description="Learning rate α; `adam` takes about a hundredth of it."
    )
    momentum: float = hyperparameter(
        0.9, ge=0, lt=1, description="Share of the last step that `sgd` carries on; β₁ of `adam`."
    )
    rho: float = hyperparameter(
        0.05, gt=0, le=10, marks=Mark.LIVE, description="Distance ρ of the place where the gradient is taken."
    )
    weight_decay: float = hyperparameter(
        0.0, ge=0, le=10, marks=Mark.LIVE, description="Pull λ of the weights towards zero."
    )

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        base: torch.optim.Optimizer
        if self.base == "sgd":
            base = torch.optim.SGD(
                parameters, lr=self.lr, momentum=self.momentum, weight_decay=self.weight_decay, fused=True
            )
        else:
            betas = (self.momentum, 0.999)
            base = torch.optim.Adam(parameters, lr=self.lr, betas=betas, weight_decay=self.weight_decay, fused=True)
        return SharpnessAware(base, self.rho)


class SharpnessAware(torch.optim.Optimizer):
    """`base` with the gradient of the place that lies `rho` up the slope. Both share groups and state."""

    def __init__(self, base: torch.optim.Optimizer, rho: float) -> None:
        super().__init__(base.param_groups, {**base.defaults, "rho": rho})
        self._base = base
        self._share()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self._share()

    def _share(self) -> None:
        self._base.param_groups, self._base.state = self.param_groups, self.state

    @torch.no_grad()
    def step(self, closure: Closure) -> Tensor:  # type: ignore[override]
        with torch.enable_grad():
            loss = closure()
        moved = [weight for group in self.param_groups for weight in group["params"] if weight.grad is not None]
        before = [weight.clone() for weight in moved]
        slopes = [weight.grad for weight in moved]
        scale = self.param_groups[0]["rho"] / (torch.stack(torch._foreach_norm(slopes)).norm() + 1e-12)
        torch._foreach_add_(moved, torch._foreach_mul(slopes, scale))
        with torch.enable_grad():
            closure()
        torch._foreach_copy_(moved, before)  # to the bit, which subtracting would not give
        self._base.step()
        return loss
