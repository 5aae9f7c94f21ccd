"""Small pictures as PNG files."""

import numpy as np
from numpy.typing import NDArray

from backend.domain import png

Pixels = NDArray[np.uint8]


def encode(pixels: Pixels, clear: int | None = None) -> bytes:
    """A PNG file of `pixels` [height, width, 1 grey or 3 colours]; where all of them are `clear` it is transparent."""
    height, width, channels = pixels.shape
    return png.encode(width, height, channels, _filtered(pixels), clear)


def _filtered(pixels: Pixels) -> bytes:
    """The lines, each after its filter's number: as they are (0), or as differences from the pixel before (1) or from
    the line above (2), whichever are smallest and so compress best."""
    before, above = pixels.copy(), pixels.copy()
    before[:, 1:] -= pixels[:, :-1]
    above[1:] -= pixels[:-1]
    kinds = pixels, before, above
    best = min(range(3), key=lambda kind: int(np.abs(kinds[kind].view(np.int8).astype(np.int16)).sum()))
    return np.insert(kinds[best].reshape(len(pixels), -1), 0, best, axis=1).tobytes()
