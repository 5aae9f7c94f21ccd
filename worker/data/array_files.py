"""Arrays in files: written block by block, so that none of them is ever whole in memory, and mapped to be read."""

import errno
import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import IO

import numpy as np

from worker.data.sources import Array

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class NoRoomError(ValueError):
    """The disk is full, or refuses to be written."""


@contextmanager
def writing() -> Iterator[None]:
    """Makes what the system says of a write within the block one sentence: NoRoomError."""
    try:
        yield
    except OSError as error:
        reason = "its disk is full" if error.errno in FULL else error.strerror or "it cannot be written"
        raise NoRoomError(
            f"The data folder has no room for the samples in a file ({reason}): free disk space, then try again."
        ) from error


def write(file: IO[bytes], blocks: Iterable[Array]) -> None:
    """Write the blocks [k, …], one after the other, as one array in NumPy's format, to the disk itself.

    `file` is empty and has no buffer: one that could not be written would be tried again when it is closed.
    NoRoomError in one sentence when the disk is full.
    """
    count = 0
    for block in blocks:
        if not file.tell():
            _put(file, _head(count, block))
        _put(file, np.ascontiguousarray(block).data)
        count += len(block)
    file.seek(0)
    _put(file, _head(count, block))  # as long as the first one: the format leaves room for the count to grow
    file.seek(0, os.SEEK_END)
    sync(file)


def append(file: IO[bytes], array: Array) -> None:
    """Write one more array behind what `write` wrote; errors as there."""
    content = BytesIO()
    np.save(content, array, allow_pickle=False)
    _put(file, content.getbuffer())
    sync(file)


def sync(file: IO[bytes]) -> None:
    with writing():
        os.fsync(file.fileno())


def mapped(file: IO[bytes]) -> Array:
    """The array that starts where `file` stands, read from there when it is looked at; `file` goes on behind it.

    Holds a shared lock on the file as long as the array is used.
    """
    fcntl.flock(file, fcntl.LOCK_SH)  # of the open file, which the mapping shares: closing `file` does not end it
    np.lib.format.read_magic(file)
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    start = file.tell()
    array: Array = np.memmap(file, dtype, "r", start, shape)
    file.seek(start + array.nbytes)
    return array


def _head(count: int, block: Array) -> memoryview:
    """The start of a file of `count` rows like those of the block."""
    descr, shape = np.lib.format.dtype_to_descr(block.dtype), (count, *block.shape[1:])
    content = BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": descr, "fortran_order": False, "shape": shape})
    return content.getbuffer()


def _put(file: IO[bytes], content: memoryview) -> None:
    """Write all of it: the system may take a part at a time."""
    left = content.cast("B") if content.nbytes else content[:0]
    with writing():
        while left.nbytes:
            left = left[file.write(left) :]
