"""CutMix."""

from typing import ClassVar

import torch
from torch import Tensor

from worker.components.augmentations._geometry import within
from worker.components.augmentations._mixing import beta, mix
from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.augmentations import Augmentation, some, uniform


class CutMix(Augmentation):
    """Pastes a rectangle of another image of the batch into each, and mixes their targets by area.

    A rectangle that crosses the border is cut off there, and λ is what is really left of the first image. The batch
    comes in random order, so the sample before it is a random partner. Training accuracy counts the class with the
    larger share.
    """

    formula = "x′ = M ⊙ x₁ + (1 − M) ⊙ x₂, y′ = λy₁ + (1 − λ)y₂, λ = mean(M), box of area 1 − Beta(α, α)"
    reference = "Yun et al.: CutMix: Regularization Strategy to Train Strong Classifiers (2019), arXiv:1905.04899"
    mixes: ClassVar[bool] = True

    alpha: float = hyperparameter(
        1.0,
        ge=0.01,
        le=10,
        marks=Mark.LIVE,
        description="Parameter α of the area's distribution: 1 makes all equally likely.",
    )
    p: float = hyperparameter(1.0, ge=0, le=1, marks=Mark.LIVE, description="Share of the images that get a rectangle.")

    def apply(self, images: Tensor, targets: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        kept = ~(self._boxes(images, random) & some(images, self.p, random))
        share = kept.mean((2, 3), dtype=torch.float32)
        return torch.where(kept, images, images.roll(1, 0)), mix(targets, share)

    def _boxes(self, images: Tensor, random: torch.Generator) -> Tensor:
        """One rectangle for each image, true inside [batch, 1, height, width]."""
        side = (1 - beta(images, self.alpha, random)[:, 0, 0, 0]).sqrt()
        centre = uniform(images, random, 2)
        inside = []
        for axis, length in enumerate(images.shape[2:]):
            extent = (side * length).round()
            first = (centre[:, axis] * length - extent / 2).round()
            inside.append(within(first, first + extent, length))
        return (inside[0][:, :, None] & inside[1][:, None, :])[:, None]
