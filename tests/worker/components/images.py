"""Images for the tests of augmentations."""

from typing import Any

import torch
from torch import Tensor

from tests.worker.components.registry import make
from worker.contracts.families.augmentations import Augmentation


def seeded(number: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def batch(*shape: int, classes: int = 4) -> tuple[Tensor, Tensor]:
    """Images with every value from 0 to 1, and shares of classes."""
    images = torch.rand(shape, generator=seeded(7))
    images.view(-1)[:2] = torch.tensor([0.0, 1.0])
    return images, torch.eye(classes)[torch.arange(shape[0]) % classes]


def applied(kind: str, images: Tensor, targets: Tensor | None = None, seed: int = 0, **fields: Any) -> Tensor:
    augmentation = make("augmentations", kind, **fields)
    assert isinstance(augmentation, Augmentation)
    given = torch.zeros(len(images), 1) if targets is None else targets
    return augmentation.apply(images, given, seeded(seed))[0]
