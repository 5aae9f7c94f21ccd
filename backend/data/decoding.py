"""One picture file: looked at, and then read as pixels."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from backend.domain.experiment.upload_facts import Fit

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
MOST_PIXELS = 64_000_000  # of one picture, before it is made smaller
ORIENTATION = 0x0112  # in EXIF
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> the turn that shows the picture as it was taken; from 5 on width and height change places."""

COLOURS: Mapping[str, str] = {
    "1": "1 bit",
    "L": "grey",
    "LA": "grey with alpha",
    "I;16": "16-bit grey",
    "I;16L": "16-bit grey",
    "I;16B": "16-bit grey",
    "P": "palette",
    "PA": "palette",
    "RGB": "RGB",
    "RGBX": "RGB",
    "RGBA": "RGBA",
    "RGBa": "RGBA",
    "YCbCr": "YCbCr",
}
"""Mode of Pillow -> its name for people. Pictures of another mode are refused."""

REFUSED = {"CMYK": "has the colours of print (CMYK): convert it to RGB", "LAB": "has LAB colours: convert it to RGB"}
SIXTEEN = "16-bit grey"
GREY = frozenset({"1 bit", "grey", "grey with alpha", SIXTEEN})
FACTOR = 257.0  # from 8 to 16 bits: 255 becomes 65,535

Depth = Literal["L", "RGB", "F"]
"""Pixels of the samples: grey or colours of 8 bits, or grey of 16 bits, which Pillow resizes in floats."""


class Unreadable(ValueError):
    """A file that cannot become a sample; the text goes on after its name."""


@dataclass(frozen=True)
class Look:
    """Facts of a picture that are known before it is decoded. `size` is its width and height, once it is turned."""

    size: tuple[int, int]
    format: str
    colour: str
    turn: int


def look(content: bytes) -> Look:
    """Look at a picture file. Raises Unreadable."""
    with _open(content) as image:
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise _too_large(f"{width:,} × {height:,}")
        if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
            raise Unreadable("is animated, or has several pages: send one picture a file")
        if image.mode not in COLOURS:
            raise Unreadable(REFUSED.get(image.mode, "has pixels of 32 bits: send such pictures as NPY"))
        turn = _orientation(image)
        size = (height, width) if turn >= 5 else (width, height)
        found = Look(size, "JPEG" if image.format == "MPO" else str(image.format), COLOURS[image.mode], turn)
    with _open(content) as image:
        image.verify()  # before anything is loaded
    return found


def pixels(content: bytes, seen: Look, depth: Depth, size: tuple[int, int], fit: Fit) -> NDArray[Any]:
    """The picture as a sample, [height, width] in uint8 or uint16 or [height, width, 3]. Raises Unreadable."""
    with _open(content) as image:
        if seen.format == "JPEG":
            image.draft(None, (2 * max(size), 2 * max(size)))  # decodes a large one at a fraction of its size
        plain = _with_depth(image, seen.colour, depth)
    turned = plain.transpose(TURNS[seen.turn]) if seen.turn in TURNS else plain
    found = np.asarray(fitted(turned, size, fit))
    return np.rint(found).clip(0, 65_535).astype(np.uint16) if depth == "F" else found


def fitted(image: Image.Image, size: tuple[int, int], fit: Fit) -> Image.Image:
    """The picture in this width and height: its middle, all of it with black beside it, or all of it out of proportion."""
    width, height = size
    if image.size == size or fit == "stretch":
        return image if image.size == size else image.resize(size, Image.Resampling.BILINEAR)
    across, down = image.width / width, image.height / height
    if fit == "crop":
        left, top = image.width - min(across, down) * width, image.height - min(across, down) * height
        box = (left / 2, top / 2, image.width - left / 2, image.height - top / 2)
        return image.resize(size, Image.Resampling.BILINEAR, box)
    scale = max(across, down)
    inner = max(1, round(image.width / scale)), max(1, round(image.height / scale))
    canvas = Image.new(image.mode, size)
    place = round((width - inner[0]) * 0.5), round((height - inner[1]) * 0.5)  # as ImageOps.pad, which files ship with
    canvas.paste(image.resize(inner, Image.Resampling.BILINEAR), place)
    return canvas


@contextmanager
def _open(content: bytes) -> Iterator[Image.Image]:
    """The picture; everything that fails while it is read is told in one way. Raises Unreadable."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            yield image
    except (Unreadable, MemoryError):
        raise
    except UnidentifiedImageError:
        raise Unreadable("is no JPEG, PNG, WebP, BMP or TIFF picture: remove it") from None
    except Image.DecompressionBombError:
        raise _too_large("too many") from None
    except Exception:  # each format fails in its own ways
        raise Unreadable("is damaged or cut off: send it again from its source") from None


def _too_large(how: str) -> Unreadable:
    return Unreadable(f"has {how} pixels; at most {MOST_PIXELS // 10**6} million are accepted: make it smaller")


def _orientation(image: Image.Image) -> int:
    try:
        turn = image.getexif().get(ORIENTATION, 1)
    except MemoryError:
        raise
    except Exception:  # a picture may be sound and its EXIF not
        return 1
    return turn if turn in TURNS else 1


def _with_depth(image: Image.Image, colour: str, depth: Depth) -> Image.Image:
    """The picture in the depth of the samples; where it is transparent, on white."""
    if colour == SIXTEEN:
        floats = image.convert("F")
        return floats if depth == "F" else _bytes(floats).convert(depth)
    if image.has_transparency_data:
        shown = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown).convert("RGB")
    if depth == "F":
        return Image.fromarray(np.asarray(image.convert("L"), np.float32) * np.float32(FACTOR))
    return image.convert(depth)


def _bytes(floats: Image.Image) -> Image.Image:
    return Image.fromarray(np.rint(np.asarray(floats) / FACTOR).clip(0, 255).astype(np.uint8))
