"""LeNet-300-100."""

import math

from torch import nn

from backend.domain.catalog import Provision
from worker.components.models._layers import initialize, perceptron
from worker.contracts.component import choice
from worker.contracts.families.initializations import Initialization
from worker.contracts.families.models import Model
from worker.contracts.families.normalizations import Normalization


class LeNet300(Model):
    """LeNet-300-100, two hidden layers of 300 and 100 neurons: 266,610 parameters for 28 × 28 pixels and 10 classes.

    The fully connected reference of the compression literature (Deep Compression, Han et al. 2016), with ReLU. Other
    data than 28 × 28 pixels changes the first layer alone.
    """

    formula = "z = W₃ ReLU(W₂ ReLU(W₁ x + b₁) + b₂) + b₃"
    reference = "LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition (1998)"
    needs = ("real",)
    provides = ("float", "channels", "neurons", Provision(trait="batch_norm", when={"norm": "batch"}))

    norm: Normalization = choice(Normalization, kind="none", description="Normalization of both hidden layers.")
    initialization: Initialization = choice(Initialization, description="Initial weights.")

    def build(self, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
        module = perceptron(math.prod(input_shape), (300, 100), outputs, self.norm, "relu")
        return initialize(module, self.initialization)
