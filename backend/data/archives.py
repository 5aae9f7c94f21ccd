"""Arrays in NPZ files, which are archives: what they say of themselves is held against the limits before anything of them
is written."""

import errno
import io
import os
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

from backend.data.arrays import Header, check_pair, check_table, header, short
from backend.data.faults import FileInvalid

MOST_MEMBERS = 64
MOST_READ = 1 << 20  # bytes of an archive at once, which bounds its directory too
MOST_TIMES = 200  # as large as its file an array may become; numbers that differ shrink to a tenth at the best
FREELY = 64 << 20  # bytes that an array may have however small its file is
FULL = (errno.ENOSPC, errno.EDQUOT)
DOCUMENT = "[Content_Types].xml"  # a member of every spreadsheet
PAIRS = (
    ("inputs", "targets"),
    ("x", "y"),
    ("X", "y"),
    ("X", "Y"),
    ("images", "labels"),
    ("data", "target"),
    ("data", "labels"),
)


class Archive(io.FileIO):
    """A file that gives no more than `most` bytes at once: an archive's directory may say that it is endless."""

    def __init__(self, path: Path, most: int = MOST_READ) -> None:
        super().__init__(path)
        self._most = most

    def read(self, size: int | None = -1, /) -> bytes:
        left = os.fstat(self.fileno()).st_size - self.tell()
        wanted = left if size is None or size < 0 else min(left, size)
        if wanted > self._most:
            raise zipfile.BadZipFile
        return super().read(wanted)


def unpack(path: Path, folder: Path) -> list[Path]:
    """The NPZ file's inputs and targets, or its only array, as NPY files in `folder`. Raises FileInvalid.

    Nothing is written before the headers of all that is wanted were read and found fit.
    """
    try:
        with Archive(path) as file, zipfile.ZipFile(file) as archive:
            chosen = _chosen(archive.namelist())
            said = [_declared(archive, name, what) for name, what in chosen]
            check_shapes(*said)
            for name, what in chosen:
                _check_times(archive.getinfo(name), what)
            check_room(folder, sum(one.bytes for one in said))
            return [_extract(archive, name, folder / what) for name, what in chosen]
    except Exception as error:  # zipfile believes a directory, and fails in as many ways as one can lie
        if isinstance(error, FileInvalid | MemoryError) or is_full(error):
            raise
        raise FileInvalid("The NPZ file is damaged or encrypted: write it with numpy.savez_compressed.") from None


def holds_arrays(names: Sequence[str]) -> bool:
    """Returns whether an archive of these members is for this module, if only to refuse it."""
    return DOCUMENT in names or not names or any(name.endswith(".npy") for name in names)


def check_shapes(*said: Header) -> None:
    """Raises FileInvalid unless arrays of these shapes are a table, or inputs and targets."""
    if len(said) == 1:
        check_table(said[0].shape)
    else:
        check_pair(said[0].shape, said[1].shape)


def check_room(folder: Path, needed: int) -> None:
    """Raises OSError when the disk is too full to hold so many bytes."""
    if shutil.disk_usage(folder).free < needed:
        raise OSError(errno.ENOSPC, "No space left on device")


def is_full(error: Exception) -> bool:
    """Returns whether the disk is too full for what was tried."""
    return getattr(error, "errno", None) in FULL


def _chosen(names: Sequence[str]) -> list[tuple[str, str]]:
    """Members of the archive, and what they are."""
    if DOCUMENT in names:
        raise FileInvalid("The file is a spreadsheet or document: export it as CSV, and send that.")
    if len(names) > MOST_MEMBERS:
        raise FileInvalid(f"The NPZ file has more than {MOST_MEMBERS} members: keep only the inputs and the targets.")
    arrays = [name.removesuffix(".npy") for name in names if name.endswith(".npy")]
    for inputs, targets in PAIRS:
        if inputs in arrays and targets in arrays:
            return [(f"{inputs}.npy", "inputs"), (f"{targets}.npy", "targets")]
    if len(arrays) == 1:
        return [(f"{arrays[0]}.npy", "table")]
    known = ", ".join(name[:40] for name in arrays[:8]) or "none"
    raise FileInvalid(
        f"The NPZ file must hold two arrays called `inputs` and `targets` (or `x` and `y`); it holds: {known}."
    )


def _declared(archive: zipfile.ZipFile, name: str, what: str) -> Header:
    """The header of a member whose directory entry bears it out. Raises FileInvalid."""
    if archive.namelist().count(name) > 1:
        raise FileInvalid(f"The NPZ file holds `{name}` twice: keep one of them.")
    entry = archive.getinfo(name)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileInvalid("The NPZ file uses an unsupported compression: write it with numpy.savez_compressed.")
    with archive.open(name) as source:
        said = header(source, what)
        if (held := entry.file_size - source.tell()) != said.bytes:
            raise FileInvalid(short(what, said, held), what)
    return said


def _check_times(entry: zipfile.ZipInfo, what: str) -> None:
    """Raises FileInvalid for an array whose file is so small that it can only be meant to fill the disk."""
    if entry.file_size > max(FREELY, MOST_TIMES * entry.compress_size):
        raise FileInvalid(
            f"The {what} array is more than {MOST_TIMES} times as large as its compressed file: write it with numpy.savez, which "
            "compresses nothing, or send fewer samples.",
            what,
        )


def _extract(archive: zipfile.ZipFile, name: str, target: Path) -> Path:
    """One member, and no more of it than its entry says."""
    left = archive.getinfo(name).file_size
    with archive.open(name) as source, target.open("wb") as file:
        while left > 0 and (block := source.read(min(left, MOST_READ))):
            left -= file.write(block)
    return target
