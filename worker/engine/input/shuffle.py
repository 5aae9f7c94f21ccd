"""Order of the training samples in an epoch."""

import torch
from torch import Tensor

from worker.data.tensors import Split


def order(train: Split, random: torch.Generator) -> Tensor:
    """Places of samples [n] on their device: each once, or, where they have weights, drawn by them with repeats."""
    if train.weights is None:
        places = torch.randperm(len(train), generator=random)
    else:
        places = torch.multinomial(train.weights, len(train), replacement=True, generator=random)
    return places.to(train.targets.device)
