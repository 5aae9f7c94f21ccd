"""Small pictures of the first images, as PNG."""

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.domain.experiment.upload_facts import Picture
from backend.domain.png import encode

LARGEST_SIDE = 64


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
    lines = np.zeros((height, 1 + width * channels), np.uint8)  # each begins with the number of its filter: none
    lines[:, 1:] = pixels.transpose(1, 2, 0).reshape(height, -1)
    return encode(width, height, channels, lines.tobytes())
