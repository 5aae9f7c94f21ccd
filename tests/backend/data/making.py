"""Files as people send them."""

import io
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from backend.data.check import check
from backend.data.options import Options
from backend.domain.experiment.upload_facts import Facts


def csv(rows: int = 30, separator: str = ",", header: str = "length,width,kind", end: str = "\n") -> bytes:
    """A table of two numbers and a class that follows from them."""
    lines = [header.replace(",", separator)] if header else []
    lines += [separator.join((f"{row / 10}", f"{row % 7}", ("low", "high")[row % 2])) for row in range(rows)]
    return (end.join(lines) + end).encode()


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.asarray(array))
    return stream.getvalue()


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def images(count: int = 30, *shape: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, (count, *(shape or (9, 10))), dtype=np.uint8)


def lying(text: str, body: bytes = b"\0" * 64, version: bytes = b"\x01\x00") -> bytes:
    """An NPY file with this header."""
    padded = text.encode().ljust(117) + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(padded)) + padded + body


def checked(folder: Path, files: dict[str, bytes], **options: Any) -> Facts:
    """Findings of the check on uploaded files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return check(folder, Options(**options))


def left(folder: Path) -> Sequence[str]:
    return sorted(path.name for path in folder.iterdir())
