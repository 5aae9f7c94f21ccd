"""Splits that are stored as they were read, and prepared batch by batch on the device."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor

from worker.data.sources import Source, on_disk
from worker.data.tensors import Split
from worker.engine.input.ahead import ahead

PORTION = 1 << 18  # numbers that are in float64 at a time


@dataclass(frozen=True, eq=False)
class Units:
    """The way from numbers as they were read to a model's inputs, on a device."""

    scaling: tuple[Tensor, Tensor] | None  # mean and scale in float64; None leaves the numbers as they are
    black: float
    white: float

    def prepared_type(self, read: torch.dtype) -> torch.dtype:
        """Type of the inputs that numbers of the type `read` become."""
        return read if self.scaling is None and read == torch.int64 else torch.float32

    def prepare(self, raw: Tensor) -> Tensor:
        """A model's inputs from numbers as they were read."""
        return raw.to(self.prepared_type(raw.dtype)) if self.scaling is None else _computed(raw, self._scale)

    def light(self, raw: Tensor) -> Tensor:
        """Pixels of 0 black … 1 white from those that were read."""
        return _computed(raw, lambda part: part.sub_(self.black).div_(self.white - self.black))

    def prepare_light(self, pixels: Tensor) -> Tensor:
        """A model's inputs from pixels of 0 … 1."""
        return _computed(pixels, lambda part: self._scale(part.mul_(self.white - self.black).add_(self.black)))

    def _scale(self, part: Tensor) -> Tensor:
        if self.scaling is None:
            return part
        mean, scale = self.scaling
        return part.sub_(mean).div_(scale)


def _computed(numbers: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
    """The numbers [n, …], changed in place in float64, as float32: on a CPU in portions that stay in its cache."""
    size = max(1, len(numbers) if numbers.is_cuda else PORTION // max(1, numbers[:1].numel()))
    computed = torch.empty(numbers.shape, device=numbers.device)
    for part, place in zip(torch.split(numbers, size), torch.split(computed, size), strict=True):
        place.copy_(change(part.to(torch.float64, copy=True)))
    return computed


@dataclass(frozen=True, eq=False)
class RawSplit(Split):
    """A split whose `inputs` [n, …] are on the device as they were read: pixels, numbers, or token ids."""

    units: Units = field(kw_only=True)

    @property
    def dtype(self) -> torch.dtype:
        return self.units.prepared_type(self.inputs.dtype)

    def pick(self, index: Tensor) -> "RawSplit":
        index = index.to(self.targets.device)
        return self._part(self.inputs.index_select(0, index), index)

    def prepared(self) -> tuple[Tensor, Tensor]:
        return self.units.prepare(self.inputs), self.targets

    def lit(self) -> tuple[Tensor, Tensor]:
        return self.units.light(self.inputs), self.targets

    def prepare(self, pixels: Tensor) -> Tensor:
        return self.units.prepare_light(pixels)

    def batches(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        with closing(self.fetch(torch.split(torch.arange(len(self)), size))) as parts:
            yield from (part.prepared() for part in parts)

    def _part(self, raw: Tensor, index: Tensor) -> "RawSplit":
        return RawSplit(raw, self.targets.index_select(0, index), units=self.units)


@dataclass(frozen=True, eq=False)
class SourceSplit(RawSplit):
    """A split whose samples stay where they were read, in memory or in a file; what is picked goes to the device.

    `inputs` [n, …] lie on torch's device `meta`: they have a shape and a type, but no data.
    """

    source: Source = field(kw_only=True)

    def pick(self, index: Tensor) -> RawSplit:
        device = self.targets.device
        raw = torch.from_numpy(np.ascontiguousarray(self.source[index.cpu().numpy()]))
        if device.type == "cuda":
            raw = raw.pin_memory()
        return self._part(raw.to(device, non_blocking=True), index.to(device))

    def fetch(self, indices: Iterable[Tensor]) -> Generator[Split, None, None]:
        if not on_disk(self.source):
            return super().fetch(indices)
        if self.targets.is_cuda:
            return self._streamed(indices)
        return ahead(self.pick, indices)

    def _streamed(self, indices: Iterable[Tensor]) -> Generator[Split, None, None]:
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        with closing(ahead(partial(self._pick_aside, stream), indices)) as parts:
            for part in parts:
                for tensor in (part.inputs, part.targets):  # whose memory is used again only after the computation
                    tensor.record_stream(torch.cuda.current_stream())
                yield part

    def _pick_aside(self, stream: torch.cuda.Stream, index: Tensor) -> RawSplit:
        """As `pick`, on a stream of its own, beside the computation; the samples are there when it returns."""
        with torch.cuda.stream(stream):
            part = self.pick(index)
        stream.synchronize()  # the reading thread waits, and nobody else
        return part


def without_data(source: Source) -> Tensor:
    """A tensor of the source's shape and type that holds nothing."""
    return torch.empty(source.shape, dtype=torch.from_numpy(np.empty(0, source.dtype)).dtype, device="meta")
