"""Group normalization."""

import math

from torch import nn

from worker.contracts.component import hyperparameter
from worker.contracts.families.normalizations import Normalization


class Group(Normalization):
    """Each group of channels of each sample gets mean 0 and variance 1, then each channel a scale and a shift.

    Between layer normalization (one group) and one mean for each channel; as good with small batches as with large
    ones. Where the channels cannot be dealt out evenly the groups are fewer: as many as divide both numbers, and on
    rows of features so few that each has two of them, because a single number has no spread.
    """

    formula = "y = γ (x − μ) / √(σ² + ε) + β, with μ, σ² of a sample over the channels of a group and their pixels"
    reference = "Wu, He: Group Normalization (2018), arXiv:1803.08494"

    groups: int = hyperparameter(
        8, ge=1, le=64, unit="groups", description="Groups that the channels are dealt out to."
    )
    eps: float = hyperparameter(1e-5, ge=1e-8, le=0.1, description="Constant ε that is added to the variance.")

    def build(self, channels: int, image: bool) -> nn.Module:
        groups = math.gcd(self.groups, channels)
        if not image and groups == channels:
            groups = channels // 2 if channels % 2 == 0 else 1
        if not image and groups == 1:
            return nn.LayerNorm(channels, eps=self.eps)
        return nn.GroupNorm(groups, channels, eps=self.eps)
