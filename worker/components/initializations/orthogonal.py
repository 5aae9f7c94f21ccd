"""Orthogonal initialization."""

from torch import Tensor, nn

from worker.contracts.families.initializations import Initialization


class Orthogonal(Initialization):
    """Weights that turn without stretching: rows, or columns where they are fewer, stand at right angles.

    What is multiplied by such a matrix many times keeps its length, which is why recurrent layers begin like this.
    """

    formula = "W = gain · Q with Q Qᵀ = I, or QᵀQ = I where there are more outputs than inputs"
    reference = (
        "Saxe, McClelland, Ganguli: Exact solutions to the nonlinear dynamics of learning (2014), arXiv:1312.6120"
    )

    def fill(self, weight: Tensor, gain: float) -> None:
        nn.init.orthogonal_(weight, gain)
