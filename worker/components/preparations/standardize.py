"""Standardization of each feature."""

from worker.contracts.families.preparations import Preparation
from worker.data.scaling import moments
from worker.data.sources import Source
from worker.data.tensors import Scaling


class Standardize(Preparation):
    """Zero mean and unit deviation of each feature over the training split; of images, of each pixel.

    A feature that is constant in the training split becomes zero.
    """

    formula = "xᵢ ← (xᵢ − mean(xᵢ)) / std(xᵢ)"
    reference = "LeCun, Bottou, Orr, Müller: Efficient BackProp, section 4.3 (1998)"
    needs = ("real",)

    def fit(self, train: Source) -> Scaling:
        return moments(train, axis=(0,))
