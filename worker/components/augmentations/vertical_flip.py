"""Vertical flip."""

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.augmentations import Augmentation, partly


class VerticalFlip(Augmentation):
    """Turns images upside down: for pictures without an upright, such as those from a microscope or from above."""

    formula = "x′[i, j] = x[H − 1 − i, j] with probability p"
    reference = "Shorten, Khoshgoftaar: A Survey on Image Data Augmentation for Deep Learning (2019), doi:10.1186/s40537-019-0197-0"

    p: float = hyperparameter(
        0.5, ge=0, le=1, marks=Mark.LIVE, description="Share of the images that are turned upside down."
    )

    def apply(self, images: Tensor, targets: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        return partly(images, images.flip(2), self.p, random), targets
