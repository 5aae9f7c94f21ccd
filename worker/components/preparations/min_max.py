"""Scaling to the unit interval."""

import numpy as np

from worker.contracts.families.preparations import Preparation
from worker.data.tensors import Array, Scaling


class MinMax(Preparation):
    """Maps the range that each feature has in the training split to 0 … 1; of images, the range of all pixels.

    What lies outside that range in the other splits lands outside 0 … 1. A constant feature becomes zero.
    """

    formula = "xᵢ ← (xᵢ − min(xᵢ)) / (max(xᵢ) − min(xᵢ))"
    reference = "Han, Kamber, Pei: Data Mining, section 3.5.2 (2011)"
    needs = ("real",)

    def fit(self, train: Array) -> Scaling:
        axis = tuple(range(train.ndim)) if train.ndim > 2 else 0
        lowest = train.min(axis=axis, keepdims=True)[0].astype(np.float32)
        extent = train.max(axis=axis, keepdims=True)[0].astype(np.float32) - lowest
        return Scaling(lowest, np.where(extent > 0, extent, np.float32(1.0)))
