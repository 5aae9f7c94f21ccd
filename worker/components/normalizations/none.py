"""No normalization."""

from torch import nn

from worker.contracts.families.normalizations import Normalization


class NoNormalization(Normalization):
    """Leaves values as the layer gives them."""

    formula = "y = x"
    reference = "LeCun, Bottou, Orr, Müller: Efficient BackProp (1998)"

    def build(self, channels: int, image: bool) -> nn.Module | None:
        return None
