"""Tensors and their facts on the way from a dataset to the engine."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from worker.data.layout import Layout
from worker.data.sources import BLOCK, Source, at, blocks

Array = NDArray[Any]
Floats = NDArray[np.float32]
Task = Literal["classification", "regression", "language"]


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples as a dataset reads them.

    `source` [n, …]: pixels (uint8, or floats), features (floats), or token ids (int64), in memory or in a file.
    `targets`: class indices [n], numbers [n, k], or for each token the next one [n, length].
    `weights` [n], where given: how often each sample is drawn in training, relative to the others.
    The last `generated` samples were made up, not read.
    """

    source: Source
    targets: Array
    weights: NDArray[np.float64] | None = None
    generated: int = 0

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def inputs(self) -> Array:
        """The inputs as an array: read whole, where they lie in a file. `blocks` reads them part by part."""
        return np.asarray(self.source)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample's inputs."""
        return tuple(self.source.shape[1:])

    def blocks(self, most: int = BLOCK) -> Iterator[Array]:
        """The inputs in order, at most `most` samples at a time, and fewer of large ones."""
        return blocks(self.source, most)

    def take(self, rows: Array) -> "Samples":
        """Those samples, in that order. Their inputs are not copied."""
        weights = None if self.weights is None else self.weights[rows]
        return Samples(at(self.source, rows), self.targets[rows], weights)

    def read(self) -> "Samples":
        """The samples that were not made up."""
        count = len(self) - self.generated
        return Samples(at(self.source, slice(count)), self.targets[:count])


@dataclass(frozen=True, eq=False)
class Corpus:
    """Three disjoint splits, not yet prepared. `outputs` is the number of classes, of numbers of a target, or of tokens."""

    train: Samples
    validation: Samples
    test: Samples
    task: Task
    outputs: int
    names: tuple[str, ...] = ()  # of the classes or tokens, where they have names
    white: float = 255.0  # the value of a pixel that is fully lit, for images,
    black: float = 0.0  # and of one that is not lit
    vocabulary: tuple[str, ...] = ()  # the word of each token id, for texts that have classes or numbers
    layout: Layout = field(default_factory=Layout)  # in which samples are sent

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample: [channels, height, width], [features] or [length]."""
        return self.train.shape

    @property
    def pixels(self) -> "Scaling":
        """Scales images to 0 black … 1 white."""
        return Scaling(np.full(1, self.black), np.full(1, self.white - self.black))


@dataclass(frozen=True, eq=False)
class Scaling:
    """x ↦ (x − mean) / scale, per feature, per channel or for all at once; what has a scale of infinity becomes zero.

    Computed in float64: in float32 the seconds since 1970 are whole minutes, so that nothing would be left to scale.
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    def __call__(self, inputs: Source) -> Floats:
        """The scaled inputs [n, …], a fresh array."""
        scaled = np.empty(inputs.shape, np.float32)
        start = 0
        for block in blocks(inputs):
            scaled[start : (start := start + len(block))] = (block - self.mean) / self.scale
        return scaled

    def on(self, device: str) -> tuple[Tensor, Tensor]:
        return torch.from_numpy(self.mean).to(device), torch.from_numpy(self.scale).to(device)


@dataclass(frozen=True, eq=False)
class Split:
    """Samples of one purpose, prepared and resident on the device.

    `inputs` [n, …] float32, or int64 token ids; `targets` [n] classes, [n, k] float32 numbers, [n, length] tokens.
    """

    inputs: Tensor
    targets: Tensor
    weights: Tensor | None = None  # [n] on the CPU: how often each sample is drawn, relative to the others
    numbers: Tensor | None = None  # [n, k] float64: targets that are numbers as they were read, to compare with

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample's inputs."""
        return tuple(self.inputs.shape[1:])

    @property
    def dtype(self) -> torch.dtype:
        """Type of the inputs as a model takes them."""
        return self.inputs.dtype

    def pick(self, index: Tensor) -> "Split":
        """The samples at `index` [batch], which may lie on any device, as a split of their own."""
        index = index.to(self.targets.device)
        return Split(self.inputs.index_select(0, index), self.targets.index_select(0, index))

    def fetch(self, indices: Iterable[Tensor]) -> Generator["Split", None, None]:
        """`pick` of each in turn; where that takes long, the next ones are on their way before they are asked for."""
        yield from map(self.pick, indices)

    def prepared(self) -> tuple[Tensor, Tensor]:
        """All inputs as a model takes them, and their targets."""
        return self.inputs, self.targets

    def lit(self) -> tuple[Tensor, Tensor]:
        """As `prepared`, but images as they were read: 0 black … 1 white."""
        raise ValueError("this data was stored for training without augmentations")

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """The samples at `index` [batch], prepared."""
        return self.pick(index).prepared()

    def pixels(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """As `batch`, but images as they were read: 0 black … 1 white."""
        return self.pick(index).lit()

    def batches(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """All samples in order, prepared."""
        yield from zip(torch.split(self.inputs, size), torch.split(self.targets, size), strict=True)

    def prepare(self, pixels: Tensor) -> Tensor:
        """Prepares these `pixels` [batch, channels, height, width] as `batch` would have done."""
        raise ValueError("this data was stored for training without augmentations")

    def to(self, device: str) -> "Split":
        return replace(self, inputs=self.inputs.to(device), targets=self.targets.to(device))


@dataclass(frozen=True, eq=False)
class Data:
    """Three disjoint splits; preparation was fitted on the training split alone."""

    train: Split
    validation: Split
    test: Split
    outputs: int
    task: Task = "classification"
    names: tuple[str, ...] = ()
    unit: tuple[float, ...] = ()
    """Regression: what 1 in each of the prepared targets is in the numbers that were read,"""
    zero: tuple[float, ...] = ()
    """and what 0 is."""
    shown: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """Summaries of the data for a run's page, by kind, as plain JSON."""
    read: Corpus | None = None
    """The splits as they were read,"""
    scaling: Scaling | None = None
    """and the scaling of their inputs; without one they are learnt as they are."""
    vocabulary: tuple[str, ...] = ()
    """The word of each token id, for texts that have classes or numbers."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample: [channels, height, width], [features] or [length]."""
        return self.test.shape

    @property
    def input_dtype(self) -> torch.dtype:
        return self.test.dtype
