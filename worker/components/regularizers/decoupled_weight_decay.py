"""Decoupled weight decay."""

from collections.abc import Sequence

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.regularizers import Regularizer


class DecoupledWeightDecay(Regularizer):
    """Shrinks every weight by the same share after each step, past the optimizer's moments, whatever the optimizer.

    `adamw` shrinks before its step; the two differ by a term in α². The rate is the schedule's of that step.
    """

    formula = "θ ← θ − α·λθ, after the optimizer's step"
    reference = "Loshchilov, Hutter: Decoupled Weight Decay Regularization (2019), arXiv:1711.05101"

    strength: float = hyperparameter(0.01, ge=0, le=10, marks=Mark.LIVE, description="Strength λ of the decay.")

    @torch.no_grad()
    def constrain(self, parameters: Sequence[Tensor], rate: float) -> None:
        kept = max(0.0, 1 - rate * self.strength)  # a product above 1 must not turn the weights' signs
        torch._foreach_mul_(list(parameters), kept)
