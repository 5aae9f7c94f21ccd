"""Averages: a stage ends with the mean of the weights over its last steps instead of those of the last step."""

from abc import abstractmethod
from typing import ClassVar

from worker.contracts.component import Component


class Average(Component, family="averages"):
    """Averaging of the weights over a stage's steps, into the model that it leaves."""

    recalibrates: ClassVar[bool] = False
    """True when the statistics of batch normalization are computed again at the end, in one pass over the training split."""

    @abstractmethod
    def share(self, step: int, total: int, taken: int) -> float:
        """Share of the weights after `step` (1 … `total`) in the mean: mean ← mean + share · (θ − mean).

        `taken` counts the steps that went into the mean before; 0 leaves the mean as it is, 1 begins it again.
        A pure function.
        """
