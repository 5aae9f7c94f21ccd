"""LeNet-5 as distributed with Caffe."""

from collections import OrderedDict

from torch import nn

from backend.domain.catalog import Provision
from worker.components.models._layers import convolution, initialize
from worker.contracts.component import choice
from worker.contracts.families.initializations import Initialization
from worker.contracts.families.models import Model
from worker.contracts.families.normalizations import Normalization


class LeNet5(Model):
    """LeNet-5 as the compression literature uses it: 20 and 50 channels, 500 neurons, 431,080 parameters.

    This is Caffe's version, the reference of Deep Compression (Han et al. 2016), not LeCun's of 61,706: two 5 × 5
    convolutions, each followed by max pooling alone, then two linear layers with the only ReLU between them. With
    batch normalization the convolutions have no bias. The output's weights begin small, with a gain of 0.1; biases
    begin at zero.
    """

    formula = "z = W₂ ReLU(W₁ pool(K₂ ∗ pool(K₁ ∗ x)))"
    reference = "LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition (1998)"
    needs = ("image_28",)
    provides = ("float", "channels", "neurons", Provision(trait="batch_norm", when={"norm": "batch"}))

    norm: Normalization = choice(Normalization, kind="none", description="Normalization after each convolution.")
    initialization: Initialization = choice(Initialization, description="Initial weights.")

    def build(self, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
        channels, height, width = input_shape
        pixels = _left(height) * _left(width)
        return initialize(
            nn.Sequential(
                OrderedDict(
                    **convolution(1, channels, 20, 5, self.norm),
                    pool1=nn.MaxPool2d(2),
                    **convolution(2, 20, 50, 5, self.norm),
                    pool2=nn.MaxPool2d(2),
                    flatten=nn.Flatten(),
                    linear1=nn.Linear(50 * pixels, 500),
                    activation1=nn.ReLU(),
                    output=nn.Linear(500, outputs),
                )
            ),
            self.initialization,
        )


def _left(pixels: int) -> int:
    """Pixels on a side after two rounds of a 5 × 5 convolution and 2 × 2 pooling."""
    return ((pixels - 4) // 2 - 4) // 2
