"""Inputs of samples wherever they lie: in memory, in a mapped file, or one after the other in both.

A *source* is an array [n, …], or a view that reads the rows that are asked for, and nothing before.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]
Rows = NDArray[np.int64]

BLOCK, BLOCK_BYTES = 4096, 32 << 20  # samples that are looked at together, and bytes of their numbers in float64


class View(ABC):
    """Rows [n, …] that are read when they are asked for. `np.asarray` reads all of them."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]: ...

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[Any]: ...

    @abstractmethod
    def read(self, rows: Rows) -> Array:
        """Those rows, in that order, as an array of their own."""

    def __getitem__(self, rows: slice | Rows) -> Array:
        return self.read(np.arange(len(self))[rows])

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        return self[:].astype(dtype or self.dtype, copy=False)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize


Source = Array | View


@dataclass(frozen=True, eq=False)
class Derived(View):
    """A view of one other source."""

    source: Source

    @property
    def shape(self) -> tuple[int, ...]:
        return self.source.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.source.dtype

    @property
    @abstractmethod
    def difference(self) -> str:
        """A text that stands for the difference from `source`."""


@dataclass(frozen=True, eq=False)
class At(Derived):
    """The rows of `source` at `rows`."""

    rows: Rows

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.rows), *self.source.shape[1:])

    @property
    def difference(self) -> str:
        return hashlib.sha256(self.rows.tobytes()).hexdigest()

    def read(self, rows: Rows) -> Array:
        return np.asarray(self.source[self.rows[rows]])


@dataclass(frozen=True, eq=False)
class Cast(Derived):
    """The rows of `source` as numbers of another type."""

    type: np.dtype[Any]

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.type

    @property
    def difference(self) -> str:
        return self.type.str

    def read(self, rows: Rows) -> Array:
        return np.asarray(self.source[rows]).astype(self.type)


@dataclass(frozen=True, eq=False)
class Arranged(Derived):
    """The rows of `source` with their axes in another order (`axes`, the rows' own included), each in shape `each`."""

    axes: tuple[int, ...]
    each: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.source), *self.each)

    @property
    def difference(self) -> str:
        return f"{self.axes} {self.each}"

    def read(self, rows: Rows) -> Array:
        return np.ascontiguousarray(self.source[rows].transpose(self.axes)).reshape(len(rows), *self.each)


@dataclass(frozen=True, eq=False)
class Joined(View):
    """The rows of `first`, then those of `second`, which are of the same type."""

    first: Source
    second: Source

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.first) + len(self.second), *self.first.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.first.dtype

    def read(self, rows: Rows) -> Array:
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        early = rows < len(self.first)
        found[early], found[~early] = self.first[rows[early]], self.second[rows[~early] - len(self.first)]
        return found


def at(source: Source, rows: slice | Rows) -> Source:
    """Those rows of `source`, without a copy; places within places become places."""
    if isinstance(source, At):
        return At(source.source, source.rows[rows])
    if isinstance(rows, slice) and not isinstance(source, View):
        part: Array = source[rows]
        return part
    places = np.arange(len(source))[rows]
    if isinstance(source, Joined) and len(places) and places.max() < len(source.first):
        return at(source.first, rows)
    return At(source, places)


def blocks(source: Source, most: int = BLOCK) -> Iterator[Array]:
    """All rows in order, at most `most` at a time, and fewer of large ones: never a whole copy."""
    size = max(1, min(most, BLOCK_BYTES // max(1, 8 * prod(source.shape[1:]))))
    return (source[start : start + size] for start in range(0, len(source), size))


def cast(source: Source, dtype: np.dtype[Any]) -> Source:
    """The numbers of `source` in another type, without a copy."""
    return source if source.dtype == dtype else Cast(source, dtype)


def on_disk(source: Source) -> bool:
    """Returns whether rows are read from a file; of joined sources, those of the first."""
    if isinstance(source, Derived):
        return on_disk(source.source)
    return on_disk(source.first) if isinstance(source, Joined) else _file_of(source) is not None


def identity(source: Source) -> str | None:
    """A text that stands for these very rows of a file as it is now; None where rows lie in memory."""
    if isinstance(source, Derived):
        inner = identity(source.source)
        return None if inner is None else f"{inner} {source.difference}"
    if not isinstance(source, np.memmap) or (path := _file_of(source)) is None or not path.exists():
        return None
    file = path.stat()
    within = _address(source) - _address(np.frombuffer(source._mmap, np.uint8))  # type: ignore[attr-defined]
    return f"{path} {file.st_size} {file.st_mtime_ns} {within} {source.dtype.str} {source.shape} {source.strides}"


def _file_of(source: Source) -> Path | None:
    """The file that an array is mapped from. What NumPy computes from a mapped array may be one by its type alone."""
    mapped = isinstance(source, np.memmap) and source.filename is not None
    return Path(source.filename) if mapped else None  # type: ignore[union-attr]


def _address(array: Array) -> int:
    address: int = array.__array_interface__["data"][0]
    return address
