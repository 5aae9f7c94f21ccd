"""A batch of the training split, changed at random."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from worker.contracts.families.augmentations import Augmentation
from worker.data.tensors import Split


def augment(batch: Split, outputs: int, augmentations: Sequence[Augmentation], number: int) -> tuple[Tensor, Tensor]:
    """The samples of `batch`, changed and prepared; the same `number` gives the same pixels."""
    images, targets = transform(*batch.lit(), outputs, augmentations, number)
    return batch.prepare(images), targets


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
