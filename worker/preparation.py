"""What datasets share on the way from raw arrays to prepared splits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from worker.data import Data, Split

Array = NDArray[Any]
BLOCK = 4096  # samples
Labelled = tuple[Array, Array]
Fit = Callable[[NDArray[np.float32]], "Scaling"]


def generator(seed: int, purpose: str) -> np.random.Generator:
    """Randomness that is a pure function of the seed and of what it is for."""
    return np.random.default_rng([seed, *purpose.encode()])


@dataclass(frozen=True)
class Scaling:
    """x ↦ (x − mean) / scale, per feature or per channel."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]

    def __call__(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        scaled = inputs - self.mean
        scaled /= self.scale
        return scaled


def per_feature(train: NDArray[np.float32]) -> Scaling:
    """Zero mean and unit deviation of each column of `train` [n, features]; a constant column becomes zero."""
    return _fit(train, axis=(0,))


def per_channel(train: NDArray[np.float32]) -> Scaling:
    """Zero mean and unit deviation of each channel of `train` [n, channels, height, width]."""
    return _fit(train, axis=(0, 2, 3))


def _fit(train: NDArray[np.float32], axis: tuple[int, ...]) -> Scaling:
    mean = train.mean(axis=axis, keepdims=True, dtype=np.float64)
    blocks = (
        train[start : start + BLOCK] - mean for start in range(0, len(train), BLOCK)
    )  # float64, never all at once
    squares = sum(np.square(block).sum(axis=axis, keepdims=True) for block in blocks)
    scale = np.sqrt(squares / (train.size // mean.size))
    scale[scale < 1e-12] = 1.0
    return Scaling(mean[0].astype(np.float32), scale[0].astype(np.float32))


def draw(targets: Array, count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """`count` distinct positions, ascending; each class has its share of them, to within one sample.

    Systematic sampling: shuffle, line up by class, take every (n / count)-th.
    """
    shuffled = random.permutation(len(targets))
    lined_up = shuffled[np.argsort(targets[shuffled], kind="stable")]
    picked = (2 * np.arange(count, dtype=np.int64) + 1) * len(targets) // (2 * count)
    return np.sort(lined_up[picked])


def part(targets: Array, counts: tuple[int, ...], seed: int) -> list[NDArray[np.int64]]:
    """Disjoint, stratified positions: first all that is left over, then `counts` of each further part."""
    random, left = generator(seed, "split"), np.arange(len(targets))
    drawn = []
    for count in counts:
        picked = draw(targets[left], count, random)
        drawn.append(left[picked])
        left = np.delete(left, picked)
    return [left, *drawn]


def prepared(train: Labelled, validation: Labelled, test: Labelled, classes: int, fit: Fit) -> Data:
    """Three (inputs, targets) as splits, scaled by what `fit` learns from the training inputs alone."""
    highest = max(int(targets.max()) for _, targets in (train, validation, test))
    if highest >= classes:
        raise ValueError(f"A label says class {highest}, but there are {classes} classes, counted from 0.")
    scaling = fit(train[0].astype(np.float32))
    return Data(_split(train, scaling), _split(validation, scaling), _split(test, scaling), classes)


def _split(labelled: Labelled, scaling: Scaling) -> Split:
    inputs, targets = labelled
    return Split(torch.from_numpy(scaling(inputs.astype(np.float32))), torch.from_numpy(targets.astype(np.int64)))


def split_and_prepare(inputs: Array, targets: Array, classes: int, seed: int, fit: Fit) -> Data:
    """One body of data as 80 % training, 10 % validation and 10 % test, prepared."""
    tenth = len(targets) // 10
    train, validation, test = part(targets, (tenth, tenth), seed)
    return prepared(
        (inputs[train], targets[train]),
        (inputs[validation], targets[validation]),
        (inputs[test], targets[test]),
        classes,
        fit,
    )
