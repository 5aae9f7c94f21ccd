"""Scaling to the unit interval."""

import numpy as np

from worker.contracts.families.preparations import Preparation
from worker.data.scaling import extremes, scaling
from worker.data.sources import Source
from worker.data.tensors import Scaling


class MinMax(Preparation):
    """Maps the range that each feature has in the training split to 0 … 1; of images, the range of all pixels.

    What lies outside that range in the other splits lands outside 0 … 1. A constant feature becomes zero.
    """

    formula = "xᵢ ← (xᵢ − min(xᵢ)) / (max(xᵢ) − min(xᵢ))"
    reference = "Han, Kamber, Pei: Data Mining, section 3.5.2 (2011)"
    needs = ("real",)

    def fit(self, train: Source) -> Scaling:
        lowest, highest = (edge.astype(np.float64) for edge in extremes(train))
        if train.ndim > 2:
            lowest, highest = lowest.min(keepdims=True), highest.max(keepdims=True)
        return scaling(lowest, highest - lowest, np.maximum(np.abs(lowest), np.abs(highest)))
