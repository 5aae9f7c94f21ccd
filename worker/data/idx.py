"""The IDX format of MNIST and its successors: a big-endian header, then raw unsigned bytes, gzipped or not."""

import gzip
import math
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

UNSIGNED_BYTE = 0x08


def read(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The array of an IDX file that must hold unsigned bytes of exactly `shape`.

    Memory is bounded by `shape`, whatever the header or a compressed stream claims. ValueError when the file is
    anything else: too short, too long, of another shape or type, or damaged.
    """
    try:
        with _open(path) as stream:
            _check_header(path, stream, shape)
            size = math.prod(shape)
            content = stream.read(size + 1)  # one more, to see whether the file goes on
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is damaged ({error}); replace it with the published file.") from None
    if len(content) != size:
        extent = "ends too early" if len(content) < size else "goes on after its last value"
        raise ValueError(f"{path} {extent}: expected {size:,} bytes of data; replace it with the published file.")
    return np.frombuffer(content, np.uint8).reshape(shape)


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
