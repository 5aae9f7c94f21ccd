"""Max-norm constraint."""

from collections.abc import Sequence

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.regularizers import Regularizer


class MaxNorm(Regularizer):
    """Keeps the incoming weights of each neuron or channel within a ball; rates may then be high without divergence.

    After each step every row of a weight matrix, or filter of a convolution, that is too long is scaled back to the limit.
    Biases and normalizations are left alone.
    """

    formula = "wᵢ ← wᵢ · min(1, c/‖wᵢ‖₂) for each neuron i"
    reference = "Srivastava et al.: Dropout, section 5.1 (2014), Journal of Machine Learning Research 15"

    limit: float = hyperparameter(
        3.0, gt=0, le=1e6, marks=Mark.LIVE, description="Longest norm c of a neuron's incoming weights."
    )

    @torch.no_grad()
    def constrain(self, parameters: Sequence[Tensor], rate: float) -> None:
        for parameter in parameters:
            if parameter.ndim > 1:
                parameter.renorm_(2, 0, self.limit)
