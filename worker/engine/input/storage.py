"""Stores a dataset's samples where the engine reads them fastest.

| tier   | where the training split lies                       | what a batch costs                             |
|--------|-----------------------------------------------------|------------------------------------------------|
| device | prepared floats on the device                       | a gather                                       |
| memory | as it was read (uint8 pixels take a quarter) in RAM | a gather, the way to the device, a scaling     |
| disk   | the same in a file that is mapped, read ahead       | the same, and a read of what is not cached yet |

All tiers give the same batches, bit for bit.
"""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from worker.data.array_files import write, writing
from worker.data.scaling import moments
from worker.data.sources import Source, on_disk
from worker.data.tensors import Array, Corpus, Data, Samples, Scaling, Split
from worker.engine.input.raw_splits import RawSplit, SourceSplit, Units, without_data

Tier = Literal["device", "memory", "disk"]
TIERS: tuple[Tier, ...] = ("device", "memory", "disk")
SHARE = 0.4  # of the free memory that one training split may take
RESIDENT = 64 << 20  # bytes of a split that is held out, up to which it is prepared once and for all


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
        raw = corpus.train.source
        if _prepared_bytes(corpus.train) + self.augmented * raw.nbytes <= SHARE * free_bytes(self.device):
            return "device"
        if on_disk(raw):  # the system keeps the file in memory as long as there is room, and no second copy of it
            return "disk"
        return "memory" if raw.nbytes <= SHARE * free_bytes("cpu") else "disk"


def store(corpus: Corpus, scaling: Scaling | None, storing: Storing) -> Data:
    """The three splits. Validation and test are prepared and resident where that takes little, as they are read again
    and again; else they lie where the training split does."""
    storing, unit = replace(storing, tier=storing.choose(corpus)), unit_of(corpus)
    if storing.tier == "disk":
        corpus = _written(corpus, storing.cache)
    return Data(
        on_tier(corpus.train, corpus, scaling, storing),
        _held_out(corpus.validation, corpus, scaling, storing),
        _held_out(corpus.test, corpus, scaling, storing),
        corpus.outputs,
        corpus.task,
        corpus.names,
        tuple(unit.scale.tolist()) if unit else (),
        tuple(unit.mean.tolist()) if unit else (),
        read=corpus,
        scaling=scaling,
        vocabulary=corpus.vocabulary,
    )


def on_tier(samples: Samples, corpus: Corpus, scaling: Scaling | None, storing: Storing) -> Split:
    """`samples` of the corpus on the tier that was chosen."""
    tier = storing.choose(corpus)
    if tier == "disk":
        samples = _mapped(samples, storing.cache)
    targets = _targets(samples, unit_of(corpus), storing.device)
    if tier == "device" and not storing.augmented:
        return Split(torch.from_numpy(_prepared(samples.source, scaling)).to(storing.device), *targets)
    units = Units(scaling.on(storing.device) if scaling else None, corpus.black, corpus.white)
    if tier == "device":
        inputs = torch.from_numpy(np.require(samples.inputs, requirements=["C", "W"])).to(storing.device)
        return RawSplit(inputs, *targets, units=units)
    source = np.ascontiguousarray(samples.inputs) if tier == "memory" and on_disk(samples.source) else samples.source
    return SourceSplit(without_data(source), *targets, units=units, source=source)


def _held_out(samples: Samples, corpus: Corpus, scaling: Scaling | None, storing: Storing) -> Split:
    tier = "device" if _prepared_bytes(samples) <= RESIDENT else storing.tier
    return on_tier(samples, corpus, scaling, replace(storing, tier=tier, augmented=False))


def _prepared_bytes(samples: Samples) -> int:
    return samples.source.size * (8 if samples.source.dtype.kind == "i" else 4)


def _prepared(inputs: Source, scaling: Scaling | None) -> Array:
    if scaling is not None:
        return scaling(inputs)
    return np.array(inputs, None if inputs.dtype.kind == "i" else np.float32, order="C")


def _targets(samples: Samples, unit: Scaling | None, device: str) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """The targets as they are learnt, the samples' weights, and targets that are numbers as they were read."""
    weights = None if samples.weights is None else torch.from_numpy(samples.weights)
    if unit is None:
        return torch.from_numpy(samples.targets.astype(np.int64)).to(device), weights, None
    numbers = torch.from_numpy(samples.targets.astype(np.float64))
    return torch.from_numpy(unit(samples.targets)).to(device), weights, numbers.to(device)


def unit_of(corpus: Corpus) -> Scaling | None:
    """Targets that are numbers are learnt in units of their deviation, from their mean; constant ones in their own size."""
    if corpus.task != "regression":
        return None
    found = moments(corpus.train.targets, axis=(0,))
    size = np.where(found.mean == 0, 1.0, np.abs(found.mean))
    return Scaling(found.mean, np.where(np.isfinite(found.scale), found.scale, size))


def _written(corpus: Corpus, cache: Path) -> Corpus:
    """The corpus with all samples in files: those that lie in memory are written."""
    train, validation, test = (_mapped(samples, cache) for samples in (corpus.train, corpus.validation, corpus.test))
    return replace(corpus, train=train, validation=validation, test=test)


def _mapped(samples: Samples, cache: Path) -> Samples:
    """The samples mapped from a file in `cache` that is gone when nobody uses it any more, if they are in none yet."""
    if on_disk(samples.source):
        return samples
    with writing():
        cache.mkdir(parents=True, exist_ok=True)
    with writing(), tempfile.NamedTemporaryFile(dir=cache, suffix=".npy", buffering=0) as file:
        write(file, samples.blocks())
        return replace(samples, source=np.load(file.name, mmap_mode="r", allow_pickle=False))


def free_bytes(device: str) -> int:
    """Memory of the device that is free now, bytes."""
    if device == "cuda":
        return torch.cuda.mem_get_info()[0]
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return 4 << 30
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))
