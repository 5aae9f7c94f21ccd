"""Batch normalization."""

from torch import nn

from worker.contracts.component import hyperparameter
from worker.contracts.families.normalizations import Normalization


class Batch(Normalization):
    """Each channel gets mean 0 and variance 1 over the batch, then a scale and a shift of its own.

    Evaluation takes running means instead, which are part of the weights and of every checkpoint; they are constants
    then, so the fold stage can merge them into the layer before. Of little use with batches of a few samples. The layer
    before has no bias: the mean would take it out again.
    """

    formula = "y = γ (x − μ) / √(σ² + ε) + β, with μ, σ² of a channel over the batch"
    reference = "Ioffe, Szegedy: Batch Normalization (2015), arXiv:1502.03167"
    replaces_bias = True

    eps: float = hyperparameter(1e-5, ge=1e-8, le=0.1, description="Constant ε that is added to the variance.")
    momentum: float = hyperparameter(
        0.1, gt=0, le=1, description="Weight of the newest batch in the running mean and variance of evaluation."
    )

    def build(self, channels: int, image: bool) -> nn.Module:
        kind = nn.BatchNorm2d if image else nn.BatchNorm1d
        return kind(channels, eps=self.eps, momentum=self.momentum)
