"""Elastic distortion."""

import torch
from torch import Tensor
from torch.nn import functional

from worker.components.augmentations._geometry import axis, resample
from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.augmentations import Augmentation, partly


class Elastic(Augmentation):
    """Bends images as if they were printed on rubber: each pixel moves a little, and its neighbours with it.

    The displacements are white noise that a Gaussian of deviation `smoothness` has blurred, rescaled so that each
    coordinate of each pixel moves by `strength` pixels (root mean square). Made for handwriting.
    """

    formula = "x′(u) = x(u + α·d(u)), d = G_σ ∗ ε / ‖G_σ‖, ε ~ N(0, 1)"
    reference = "Simard, Steinkraus, Platt: Best Practices for Convolutional Neural Networks (2003), doi:10.1109/ICDAR.2003.1227801"

    strength: float = hyperparameter(
        1.0, ge=0, le=32, unit="pixels", marks=Mark.LIVE, description="Deviation α of a pixel's move along each axis."
    )
    smoothness: float = hyperparameter(
        4.0,
        gt=0,
        le=64,
        unit="pixels",
        marks=Mark.LIVE,
        description="Deviation σ of the Gaussian that ties neighbours.",
    )
    p: float = hyperparameter(1.0, ge=0, le=1, marks=Mark.LIVE, description="Share of the images that are bent.")

    def apply(self, images: Tensor, targets: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        if not self.strength:
            return images, targets
        rows, columns = self._moves(images, random)
        height, width = images.shape[2:]
        bent = resample(images, (axis(height, images.device)[:, None], rows), (axis(width, images.device), columns))
        return partly(images, bent, self.p, random), targets

    def _moves(self, images: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Displacement of each pixel along the rows and the columns [batch, height, width], in half images."""
        batch, _, height, width = images.shape
        noise = torch.randn(height, 2 * batch * width, generator=random, device=images.device)
        moves = (self._blur(height, images.device) @ noise).view(-1, width) @ self._blur(width, images.device).T
        rows, columns = moves.view(height, 2, batch, width).permute(1, 2, 0, 3)
        return rows * (2 * self.strength / height), columns * (2 * self.strength / width)

    def _blur(self, length: int, device: torch.device) -> Tensor:
        """A Gaussian filter along one axis as a matrix; rows of length 1 keep white noise at variance 1."""
        places = torch.arange(length, device=device) / self.smoothness
        weights = torch.exp(-0.5 * (places[:, None] - places).square())
        return functional.normalize(weights, dim=1)
