"""MobileNet: depthwise separable convolutions."""

from collections.abc import Iterator

from torch import nn

from backend.domain.catalog import Provision
from worker.components.models._layers import convolution, initialize
from worker.contracts.component import choice, hyperparameter
from worker.contracts.families.initializations import Initialization
from worker.contracts.families.models import Model
from worker.contracts.families.normalizations import Normalization

FIRST = 32
BLOCKS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)  # channels that each block gives
HALVES = (1, 3, 5, 11)  # the blocks that halve the image, beside the first convolution, counted from 0
LEAST = 4  # pixels on a side, below which nothing is halved


class MobileNet(Model):
    """A filter for each channel alone, then a 1 × 1 convolution over channels: a ninth of a convolution's work.

    The thirteen blocks of MobileNet version 1, with 4,231,976 parameters for 224 × 224 pixels and 1000 classes at
    `multiplier: 1`. Of its five strides of 2 the last ones stay that leave at least 4 pixels on a side: one for 8 × 8,
    three for 28 × 28 and 32 × 32, all of them from 97 × 97 up.
    """

    formula = "h ← ReLU(norm(P · ReLU(norm(D ∗ h)))), D a 3 × 3 filter for each channel, P a matrix over channels"
    reference = (
        "Howard et al.: MobileNets: Efficient Convolutional Neural Networks for Mobile Vision (2017), arXiv:1704.04861"
    )
    needs = ("image",)
    provides = ("float", "channels", Provision(trait="batch_norm", when={"norm": "batch"}))

    multiplier: float = hyperparameter(
        0.25, ge=0.125, le=1, description="Share α of the paper's channels that each layer has."
    )
    norm: Normalization = choice(Normalization, description="Normalization after each convolution.")
    initialization: Initialization = choice(Initialization, description="Initial weights.")

    def build(self, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
        strides = list(_strides(min(input_shape[1:])))
        inputs = self._width(FIRST)
        layers = convolution(0, input_shape[0], inputs, 3, self.norm, padding=1, stride=strides[0])
        layers["activation0"] = nn.ReLU()
        for block, (width, stride) in enumerate(zip(map(self._width, BLOCKS), strides[1:], strict=True)):
            depthwise, pointwise = 2 * block + 1, 2 * block + 2
            layers |= convolution(depthwise, inputs, inputs, 3, self.norm, padding=1, stride=stride, groups=inputs)
            layers[f"activation{depthwise}"] = nn.ReLU()
            layers |= convolution(pointwise, inputs, width, 1, self.norm)
            layers[f"activation{pointwise}"] = nn.ReLU()
            inputs = width
        layers |= {"mean": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten(), "output": nn.Linear(inputs, outputs)}
        return initialize(nn.Sequential(layers), self.initialization)

    def _width(self, channels: int) -> int:
        return max(4, round(self.multiplier * channels))


def _strides(pixels: int) -> Iterator[int]:
    """The first convolution's stride and each block's, for images of `pixels` on their shorter side."""
    halvings = 0
    while (pixels := (pixels + 1) // 2) >= LEAST:
        halvings += 1
    places = [0, *(block + 1 for block in HALVES)]
    kept = places[-halvings:] if halvings else []
    yield from (2 if place in kept else 1 for place in range(len(BLOCKS) + 1))
