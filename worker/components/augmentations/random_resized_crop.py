"""Random resized crop."""

import math

import torch
from torch import Tensor

from worker.components.augmentations._geometry import axis, resample
from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.augmentations import Augmentation, partly, uniform


class RandomResizedCrop(Augmentation):
    """Cuts a random box out of each image, of random area and shape, and resizes it to the images' own size.

    The box lies anywhere within the image with equal chance; a side that would be longer than the image's is as long.
    Pixels are interpolated bilinearly, and the outermost ones of the image are repeated beyond their centres.
    """

    formula = "x′ = resize(x[box]), area(box) ~ U(area, 1) · h · w, log(width / height) ~ U(−log ratio, log ratio)"
    reference = "Szegedy et al.: Going Deeper with Convolutions, section 6 (2015), arXiv:1409.4842"

    area: float = hyperparameter(
        0.5, gt=0, le=1, marks=Mark.LIVE, description="Smallest share of the image that a box covers; the largest is 1."
    )
    ratio: float = hyperparameter(
        4 / 3, ge=1, le=10, marks=Mark.LIVE, description="Most that a box is stretched, to the width or to the height."
    )

    p: float = hyperparameter(1.0, ge=0, le=1, marks=Mark.LIVE, description="Share of the images that are cut.")

    def apply(self, images: Tensor, targets: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        share, shape, down, right = uniform(images, random, 4).unbind(1)
        side = (self.area + (1 - self.area) * share).sqrt()
        stretch = (math.log(self.ratio) * (shape - 0.5)).exp()  # of the width, and as much the other way of the height
        height, width = (side / stretch).clamp(max=1), (side * stretch).clamp(max=1)
        cut = self.cut(images, (down * (1 - height), height), (right * (1 - width), width))
        return partly(images, cut, self.p, random), targets

    @staticmethod
    def cut(images: Tensor, rows: tuple[Tensor, Tensor], columns: tuple[Tensor, Tensor]) -> Tensor:
        """The boxes of these `rows` and `columns`: where each starts and how far it goes [batch], in shares of the image."""
        height, width = images.shape[2:]
        down, right = _places(*rows, height)[:, :, None], _places(*columns, width)[:, None, :]
        return resample(images, (down, images.new_zeros(width)), (right, images.new_zeros(height, 1)))


def _places(start: Tensor, extent: Tensor, length: int) -> Tensor:
    """Places [batch, length] that are spread over one side of the box, in the units of `axis`."""
    whole = axis(length, start.device)
    places = 2 * start[:, None] - 1 + extent[:, None] * (whole + 1)
    return places.clamp(1 / length - 1, 1 - 1 / length)
