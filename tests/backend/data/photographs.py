"""Picture files as people have them, and the archives and folders in which they send them."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Files = Mapping[str, bytes]
"""Name, with its folders -> content."""

CLASSES = ("cat", "dog")


def shades(width: int, height: int, *channels: int, seed: int = 0) -> NDArray[np.uint8]:
    """Smooth pixels, which survive JPEG: no two seeds have the same."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (4, 4, *channels), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height)))


def file(image: Image.Image | NDArray[Any], format: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(stream, format, **options)
    return stream.getvalue()


def folder(count: int = 10, *parts: str, size: tuple[int, int] = (12, 10), format: str = "PNG") -> dict[str, bytes]:
    """`count` pictures of each class, in each part of a split where there are parts. Dogs are brighter."""
    return {
        f"{part}{name}/{number}.{format.lower()}": file(
            shades(*size, 3, seed=1000 * place + number) // 2 + np.uint8(127 * (name == "dog")), format
        )
        for place, part in enumerate([f"{part}/" for part in parts] or [""])
        for name in CLASSES
        for number in range(count)
    }


def packed(files: Files, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()
