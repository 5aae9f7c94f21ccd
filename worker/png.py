"""Small pictures as PNG files."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def encode(pixels: Pixels, clear: int | None = None) -> bytes:
    """A PNG file of `pixels` [height, width, 1 grey or 3 colours]; where all of them are `clear` it is transparent."""
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2}[channels], 0, 0, 0)
    parts = [SIGNATURE, _chunk(b"IHDR", header)]
    if clear is not None:
        parts.append(_chunk(b"tRNS", struct.pack(">H", clear) * channels))
    smallest = min((_compressed(pixels, kind) for kind in range(3)), key=len)
    return b"".join([*parts, _chunk(b"IDAT", smallest), _chunk(b"IEND", b"")])


def _compressed(pixels: Pixels, kind: int) -> bytes:
    """The lines, each as it is (0), or as the difference from the pixel before (1) or from the line above (2)."""
    lines = pixels.copy()
    if kind == 1:
        lines[:, 1:] -= pixels[:, :-1]
    if kind == 2:
        lines[1:] -= pixels[:-1]
    marked = np.insert(lines.reshape(len(lines), -1), 0, kind, axis=1)
    return zlib.compress(marked.tobytes(), 9)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
