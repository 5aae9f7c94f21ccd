"""A batch of the training split, changed at random."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from worker.contracts.families.augmentations import Augmentation
from worker.data.tensors import Data


def augment(data: Data, index: Tensor, augmentations: Sequence[Augmentation], number: int) -> tuple[Tensor, Tensor]:
    """The batch of the training samples at `index`, changed; the same `number` gives the same pixels."""
    images, targets = transform(*data.train.pixels(index), data.outputs, augmentations, number)
    return data.train.prepare(images), targets


def transform(
    images: Tensor, targets: Tensor, outputs: int, augmentations: Sequence[Augmentation], number: int
) -> tuple[Tensor, Tensor]:
    """Images of 0 … 1 after all augmentations; classes become shares of `outputs` classes when one of them mixes."""
    random = torch.Generator(images.device).manual_seed(number)
    if targets.ndim == 1 and any(augmentation.mixes for augmentation in augmentations):
        targets = nn.functional.one_hot(targets, outputs).float()
    for augmentation in augmentations:
        images, targets = augmentation.apply(images, targets, random)
    return images, targets
