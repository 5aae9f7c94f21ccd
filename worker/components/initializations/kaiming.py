"""Kaiming initialization."""

from typing import Literal

from torch import Tensor, nn

from worker.contracts.component import hyperparameter
from worker.contracts.families.initializations import Initialization


class Kaiming(Initialization):
    """Keeps the variance of values on their way forward: the default choice with ReLU."""

    formula = "W ~ N(0, gain² / inputs), or uniform with the same variance"
    reference = "He, Zhang, Ren, Sun: Delving Deep into Rectifiers (2015), arXiv:1502.01852"

    distribution: Literal["normal", "uniform"] = hyperparameter("normal", description="Distribution of the weights.")

    def fill(self, weight: Tensor, gain: float) -> None:
        deviation = gain / weight[0].numel() ** 0.5
        if self.distribution == "normal":
            nn.init.normal_(weight, std=deviation)
        else:
            nn.init.uniform_(weight, -(3**0.5) * deviation, 3**0.5 * deviation)
