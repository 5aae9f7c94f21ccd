"""Arrays as few bytes, bit for bit.

    u8 order | u32 length × width | planes

The numbers are taken as integers of the same bits and differenced `order` times, so that what rises evenly becomes
constant; then their first bytes are stored together, their second bytes, and so on. Each of these planes is deflated
where that pays: the noise in a mantissa stays as it is, its sign and exponent shrink to almost nothing.
"""

import struct
import zlib
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

ORDERS = (0, 1, 2)
SAMPLE = 4096  # numbers that tell which order is best
PAYS = 0.95  # a plane that does not become smaller than this share is stored as it is
LEVEL = 1  # of zlib: greater ones gain 1 % on losses, at a tenth of the speed


def pack(values: NDArray[Any]) -> bytes:
    """values [n] of 1, 2, 4 or 8 bytes each, little endian."""
    if not len(values):
        return b""
    sample = _integers(values[:SAMPLE])
    order = min(ORDERS, key=lambda order: sum(map(len, _planes(sample, order))))
    planes = _planes(_integers(values), order)
    return b"".join([struct.pack(f"<B{len(planes)}I", order, *map(len, planes)), *planes])


def unpack(packed: bytes, dtype: str) -> NDArray[Any]:
    """The array [n] that was packed, read-only."""
    kind = np.dtype(dtype)
    if not packed:
        return np.array([], kind)
    order, *lengths = struct.unpack_from(f"<B{kind.itemsize}I", packed)
    offset, planes = 1 + 4 * kind.itemsize, []
    for length in lengths:
        planes.append(_inflated(packed[offset : offset + length]))
        offset += length
    numbers = np.stack(planes, axis=1).reshape(-1).view(f"<u{kind.itemsize}")
    for _ in range(order):
        numbers = np.cumsum(numbers, dtype=numbers.dtype)
    return numbers.view(kind)


def join(parts: list[bytes]) -> bytes:
    return b"".join([struct.pack(f"<{len(parts)}I", *map(len, parts)), *parts])


def split(blob: bytes, number: int) -> list[bytes]:
    """The parts, so many, that were joined."""
    ends = accumulate(struct.unpack_from(f"<{number}I", blob), initial=4 * number)
    return [blob[begin:end] for begin, end in pairwise(ends)]


def _integers(values: NDArray[Any]) -> NDArray[Any]:
    """The same bits as unsigned numbers, whose differences wrap around without loss."""
    return np.ascontiguousarray(values).view(f"<u{values.dtype.itemsize}")


def _planes(numbers: NDArray[Any], order: int) -> list[bytes]:
    for _ in range(order):
        numbers = np.diff(numbers, prepend=numbers.dtype.type(0))
    together = np.ascontiguousarray(numbers).view(np.uint8).reshape(len(numbers), -1)
    return [_deflated(plane.tobytes()) for plane in together.T]


def _deflated(plane: bytes) -> bytes:
    """`d` and the deflated bytes, or `r` and the bytes as they are."""
    small = zlib.compress(plane, LEVEL)
    return b"d" + small if len(small) < PAYS * len(plane) else b"r" + plane


def _inflated(plane: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(zlib.decompress(plane[1:]) if plane[:1] == b"d" else plane[1:], np.uint8)
