"""Rotation."""

from math import pi

import torch
from torch import Tensor

from worker.components.augmentations._geometry import axis, resample
from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.augmentations import Augmentation, partly, uniform


class Rotation(Augmentation):
    """Turns images about their centre by a random angle; corners that come from outside are black.

    Pixels are interpolated bilinearly, so that values stay between 0 and 1.
    """

    formula = "x′(u) = x(R(φ)·u), u from the centre, φ ~ U(−degrees, degrees)"
    reference = "Simard, Steinkraus, Platt: Best Practices for Convolutional Neural Networks (2003), doi:10.1109/ICDAR.2003.1227801"

    degrees: float = hyperparameter(
        15.0, ge=0, le=180, unit="degrees", marks=Mark.LIVE, description="Largest angle, in either direction."
    )
    p: float = hyperparameter(1.0, ge=0, le=1, marks=Mark.LIVE, description="Share of the images that are turned.")

    def apply(self, images: Tensor, targets: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        angles = (2 * uniform(images, random) - 1) * (self.degrees * pi / 180)
        return partly(images, self.rotate(images, angles), self.p, random), targets

    @staticmethod
    def rotate(images: Tensor, angles: Tensor) -> Tensor:
        """The images turned counter-clockwise by `angles` [batch], radians."""
        height, width = images.shape[2:]
        below, right = axis(height, images.device)[:, None], axis(width, images.device)
        cosine, sine = angles.cos()[:, None, None], angles.sin()[:, None, None]
        rows = cosine * below, sine * (width / height) * right
        columns = cosine * right, -sine * (height / width) * below
        return resample(images, rows, columns)
