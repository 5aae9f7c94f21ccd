"""Preparations: the scaling of inputs before the model sees them."""

from abc import abstractmethod
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from worker.contracts.component import Component
from worker.data.tensors import Array, Scaling

BLOCK = 4096  # samples that are looked at together, so that no whole copy in float64 is ever made


class Preparation(
    Component,
    family="preparations",
    default="standardize",
    defaults={"tokens": "none", "image": "per_channel"},
):
    """Scaling of the inputs, fitted on the training split alone."""

    @abstractmethod
    def fit(self, train: Array) -> Scaling | None:
        """The scaling that `train` [n, …] calls for; None leaves the inputs as they are."""


def blocks(train: Array) -> Iterator[NDArray[np.float64]]:
    """The samples in float64, a block at a time."""
    return (train[start : start + BLOCK].astype(np.float64) for start in range(0, len(train), BLOCK))


def moments(train: Array, axis: tuple[int, ...]) -> Scaling:
    """Zero mean and unit deviation over `axis` of `train` [n, …]; what is constant becomes zero."""
    count = np.prod([train.shape[dimension] for dimension in axis])
    mean = sum(block.sum(axis=axis, keepdims=True) for block in blocks(train)) / count
    squares = sum(np.square(block - mean).sum(axis=axis, keepdims=True) for block in blocks(train))
    scale = np.sqrt(squares / count)
    scale[scale < 1e-12] = 1.0
    return Scaling(mean[0].astype(np.float32), scale[0].astype(np.float32))
