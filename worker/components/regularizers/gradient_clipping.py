"""Gradient clipping."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor
from torch.nn import utils

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.regularizers import Regularizer


class GradientClipping(Regularizer):
    """Shortens gradients that are too long, penalties included, so that one bad batch cannot move the weights far.

    `norm` shortens the whole gradient and keeps its direction; `value` limits each entry by itself.
    """

    formula = "norm: g ← g · min(1, c/‖g‖₂); value: g ← max(−c, min(c, g))"
    reference = (
        "Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural networks (2013), arXiv:1211.5063"
    )

    by: Literal["norm", "value"] = hyperparameter(
        "norm", description="Limited quantity: the norm of the gradient, or each entry."
    )
    limit: float = hyperparameter(1.0, gt=0, le=1e6, marks=Mark.LIVE, description="Limit c.")

    def limit_gradients(self, parameters: Sequence[Tensor]) -> None:
        if self.by == "norm":
            utils.clip_grad_norm_(parameters, self.limit)
        else:
            utils.clip_grad_value_(parameters, self.limit)
