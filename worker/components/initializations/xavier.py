"""Xavier initialization."""

from typing import Literal

from torch import Tensor, nn

from worker.contracts.component import hyperparameter
from worker.contracts.families.initializations import Initialization


class Xavier(Initialization):
    """Keeps the variance of values forward and of gradients backward, as a mean of both; usual with tanh."""

    formula = "W ~ N(0, 2 gain² / (inputs + outputs)), or uniform with the same variance"
    reference = "Glorot, Bengio: Understanding the difficulty of training deep feedforward neural networks (2010)"

    distribution: Literal["normal", "uniform"] = hyperparameter("uniform", description="Distribution of the weights.")

    def fill(self, weight: Tensor, gain: float) -> None:
        if self.distribution == "normal":
            nn.init.xavier_normal_(weight, gain)
        else:
            nn.init.xavier_uniform_(weight, gain)
