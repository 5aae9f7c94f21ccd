"""L-BFGS."""

from collections.abc import Iterable

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.optimizers import Optimizer


class LBFGS(Optimizer):
    """Quasi-Newton steps on the whole training split: curvature is read off the last gradients.

    Each epoch is one step of several iterations, each with a line search that satisfies the strong Wolfe conditions. It
    measures one fixed function, so the whole split is used and dropout stands still within a step. Strong on small
    models and data; it keeps 2 × `history` copies of the weights.
    """

    formula = "θ ← θ + t·d, d = −H∇J, H from the last pairs sₖ = θₖ₊₁−θₖ, yₖ = ∇Jₖ₊₁−∇Jₖ; t by line search from α"
    reference = "Liu, Nocedal: On the limited memory BFGS method (1989), Mathematical Programming 45"
    closes = True
    whole = True

    lr: float = hyperparameter(
        1.0, gt=0, le=10, marks=Mark.LIVE, description="Step α that each line search tries first."
    )
    iterations: int = hyperparameter(
        20, ge=1, le=1000, description="Iterations in a step; each takes one gradient or a few."
    )
    history: int = hyperparameter(
        10, ge=1, le=100, description="Pairs of steps and gradients that the curvature is read from."
    )

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return AnyLayout(
            parameters,
            lr=self.lr,
            max_iter=self.iterations,
            max_eval=2 * self.iterations,  # torch's 5/4 leaves a single iteration no line search
            history_size=self.history,
            line_search_fn="strong_wolfe",
        )


class AnyLayout(torch.optim.LBFGS):
    """torch's L-BFGS asks for gradients that lie in memory row by row; convolutions' lie channels last."""

    def _gather_flat_grad(self) -> Tensor:
        return torch.cat(
            [torch.zeros_like(p).reshape(-1) if p.grad is None else p.grad.reshape(-1) for p in self._params]
        )
