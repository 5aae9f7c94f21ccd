"""Files in the formats in which data sets are published, with the published counts but pixels of our own."""

import gzip
import io
import struct
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from worker.components.datasets import cifar10
from worker.data import digit_images

Bytes = NDArray[np.uint8]


def idx(values: Bytes) -> bytes:
    """An IDX file."""
    return bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def labels(count: int) -> Bytes:
    return (np.arange(count) * 7 % 10).astype(np.uint8)


def pictures(count: int, *shape: int) -> Bytes:
    """Mostly black; a few pixels tell each image's class and number, so that reading can be checked."""
    images = np.zeros((count, *shape), np.uint8)
    flat = images.reshape(count, -1)
    flat[:, 0] = labels(count)
    flat[:, 1], flat[:, -1] = np.arange(count) // 256, np.arange(count) % 256
    return images


@cache
def mnist() -> Path:
    """Half of the files gzipped."""
    folder = Path(tempfile.mkdtemp(prefix="mnist-"))
    for count, (images, targets) in zip(
        (60_000, 10_000), (digit_images.FILES[:2], digit_images.FILES[2:]), strict=True
    ):
        (folder / images).write_bytes(idx(pictures(count, 28, 28)))
        (folder / f"{targets}.gz").write_bytes(gzip.compress(idx(labels(count)), 1))
    return folder


def batch(count: int | None = None) -> bytes:
    """A file of CIFAR-10's binary version."""
    count = cifar10.RECORDS if count is None else count
    return np.concatenate([labels(count)[:, None], pictures(count, 3, 32, 32).reshape(count, -1)], axis=1).tobytes()


def archive(files: Mapping[str, bytes]) -> bytes:
    """A gzipped tar file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as members:
        for name, content in files.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            members.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@cache
def cifar10_archive() -> bytes:
    return archive({"batches.meta.txt": b"airplane\n", **dict.fromkeys(cifar10.FILES, batch())})


@cache
def cifar10_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="cifar10-"))
    (folder / "cifar-10-binary.tar.gz").write_bytes(cifar10_archive())
    return folder


FUSIONS: Mapping[str, Callable[[], Path]] = {"mnist": mnist, "cifar10": cifar10_folder}
"""Folder with the files of each data set that would otherwise be downloaded."""
