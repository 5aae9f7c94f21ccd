"""Horizontal flip."""

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.augmentations import Augmentation, partly


class HorizontalFlip(Augmentation):
    """Mirrors images left to right: good wherever a thing and its mirror image are the same, wrong for texts and digits."""

    formula = "x′[i, j] = x[i, W − 1 − j] with probability p"
    reference = "Krizhevsky, Sutskever, Hinton: ImageNet Classification with Deep Convolutional Networks (2012)"

    p: float = hyperparameter(0.5, ge=0, le=1, marks=Mark.LIVE, description="Share of the images that are mirrored.")

    def apply(self, images: Tensor, targets: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        return partly(images, images.flip(3), self.p, random), targets
