"""Standardization of each channel."""

from worker.contracts.families.preparations import Preparation
from worker.data.scaling import moments
from worker.data.sources import Source
from worker.data.tensors import Scaling


class PerChannel(Preparation):
    """Zero mean and unit deviation of each channel over all pixels of the training split; the default choice for images."""

    formula = "x_c ← (x_c − mean(x_c)) / std(x_c) for each channel c"
    reference = "Krizhevsky, Sutskever, Hinton: ImageNet Classification with Deep Convolutional Networks (2012)"
    needs = ("image",)

    def fit(self, train: Source) -> Scaling:
        return moments(train, axis=(0, 2, 3))
