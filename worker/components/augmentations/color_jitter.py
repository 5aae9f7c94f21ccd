"""Colour jitter."""

from functools import lru_cache
from math import pi

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.augmentations import Augmentation, uniform

YIQ = ((0.299, 0.587, 0.114), (0.596, -0.274, -0.322), (0.211, -0.523, 0.312))  # luma, and a plane of hues


class ColorJitter(Augmentation):
    """Changes brightness, contrast, saturation and hue of each image, as light and cameras do.

    Each image gets its own factors, from 1 − strength to 1 + strength, and its own turn of the hues in the plane of
    equal luma. The four are one linear map of the colours, cut off at 0 and 1 once at its end. Images that have not
    three channels have no colours: there saturation and hue change nothing, and luma is the mean of the channels.
    """

    formula = "x′ = clamp(b·(c·H(φ)·S(s)·x + (1 − c)·mean(luma)), 0, 1), S = s·I + (1 − s)·1·lumaᵀ"
    reference = "Howard: Some Improvements on Deep CNN Based Image Classification (2013), arXiv:1312.5402; Haeberli: Matrix Operations for Image Processing (1993)"

    brightness: float = hyperparameter(
        0.2, ge=0, le=1, marks=Mark.LIVE, description="Strength of the change in brightness b."
    )
    contrast: float = hyperparameter(
        0.2, ge=0, le=1, marks=Mark.LIVE, description="Strength of the change in contrast c."
    )
    saturation: float = hyperparameter(
        0.2, ge=0, le=1, marks=Mark.LIVE, description="Strength of the change in saturation s."
    )
    hue: float = hyperparameter(
        0.05,
        ge=0,
        le=0.5,
        unit="turns",
        marks=Mark.LIVE,
        description="Largest turn φ of the hues; 0.5 reaches all of them.",
    )

    def apply(self, images: Tensor, targets: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        strengths = (self.brightness, self.contrast, self.saturation, self.hue)
        spread = 2 * uniform(images, random, 4, 1, 1) - 1
        brightness, contrast, saturation, hue = (spread[:, i] * strength for i, strength in enumerate(strengths))
        return self.adjust(images, 1 + brightness, 1 + contrast, 1 + saturation, 2 * pi * hue), targets

    @staticmethod
    def adjust(images: Tensor, brightness: Tensor, contrast: Tensor, saturation: Tensor, hue: Tensor) -> Tensor:
        """The images with factors and a turn in radians for each, [batch, 1, 1]."""
        pixels = images.flatten(2)  # [batch, channels, pixels]
        if images.shape[1] == 3:
            luma, first, second = _planes(images.device)
            mean = luma[:1] @ pixels.mean(2, keepdim=True)  # luma's rows are all alike
            turn = luma + saturation * (hue.cos() * first + hue.sin() * second)
            changed = torch.baddbmm((1 - contrast) * brightness * mean, contrast * brightness * turn, pixels)
        else:
            mean = pixels.mean((1, 2), keepdim=True)
            changed = torch.addcmul((1 - contrast) * brightness * mean, pixels, contrast * brightness)
        return changed.clamp_(0, 1).view_as(images)


@lru_cache(maxsize=8)
def _planes(device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Matrices of a colour's luma as a grey, its part in the plane of hues, and that part turned by 90° [3, 3] each.

    Kept for each device, since bringing them there in every batch would wait for it.
    """
    there = torch.tensor(YIQ, dtype=torch.float64)
    back = torch.linalg.inv(there)
    quarter = torch.stack([0 * there[0], -there[2], there[1]])
    luma, first, second = back[:, :1] @ there[:1], back[:, 1:] @ there[1:], back @ quarter
    return luma.float().to(device), first.float().to(device), second.float().to(device)
