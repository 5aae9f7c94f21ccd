"""Small pictures of the first images, as PNG."""

import base64
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.domain.experiment.uploads import Picture

LARGEST_SIDE = 64
GREY, COLOUR = 0, 2


def picture(image: NDArray[Any], least: float, greatest: float, label: str) -> Picture:
    """A picture of `image` [channels, height, width], `least` black and `greatest` white; every few pixels of a large one."""
    step = max(1, -(-max(image.shape[1:]) // LARGEST_SIDE))
    pixels = image[:3] if len(image) >= 3 else image[:1]
    shown = pixels[:, ::step, ::step].astype(np.float64)
    scaled = np.rint((shown - least) / ((greatest - least) or 1.0) * 255).clip(0, 255).astype(np.uint8)
    return Picture(label=label, png=base64.b64encode(png(scaled)).decode())


def png(pixels: NDArray[np.uint8]) -> bytes:
    """`pixels` [1 or 3, height, width] as a file."""
    channels, height, width = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, GREY if channels == 1 else COLOUR, 0, 0, 0)
    rows = np.zeros((height, 1 + width * channels), np.uint8)  # each row begins with the number of its filter: none
    rows[:, 1:] = pixels.transpose(1, 2, 0).reshape(height, -1)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in parts)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
