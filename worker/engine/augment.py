"""A batch of the training split, changed at random."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from worker.augmentations import Augmentation
from worker.data import Data


def augmented(data: Data, index: Tensor, augmentations: Sequence[Augmentation], number: int) -> tuple[Tensor, Tensor]:
    """The batch of the training samples at `index`, changed; the same `number` gives the same pixels."""
    images, targets = data.train.pixels(index)
    random = torch.Generator(images.device).manual_seed(number)
    if targets.ndim == 1 and any(augmentation.mixes for augmentation in augmentations):
        targets = nn.functional.one_hot(targets, data.outputs).float()
    for augmentation in augmentations:
        images, targets = augmentation.apply(images, targets, random)
    return data.train.prepare(images), targets
