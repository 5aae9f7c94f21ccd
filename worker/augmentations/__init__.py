"""Augmentations: each batch of images changed at random, on the device."""

from typing import ClassVar

import torch
from torch import Tensor

from worker.component import Component


class Augmentation(Component, family="augmentations"):
    """How training images are changed at random, so that what does not matter is not learnt."""

    needs = ("image",)
    mixes: ClassVar[bool] = False
    """Whether it mixes samples, and with them their targets."""

    def apply(self, images: Tensor, targets: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Change a batch: images float32 [batch, channels, height, width] of 0 black … 1 white, in the same shape.

        `targets` are passed through by one that does not mix; one that mixes is given shares of the classes (or
        numbers) [batch, outputs] and mixes them as it mixes the images. All randomness comes from `random`, which
        lies on the images' device. What has no source pixel becomes black. Never changes its arguments in place.
        """
        raise NotImplementedError
