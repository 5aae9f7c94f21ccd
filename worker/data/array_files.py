"""Arrays in files: written block by block, so that none of them is ever whole in memory, and mapped to be read."""

import errno
import fcntl
import os
from collections.abc import Iterable
from io import BytesIO
from typing import IO

import numpy as np

from worker.data.sources import Array

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class NoRoomError(ValueError):
    """The disk is full, or refuses to be written."""


def write(file: IO[bytes], blocks: Iterable[Array]) -> None:
    """Write the blocks [k, …], one after the other, as one array in NumPy's format, to the disk itself.

    `file` is empty and has no buffer: one that could not be written would be tried again when it is closed.
    NoRoomError in one sentence when the disk is full.
    """
    count = 0
    try:
        for block in blocks:
            if not file.tell():
                _head(file, 0, block)
            _put(file, np.ascontiguousarray(block).data)
            count += len(block)
        file.seek(0)
        _head(file, count, block)  # as long as the first one: the format leaves room for the count to grow
        file.seek(0, os.SEEK_END)
        os.fsync(file.fileno())
    except OSError as error:
        raise _no_room(error) from error


def _no_room(error: OSError) -> NoRoomError:
    reason = "its disk is full" if error.errno in FULL else error.strerror or "it cannot be written"
    return NoRoomError(
        f"The data folder has no room for the samples in a file ({reason}): free disk space, then try again."
    )


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


def append(file: IO[bytes], array: Array) -> None:
    """Write one more array behind what `write` wrote; errors as there."""
    content = BytesIO()
    np.save(content, array, allow_pickle=False)
    try:
        _put(file, content.getbuffer())
        os.fsync(file.fileno())
    except OSError as error:
        raise _no_room(error) from error


def _head(file: IO[bytes], count: int, block: Array) -> None:
    descr, shape = np.lib.format.dtype_to_descr(block.dtype), (count, *block.shape[1:])
    content = BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": descr, "fortran_order": False, "shape": shape})
    _put(file, content.getbuffer())


def _put(file: IO[bytes], content: memoryview) -> None:
    """Write all of it: the system may take a part at a time."""
    left = content.cast("B") if content.nbytes else content[:0]
    while left.nbytes:
        left = left[file.write(left) :]
