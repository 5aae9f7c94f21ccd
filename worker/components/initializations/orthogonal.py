"""Orthogonal initialization."""

from torch import Tensor, nn

from worker.contracts.families.initializations import Initialization


class Orthogonal(Initialization):
    """Weights that turn without stretching: rows, or columns where they are fewer, stand at right angles.

    A vector keeps its length when such a matrix multiplies it many times: the default start of recurrent layers.
    """

    formula = "W = gain · Q with Q Qᵀ = I, or QᵀQ = I where there are more outputs than inputs"
    reference = (
        "Saxe, McClelland, Ganguli: Exact solutions to the nonlinear dynamics of learning (2014), arXiv:1312.6120"
    )

    def fill(self, weight: Tensor, gain: float) -> None:
        nn.init.orthogonal_(weight, gain)
