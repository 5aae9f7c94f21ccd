"""Preparations: the scaling of inputs before the model sees them."""

from abc import abstractmethod

from worker.contracts.component import Component
from worker.data.tensors import Array, Scaling


class Preparation(
    Component,
    family="preparations",
    default="standardize",
    defaults={"tokens": "none", "text": "none", "image": "per_channel"},
):
    """Scaling of the inputs, fitted on the training split alone."""

    @abstractmethod
    def fit(self, train: Array) -> Scaling | None:
        """The scaling that `train` [n, …] calls for; None leaves the inputs as they are."""
