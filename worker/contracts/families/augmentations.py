"""Augmentations: each batch of images changed at random, on the device."""

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from worker.contracts.component import Component


class Augmentation(Component, family="augmentations"):
    """Random changes of training images, so that what does not matter is not learnt."""

    needs = ("image",)
    mixes: ClassVar[bool] = False
    """True when it mixes samples and their targets."""

    @abstractmethod
    def apply(self, images: Tensor, targets: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Change a batch: images float32 [batch, channels, height, width] of 0 black … 1 white, in the same shape.

        `targets` are passed through by one that does not mix; one that mixes is given shares of the classes (or
        numbers) [batch, outputs] and mixes them as it mixes the images. All randomness comes from `random`, which
        lies on the images' device. What has no source pixel becomes black. Never changes its arguments in place,
        and never waits for the device: no number of a batch is read back.
        """


def uniform(images: Tensor, random: torch.Generator, *shape: int) -> Tensor:
    """Numbers from [0, 1) for each image [batch, …shape], on its device."""
    return torch.rand(len(images), *shape, generator=random, device=images.device)


def some(images: Tensor, p: float, random: torch.Generator) -> Tensor:
    """Marks the images that are changed, each with probability `p`: true or false in [batch, 1, 1, 1]."""
    return uniform(images, random, 1, 1, 1) < p


def partly(images: Tensor, changed: Tensor, p: float, random: torch.Generator) -> Tensor:
    """Replaces each image by its `changed` version with probability `p`."""
    return changed if p == 1 else torch.where(some(images, p, random), changed, images)
