"""Random crop."""

import torch
from torch import Tensor
from torch.nn import functional

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.augmentations import Augmentation


class RandomCrop(Augmentation):
    """Cuts a piece of the images' own size out of their black-padded selves: each is shifted by a few pixels.

    Every shift of −padding … padding rows and columns is equally likely.
    """

    formula = "x′[i, j] = x[i + a, j + b], a, b ~ U{−padding … padding}"
    reference = "He et al.: Deep Residual Learning for Image Recognition, section 4.2 (2016), arXiv:1512.03385"

    padding: int = hyperparameter(
        2,
        ge=0,
        le=32,
        unit="pixels",
        marks=Mark.LIVE,
        description="Black pixels on each side before a piece is cut out.",
    )

    def apply(self, images: Tensor, targets: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        batch, _, height, width = images.shape
        top, left = torch.randint(2 * self.padding + 1, (2, batch), generator=random, device=images.device)
        pieces = functional.pad(images, [self.padding] * 4).unfold(2, height, 1).unfold(3, width, 1)
        return pieces[torch.arange(batch, device=images.device), :, top, left], targets
