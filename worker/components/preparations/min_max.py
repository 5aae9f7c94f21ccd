"""Scaling to the unit interval."""

import numpy as np

from worker.contracts.families.preparations import Preparation
from worker.data.scaling import scaling
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
        lowest, highest = (edge(axis=axis, keepdims=True)[0].astype(np.float64) for edge in (train.min, train.max))
        return scaling(lowest, highest - lowest, np.maximum(np.abs(lowest), np.abs(highest)))
