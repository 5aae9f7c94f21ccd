"""Cutout."""

import torch
from torch import Tensor

from worker.components.augmentations._geometry import within
from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.augmentations import Augmentation, some


class Cutout(Augmentation):
    """Blackens square holes, so that no single part of a picture is relied upon.

    Holes lie wholly inside the image (in the paper the border may cut them), so that each hides the same number of
    pixels; several may overlap.
    """

    formula = "x′ = x ⊙ (1 − M), M = 1 in `holes` squares of side size · min(H, W)"
    reference = (
        "DeVries, Taylor: Improved Regularization of Convolutional Neural Networks with Cutout (2017), arXiv:1708.04552"
    )

    size: float = hyperparameter(
        0.25, gt=0, le=1, marks=Mark.LIVE, description="Side of a hole as a share of the image's shorter side."
    )
    holes: int = hyperparameter(1, ge=1, le=16, unit="holes", marks=Mark.LIVE, description="Holes in each image.")
    p: float = hyperparameter(1.0, ge=0, le=1, marks=Mark.LIVE, description="Share of the images that get holes.")

    def apply(self, images: Tensor, targets: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        height, width = images.shape[2:]
        side = max(1, round(self.size * min(height, width)))
        shape = (len(images), self.holes)
        top = torch.randint(height - side + 1, shape, generator=random, device=images.device)
        left = torch.randint(width - side + 1, shape, generator=random, device=images.device)
        hidden = within(top, top + side, height)[..., :, None] & within(left, left + side, width)[..., None, :]
        return images * ~(hidden.any(1, keepdim=True) & some(images, self.p, random)), targets
