"""Noise."""

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.augmentations import Augmentation, some


class Noise(Augmentation):
    """Adds white noise to every pixel, as a poor sensor does; what leaves the range 0 … 1 is cut off."""

    formula = "x′ = clamp(x + σ·ε, 0, 1), ε ~ N(0, 1)"
    reference = (
        "Bishop: Training with Noise is Equivalent to Tikhonov Regularization (1995), doi:10.1162/neco.1995.7.1.108"
    )

    deviation: float = hyperparameter(
        0.05, ge=0, le=1, marks=Mark.LIVE, description="Deviation σ of the noise; 1 is the way from black to white."
    )
    p: float = hyperparameter(
        1.0, ge=0, le=1, marks=Mark.LIVE, description="Share of the images that noise is added to."
    )

    def apply(self, images: Tensor, targets: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        noise = torch.randn(images.shape, generator=random, device=images.device)
        strength = self.deviation * some(images, self.p, random)
        return torch.addcmul(images, noise, strength).clamp_(0, 1), targets
