"""Samples mixed with their neighbours in the batch."""

import torch
from torch import Tensor


def beta(images: Tensor, alpha: float, random: torch.Generator) -> Tensor:
    """A share from Beta(α, α) for each image [batch, 1, 1, 1], on its device."""
    concentration = torch.full((len(images), 1, 1, 2), alpha, device=images.device)
    return torch._sample_dirichlet(concentration, generator=random)[..., :1]


def mix(samples: Tensor, share: Tensor) -> Tensor:
    """`share` of each sample [batch, …] and the rest of the one before it; the first takes from the last."""
    return torch.lerp(samples.roll(1, 0), samples, share)
