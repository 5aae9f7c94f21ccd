"""Data, drawn."""

import numpy as np
import torch
from torch import Tensor

from worker.contracts.drawing import Picture, bars, density, rounded
from worker.contracts.families.augmentations import Augmentation
from worker.contracts.families.datasets import Dataset
from worker.contracts.families.distributions import Distribution
from worker.contracts.families.preparations import Preparation


def dataset(dataset: Dataset) -> Picture | None:
    """Number of samples in each split."""
    counts = {name: dataset.facts[name] for name in ("train", "validation", "test") if name in dataset.facts}
    return {"bars": bars(counts)} if counts else None


def preparation(preparation: Preparation) -> Picture:
    """The distribution of a skewed feature before and after."""
    values = np.random.default_rng(0).gamma(2.0, 1.0, (4000, 1, 1, 1)).astype(np.float32)
    scaling = preparation.fit(values)
    after = values if scaling is None else scaling(values)
    before = density(values.ravel().astype(np.float64), -3, 8)
    return {"lines": [before | {"faint": True}, density(after.ravel().astype(np.float64), -3, 8)]}


def distribution(distribution: Distribution) -> Picture | None:
    """Frequency of each of three classes, of which one is common and one rare."""
    from worker.data.tensors import Corpus, Samples

    targets = np.repeat([0, 1, 2], [60, 25, 10])
    inputs = np.random.default_rng(0).normal(targets[:, None], 1, (len(targets), 4)).astype(np.float32)
    samples = Samples(inputs, targets)
    shaped = distribution.reshape(Corpus(samples, samples, samples, "classification", 3), 0)
    weights = np.ones(len(shaped)) if shaped.weights is None else shaped.weights * len(shaped) / shaped.weights.sum()
    return {"bars": bars({name: weights[shaped.targets == name].sum() for name in range(3)})}


def augmentation(augmentation: Augmentation) -> Picture:
    """A letter before, and three times after."""
    letters = torch.stack([_letter("F"), _letter("L")])[:, None].repeat(1, 1, 1, 1)
    targets = torch.eye(2) if augmentation.mixes else torch.arange(2)
    shown = [letters[0, 0]]
    for seed in range(3):
        changed, _ = augmentation.apply(letters, targets, torch.Generator().manual_seed(seed))
        shown.append(changed[0, 0])
    return {"cells": [[rounded(row) for row in one.clamp(0, 1)] for one in shown]}


def _letter(name: str) -> Tensor:
    image = torch.zeros(14, 14)
    image[2:12, 3:5] = 0.95
    if name == "F":
        image[2:4, 3:11] = 0.95
        image[6:8, 3:9] = 0.95
    else:
        image[10:12, 3:11] = 0.95
    return image
