"""Changes, prepares and stores a dataset's samples where the engine reads them fastest.

| tier   | where the training split lies                       | what a batch costs                             |
|--------|-----------------------------------------------------|------------------------------------------------|
| device | prepared floats on the device                       | a gather                                       |
| memory | as it was read (uint8 pixels take a quarter) in RAM | a gather, the way to the device, a scaling     |
| disk   | the same in a file that is mapped into memory       | the same, and a read of what is not cached yet |

All tiers give the same batches, bit for bit.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from time import perf_counter
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from worker.data.scaling import moments
from worker.data.tensors import Array, Corpus, Data, Samples, Scaling, Split

Tier = Literal["device", "memory", "disk"]
TIERS: tuple[Tier, ...] = ("device", "memory", "disk")
SHARE = 0.4  # of the free memory that one training split may take
TRIAL_SAMPLES, TRIAL_BATCH, TRIAL_SECONDS = 2048, 256, 0.015


@dataclass(frozen=True, eq=False)
class RawSplit(Split):
    """A split that is stored as it was read, anywhere, and prepared batch by batch on the device.

    `inputs` [n, …] may lie in memory or be mapped from a file; `targets` lie on the device.
    """

    scaling: tuple[Tensor, Tensor] | None = None  # mean and scale in float64, on the device
    black: float = 0.0
    white: float = 255.0

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        raw, targets = self._raw(index)
        return self._scaled(raw), targets

    def batches(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        for start in range(0, len(self), size):
            yield self.batch(torch.arange(start, min(start + size, len(self))))

    def pixels(self, index: Tensor) -> tuple[Tensor, Tensor]:
        raw, targets = self._raw(index)
        return ((raw.double() - self.black) / (self.white - self.black)).float(), targets

    def prepare(self, pixels: Tensor) -> Tensor:
        return self._scaled(pixels.double() * (self.white - self.black) + self.black)

    def _raw(self, index: Tensor) -> tuple[Tensor, Tensor]:
        device = self.targets.device
        inputs = self.inputs.index_select(0, index.to(self.inputs.device)).to(device, non_blocking=True)
        return inputs, self.targets.index_select(0, index.to(device))

    def _scaled(self, raw: Tensor) -> Tensor:
        if self.scaling is None:
            return raw if raw.dtype == torch.int64 else raw.float()
        mean, scale = self.scaling
        return (raw - mean).div_(scale).float()


@dataclass(frozen=True)
class Storing:
    """Settings for storing the training split. `augmented`: images are needed as they were read."""

    tier: Literal["auto", "device", "memory", "disk"]
    device: str
    cache: Path  # folder for the files of the disk tier
    augmented: bool = False

    def choose(self, corpus: Corpus) -> Tier:
        """The tier that was asked for, or the fastest that fits."""
        if self.tier != "auto":
            return self.tier
        raw = corpus.train.inputs
        prepared = raw.size * (8 if raw.dtype.kind == "i" else 4)
        if prepared + self.augmented * raw.nbytes <= SHARE * free_bytes(self.device):
            return "device"
        return "memory" if raw.nbytes <= SHARE * free_bytes("cpu") else "disk"


def store(corpus: Corpus, scaling: Scaling | None, storing: Storing) -> Data:
    """The three splits. Validation and test are always prepared and resident: they are read again and again."""
    unit = _unit(corpus) if corpus.task == "regression" else None
    return Data(
        _train(corpus, scaling, unit, storing),
        _resident(corpus.validation, scaling, unit, storing.device),
        _resident(corpus.test, scaling, unit, storing.device),
        corpus.outputs,
        corpus.task,
        corpus.names,
        tuple(unit.scale.tolist()) if unit else (),
        tuple(unit.mean.tolist()) if unit else (),
        read=corpus,
        scaling=scaling,
        vocabulary=corpus.vocabulary,
    )


def _train(corpus: Corpus, scaling: Scaling | None, unit: Scaling | None, storing: Storing) -> Split:
    tier = storing.choose(corpus)
    if tier == "device" and not storing.augmented:
        return _resident(corpus.train, scaling, unit, storing.device)
    raw = np.ascontiguousarray(corpus.train.inputs)
    if raw.dtype == np.float64 and not storing.augmented:
        raw, scaling = _prepared(raw, scaling), None  # which takes half the room
    inputs = torch.from_numpy(raw if tier != "disk" else _mapped(raw, storing.cache))
    return RawSplit(
        inputs.to(storing.device) if tier == "device" else inputs,
        *_targets(corpus.train, unit, storing.device),
        scaling=scaling.on(storing.device) if scaling else None,
        black=corpus.black,
        white=corpus.white,
    )


def _resident(samples: Samples, scaling: Scaling | None, unit: Scaling | None, device: str) -> Split:
    inputs = torch.from_numpy(_prepared(samples.inputs, scaling))
    return Split(inputs.to(device), *_targets(samples, unit, device))


def _prepared(inputs: Array, scaling: Scaling | None) -> Array:
    if scaling is not None:
        return scaling(inputs)
    return np.ascontiguousarray(inputs if inputs.dtype.kind == "i" else inputs.astype(np.float32))


def _targets(samples: Samples, unit: Scaling | None, device: str) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """The targets as they are learnt, the samples' weights, and targets that are numbers as they were read."""
    weights = None if samples.weights is None else torch.from_numpy(samples.weights)
    if unit is None:
        return torch.from_numpy(samples.targets.astype(np.int64)).to(device), weights, None
    numbers = torch.from_numpy(samples.targets.astype(np.float64))
    return torch.from_numpy(unit(samples.targets)).to(device), weights, numbers.to(device)


def _unit(corpus: Corpus) -> Scaling:
    """Targets that are numbers are learnt in units of their deviation, from their mean; constant ones in their own size."""
    found = moments(corpus.train.targets, axis=(0,))
    size = np.where(found.mean == 0, 1.0, np.abs(found.mean))
    return Scaling(found.mean, np.where(np.isfinite(found.scale), found.scale, size))


def _mapped(raw: Array, cache: Path) -> Array:
    """The inputs mapped from a file in `cache` that is gone when nobody uses it any more."""
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=cache, suffix=".npy") as file:
        np.save(file, raw, allow_pickle=False)
        file.flush()
        mapped: Array = np.load(file.name, mmap_mode="c", allow_pickle=False)  # writable in memory, as torch demands
        return mapped


def free_bytes(device: str) -> int:
    """Memory of the device that is free now, bytes."""
    if device == "cuda":
        return torch.cuda.mem_get_info()[0]
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return 4 << 30
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))


# ---- what each tier is worth on this machine


@dataclass(frozen=True)
class Trial:
    """Speed of a tier on this machine, and the bytes of each sample there."""

    tier: Tier
    samples_a_second: float
    bytes_a_sample: float


def trials(corpus: Corpus, scaling: Scaling | None, storing: Storing) -> Iterator[Trial]:
    """Each tier in turn, tried with random batches of at most `TRIAL_SAMPLES` training samples."""
    few = replace(corpus, train=corpus.train.take(np.arange(min(len(corpus.train), TRIAL_SAMPLES))))
    unit = _unit(corpus) if corpus.task == "regression" else None
    for tier in TIERS:
        split = _train(few, scaling, unit, replace(storing, tier=tier))
        yield Trial(tier, _samples_a_second(split, storing.device), split.inputs.nbytes / len(split))


def _samples_a_second(split: Split, device: str) -> float:
    random = torch.Generator().manual_seed(0)
    orders = cycle(torch.randint(len(split), (min(TRIAL_BATCH, len(split)),), generator=random) for _ in range(4))
    split.batch(next(orders))
    _wait(device)
    began, taken = perf_counter(), 0
    while perf_counter() - began < TRIAL_SECONDS:
        order = next(orders)
        split.batch(order)
        _wait(device)  # after each batch, so that a busy machine cannot stretch the trial
        taken += len(order)
    return taken / (perf_counter() - began)


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()
