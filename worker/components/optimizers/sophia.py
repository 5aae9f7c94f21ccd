"""Sophia."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.optimizers import Closure, Optimizer


class Sophia(Optimizer):
    """Momentum divided by the curvature of each weight, and no weight moves by more than α.

    This is Sophia-H: every few steps Hutchinson's estimator u⊙(Hu) with random signs u gives the Hessian's diagonal, at
    the cost of one more backward pass. Where the curvature is small or negative a step has the length α.
    """

    formula = "m ← β₁m + (1−β₁)g; h ← β₂h + (1−β₂)·u⊙(Hu); θ ← θ − α·λθ; θ ← θ − α · clip(m / max(γh, ε), 1)"
    reference = "Liu et al.: Sophia (2023), arXiv:2305.14342"
    closes = True

    lr: float = hyperparameter(
        1e-3, gt=0, le=1, marks=Mark.LIVE, description="Learning rate α, the longest step of a weight."
    )
    beta1: float = hyperparameter(0.96, ge=0, lt=1, marks=Mark.LIVE, description="Decay β₁ of the momentum.")
    beta2: float = hyperparameter(
        0.99, ge=0, lt=1, marks=Mark.LIVE, description="Decay β₂ of the curvature, in estimates."
    )
    gamma: float = hyperparameter(
        0.01,
        gt=0,
        le=100,
        marks=Mark.LIVE,
        description="γ, the scale of the curvature: the smaller, the more steps are of length α.",
    )
    eps: float = hyperparameter(1e-12, gt=0, le=1, marks=Mark.LIVE, description="ε, the least that is divided by.")
    weight_decay: float = hyperparameter(
        0.0, ge=0, le=10, marks=Mark.LIVE, description="Pull λ of the weights towards zero, decoupled."
    )
    period: int = hyperparameter(
        10, ge=1, le=1000, marks=Mark.LIVE, unit="steps", description="Steps from one estimate to the next."
    )

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return SophiaH(parameters, {**self.model_dump(exclude={"kind"}), "step": 0})


class SophiaH(torch.optim.Optimizer):
    """The names in its groups are the component's; `step` counts the steps that are done."""

    def __init__(self, parameters: Iterable[Tensor], defaults: dict[str, Any]) -> None:
        super().__init__(parameters, defaults)
        for weight in self._weights():
            self.state[weight] = {"m": torch.zeros_like(weight), "h": torch.zeros_like(weight)}

    def _weights(self) -> list[Tensor]:
        return [weight for group in self.param_groups for weight in group["params"]]

    @torch.no_grad()
    def step(self, closure: Closure) -> Tensor:  # type: ignore[override]
        first = self.param_groups[0]
        with torch.enable_grad():
            loss = self._curved(closure) if first["step"] % first["period"] == 0 else closure()
        for group in self.param_groups:
            group["step"] += 1
            for weight in group["params"]:
                if weight.grad is not None:
                    self._move(weight, weight.grad, self.state[weight], group)
        return loss

    def _curved(self, closure: Closure) -> Tensor:
        """The closure's loss; its gradient is kept, and goes with its derivative into each weight's h."""
        with twice_differentiable():
            loss = closure(create_graph=True)
        bent = [weight for weight in self._weights() if weight.grad is not None and weight.grad.requires_grad]
        slopes = [weight.grad for weight in bent if weight.grad is not None]
        signs = [torch.randint_like(weight, 2) * 2 - 1 for weight in bent]
        for weight, sign, product in zip(bent, signs, hessian_products(slopes, bent, signs), strict=True):
            self.state[weight]["h"].lerp_(sign * product, 1 - self.param_groups[0]["beta2"])
        for weight in self._weights():
            weight.grad = None if weight.grad is None else weight.grad.detach()
        return loss.detach()

    def _move(self, weight: Tensor, slope: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> None:
        momentum = state["m"].lerp_(slope, 1 - group["beta1"])
        ratio = momentum / (group["gamma"] * state["h"]).clamp_(min=group["eps"])
        weight.mul_(1 - group["lr"] * group["weight_decay"])
        weight.add_(ratio.clamp_(-1, 1), alpha=-group["lr"])


def hessian_products(
    slopes: Sequence[Tensor], weights: Sequence[Tensor], vectors: Sequence[Tensor]
) -> Sequence[Tensor]:
    """H·v for the Hessian H of which `slopes` are the gradient; zero where a weight has no curvature."""
    if not slopes:
        return []
    return torch.autograd.grad(slopes, weights, vectors, materialize_grads=True)


@contextmanager
def twice_differentiable() -> Iterator[None]:
    """Layers run their plain kernels: the fused ones of attention and recurrence have no second derivative."""
    with sdpa_kernel(SDPBackend.MATH), torch.backends.cudnn.flags(enabled=False):
        yield
