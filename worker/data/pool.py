"""The pool: samples that were read and decoded once, kept in mapped files that all runs share.

A file's name is a hash of what it was made from. It is written under the name `….part` by one process, while the others
wait, and gets its own name when it is whole and on the disk; so a process that is killed leaves nothing that is taken for
whole. Beyond `most` bytes the files that were not used for the longest time are removed, but none that is in use.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import IO

import numpy as np

from backend import __version__
from worker.data.array_files import NoRoomError, append, mapped, write, writing
from worker.data.sources import Array
from worker.data.tensors import Samples

MOST = 32 << 30  # bytes
Block = tuple[Array, Array]


@dataclass(frozen=True)
class Reading:
    """Samples of a dataset as they are read: `blocks` gives inputs [k, …] and targets [k, …], in order.

    The samples are the same as long as the `files` that they come from are unchanged, and `settings` are the same.
    """

    blocks: Callable[[], Iterable[Block]]
    files: Sequence[Path] = ()
    settings: str = ""

    @property
    def key(self) -> str:
        """A text that stands for the samples."""
        facts = [(path.resolve(), path.stat()) for path in self.files]
        return "\n".join([self.settings, *(f"{path} {file.st_size} {file.st_mtime_ns}" for path, file in facts)])

    def gather(self) -> Samples:
        """All samples, in memory."""
        inputs, targets = zip(*self.blocks(), strict=True)
        return Samples(np.concatenate(inputs), np.concatenate(targets))


@dataclass(frozen=True)
class Pool:
    """The files in `folder`."""

    folder: Path
    most: int = MOST

    def open(self, reading: Reading) -> Samples:
        """The samples of `reading`, mapped; read now if no run has read them before. NoRoomError on a full disk."""
        name = hashlib.sha256(f"{__version__}\n{reading.key}".encode()).hexdigest()[:32]
        path = self.folder / f"{name}.npy"
        while (found := _opened(path)) is None:
            self._fill(path, reading)
        self.trim(self.most)
        return found

    def trim(self, most: int) -> int:
        """Remove files that were unused for longest, until `most` bytes are left or all are in use; returns the bytes removed."""
        files = sorted(_found(self.folder), key=lambda found: found[1].st_mtime_ns)
        total, removed = sum(facts.st_size for _, facts in files), 0
        for file, facts in files:
            if total - removed > most and _removed(file):
                removed += facts.st_size
        return removed

    def _fill(self, path: Path, reading: Reading) -> None:
        with writing():
            self.folder.mkdir(parents=True, exist_ok=True)
        for leftover in self.folder.glob("*.part"):
            _removed(leftover)
        part = path.with_suffix(".part")
        with _claimed(part) as file:
            if path.exists():  # another process was faster
                part.unlink()
                return
            try:
                self._write(file, reading)
            except BaseException:
                part.unlink()
                raise
            part.rename(path)

    def _write(self, file: IO[bytes], reading: Reading) -> None:
        """Write the samples; files that nobody uses give way on a full disk."""
        try:
            _write(file, reading)
        except NoRoomError:
            if not self.trim(0):
                raise
            _write(file, reading)


def _write(file: IO[bytes], reading: Reading) -> None:
    """Inputs and targets, one array behind the other."""
    targets: list[Array] = []

    def inputs() -> Iterator[Array]:
        for block, labels in reading.blocks():
            targets.append(labels)
            yield block

    file.seek(0)
    file.truncate()
    write(file, inputs())
    append(file, np.concatenate(targets))


def _opened(path: Path) -> Samples | None:
    with suppress(FileNotFoundError), path.open("rb") as file:
        inputs = mapped(file)
        os.utime(file.fileno())
        return Samples(inputs, np.load(file, allow_pickle=False))
    return None


@contextmanager
def _claimed(part: Path) -> Iterator[IO[bytes]]:
    """The file `part`, which no other process writes meanwhile."""
    while True:
        with writing():  # in one step: another process sweeps what is there and has no owner
            descriptor = os.open(part, os.O_RDWR | os.O_CREAT, 0o644)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            flock(file, LOCK_EX)
            if _is_still(file, part):  # it was not renamed or removed by who had it before
                yield file
                return


def _is_still(file: IO[bytes], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _found(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for file in folder.glob("*.npy"):
        with suppress(FileNotFoundError):  # another process removes files too
            yield file, file.stat()


def _removed(path: Path) -> bool:
    """Remove the file unless it is in use; returns whether it was removed."""
    try:
        with path.open("rb") as file:
            flock(file, LOCK_EX | LOCK_NB)
            path.unlink()
    except OSError:
        return False
    return True
