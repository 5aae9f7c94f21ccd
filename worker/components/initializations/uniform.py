"""Uniform initialization."""

from torch import Tensor, nn

from worker.contracts.families.initializations import Initialization


class Uniform(Initialization):
    """The default of torch's own layers, whatever the nonlinearity: values shrink to 1/√3 in every layer.

    Too small for deep networks without normalization; here for comparison.
    """

    formula = "W ~ U(−b, b), b = min(1, gain) / √inputs"
    reference = "LeCun, Bottou, Orr, Müller: Efficient BackProp (1998)"

    def fill(self, weight: Tensor, gain: float) -> None:
        bound = min(1.0, gain) / weight[0].numel() ** 0.5
        nn.init.uniform_(weight, -bound, bound)
