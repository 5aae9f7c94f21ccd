"""Mixup."""

from typing import ClassVar

import torch
from torch import Tensor

from worker.components.augmentations._mixing import beta, mix
from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.augmentations import Augmentation, some


class Mixup(Augmentation):
    """Blends each image with another of the batch, and their targets in the same proportion.

    The batch comes in random order, so the sample before it is a random partner. Training accuracy counts the class
    with the larger share.
    """

    formula = "x′ = λx₁ + (1 − λ)x₂, y′ = λy₁ + (1 − λ)y₂, λ ~ Beta(α, α)"
    reference = "Zhang et al.: mixup: Beyond Empirical Risk Minimization (2018), arXiv:1710.09412"
    mixes: ClassVar[bool] = True

    alpha: float = hyperparameter(
        0.2,
        ge=0.01,
        le=10,
        marks=Mark.LIVE,
        description="Parameter α of λ's distribution: 1 makes all shares equally likely.",
    )
    p: float = hyperparameter(1.0, ge=0, le=1, marks=Mark.LIVE, description="Share of the images that are mixed.")

    def apply(self, images: Tensor, targets: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        share = torch.where(some(images, self.p, random), beta(images, self.alpha, random), 1.0)
        return mix(images, share), mix(targets, share[:, :, 0, 0])
