"""The IDX format of MNIST and its successors: a big-endian header, then raw unsigned bytes, gzipped or not."""

import gzip
import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

UNSIGNED_BYTE = 0x08


def read(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The array of an IDX file that must hold unsigned bytes of exactly `shape`; errors as in `blocks`."""
    (whole,) = blocks(path, shape, shape[0])
    return whole


def blocks(path: Path, shape: tuple[int, ...], most: int) -> Iterator[NDArray[np.uint8]]:
    """The rows of an IDX file that must hold unsigned bytes of exactly `shape`, at most `most` at a time.

    Memory is bounded by a block, whatever the header or a compressed stream claims. ValueError when the file is
    anything else: too short, too long, of another shape or type, or damaged.
    """
    try:
        with _open(path) as stream:
            _check_header(path, stream, shape)
            for start in range(0, shape[0], most):
                block = (min(most, shape[0] - start), *shape[1:])
                content = stream.read(math.prod(block))
                _check_extent(path, shape, "ends too early", holds=len(content) == math.prod(block))
                yield np.frombuffer(content, np.uint8).reshape(block)
            _check_extent(path, shape, "goes on after its last value", holds=not stream.read(1))
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is damaged ({error}); replace it with the published file.") from None


def _check_extent(path: Path, shape: tuple[int, ...], fault: str, *, holds: bool) -> None:
    if not holds:
        size = math.prod(shape)
        raise ValueError(f"{path} {fault}: expected {size:,} bytes of data; replace it with the published file.")


def _open(path: Path) -> BinaryIO | gzip.GzipFile:
    with path.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if compressed else path.open("rb")


def _check_header(path: Path, stream: BinaryIO | gzip.GzipFile, shape: tuple[int, ...]) -> None:
    magic = stream.read(4)
    if magic != bytes([0, 0, UNSIGNED_BYTE, len(shape)]):
        raise ValueError(f"{path} is no IDX file of {len(shape)}-dimensional unsigned bytes: it begins {magic.hex()}.")
    extents = stream.read(4 * len(shape))
    claimed = tuple(int.from_bytes(extents[start : start + 4]) for start in range(0, len(extents), 4))
    if claimed != shape:
        raise ValueError(f"{path} says that it holds {claimed}, but the published file holds {shape}.")
