"""Pictures as plain JSON: a sheet of small images as one PNG file in base64."""

import base64
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from worker.data import png

Picture = NDArray[np.uint8]  # [channels, height, width], one channel of grey or three of colour
GAP = 1  # pixels between two images
GROUND = 127  # what lies between them: grey is told from black and from white


def sheet(rows: Sequence[Sequence[Picture | None]]) -> str:
    """Images of one shape in rows, None leaving a place empty, as a PNG file in base64."""
    first = next(image for row in rows for image in row if image is not None)
    height, width = first.shape[1:]
    columns = max(map(len, rows))
    ground = np.full((len(rows) * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), GROUND, np.uint8)
    for across, row in enumerate(rows):
        for along, image in enumerate(row):
            if image is not None:
                top, left = across * (height + GAP), along * (width + GAP)
                ground[top : top + height, left : left + width] = image.transpose(1, 2, 0)  # grey is spread over all
    return base64.b64encode(png.encode(ground)).decode()


def bytes_of(images: NDArray[np.generic], black: float, white: float) -> Picture:
    """Images whose pixels go from `black` to `white`, as bytes."""
    lit = (images.astype(np.float64) - black) * (255 / (white - black))
    scaled: Picture = np.rint(lit).clip(0, 255).astype(np.uint8)
    return scaled
