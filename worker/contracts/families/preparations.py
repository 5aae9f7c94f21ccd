"""Preparations: the scaling of inputs before the model sees them."""

from abc import abstractmethod

from worker.contracts.component import Component
from worker.data.sources import Source
from worker.data.tensors import Scaling


class Preparation(
    Component,
    family="preparations",
    default="standardize",
    defaults={"tokens": "none", "text": "none", "image": "per_channel"},
):
    """Scaling of the inputs, fitted on the training split alone."""

    @abstractmethod
    def fit(self, train: Source) -> Scaling | None:
        """The scaling that `train` [n, …] calls for; None leaves the inputs as they are.

        `train` is an array, or reads rows from a file when they are asked for: a slice of it is an array, and
        `worker.data.sources.blocks` goes through all of it without a whole copy.
        """
