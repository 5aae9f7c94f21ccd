"""A small convolutional network."""

from collections import OrderedDict

from torch import nn

from backend.domain.catalog import Provision
from worker.components.models._layers import convolution, initialize
from worker.contracts.component import choice, hyperparameter
from worker.contracts.families.initializations import Initialization
from worker.contracts.families.models import Model
from worker.contracts.families.normalizations import Normalization


class CNN(Model):
    """Three convolution blocks of 32, 64 and 128 channels; a good first choice for small images.

    A block is a 3 × 3 convolution, normalization, ReLU and 2 × 2 max pooling; the mean over the remaining pixels goes
    into one linear layer, so images may have any size from 8 × 8 up. With batch normalization the convolutions have
    no bias. The output's weights begin small, with a gain of 0.1; biases begin at zero.
    """

    formula = "h ← pool(ReLU(norm(K ∗ h))) three times; z = W mean(h) + b"
    reference = "Simonyan, Zisserman: Very Deep Convolutional Networks (2015), arXiv:1409.1556"
    needs = ("image",)
    provides = ("float", "channels", Provision(trait="batch_norm", when={"norm": "batch"}))

    width: int = hyperparameter(
        32, ge=4, le=512, unit="channels", description="Channels of the first block; each further block doubles them."
    )
    norm: Normalization = choice(Normalization, description="Normalization after each convolution.")
    initialization: Initialization = choice(Initialization, description="Initial weights.")

    def build(self, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
        inputs = input_shape[0]
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        for number, width in enumerate((self.width, 2 * self.width, 4 * self.width), 1):
            layers |= convolution(number, inputs, width, 3, self.norm, padding=1)
            layers |= {f"activation{number}": nn.ReLU(), f"pool{number}": nn.MaxPool2d(2)}
            inputs = width
        layers |= {"mean": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten(), "output": nn.Linear(inputs, outputs)}
        return initialize(nn.Sequential(layers), self.initialization)
