"""`python -m worker.process.liveness` says by its exit status whether every worker of this machine is alive.

Each worker has a mark of its own in the data folder. Its process holds the mark's lock for as long as it lives; in the
mark stands when its supervisor last took a turn, by the monotonic clock that all processes of a machine share.
"""

import fcntl
import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

from backend.domain.settings import Settings

log = logging.getLogger("lathe.worker")

STALE_SECONDS = 30.0  # more than the longest that one turn may wait for the database
MOST_BYTES = 512  # of a mark that is read


class Mark:
    """The mark of worker `id`. Its work never depends on it: whatever goes wrong with a mark is logged once."""

    def __init__(self, data_dir: Path, id: str) -> None:
        self._file = folder(data_dir) / f"{id}.alive"
        self._descriptor: int | None = None
        self._reported = False

    def set(self) -> None:
        """Say that the supervisor took a turn just now."""
        try:
            if self._descriptor is None or os.fstat(self._descriptor).st_nlink == 0:
                self._open()
            assert self._descriptor is not None
            # Always as long, over what was there: a full disk has no say in it.
            os.pwrite(self._descriptor, f"{monotonic():020.3f} {socket.gethostname()}\n".encode(), 0)
            self._reported = False
        except OSError as error:
            if not self._reported:
                log.warning(
                    "The mark %s cannot be set, so health checks will not see this worker: %s", self._file, error
                )
            self._reported = True

    def remove(self) -> None:
        """The worker leaves."""
        with suppress(OSError):
            self._close()
            self._file.unlink(missing_ok=True)

    def _open(self) -> None:
        """Make the mark and lock it; marks that nobody locks any more go. Raises OSError."""
        self._close()
        self._file.parent.mkdir(parents=True, exist_ok=True)
        for file, _ in _marks(self._file.parent, locked=False):
            file.unlink(missing_ok=True)
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def folder(data_dir: Path) -> Path:
    return data_dir / "workers"


def complaint(data_dir: Path) -> str | None:
    """A sentence about the worker of this machine that is not alive; None when each one is."""
    ages = {file.stem: age for file, content in _marks(folder(data_dir)) if (age := _age(content)) is not None}
    if not ages:
        return "No worker runs on this machine."
    silent = max(ages, key=lambda id: ages[id])
    if ages[silent] < STALE_SECONDS:
        return None
    return f"The supervisor of worker {silent} has sent no sign of life for {ages[silent]:.0f} s."


def _marks(within: Path, locked: bool = True) -> Iterator[tuple[Path, str]]:
    """Each mark whose process lives, and what it holds; those whose process has gone when not `locked`."""
    for file in within.glob("*.alive"):
        with suppress(OSError):
            descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                if _is_locked(descriptor) is locked:
                    yield file, os.pread(descriptor, MOST_BYTES, 0).decode(errors="replace")
            finally:
                os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _age(content: str) -> float | None:
    """Seconds since the mark was set; None for that of another machine, whose clock is another one."""
    moment, _, host = content.strip().partition(" ")
    return monotonic() - float(moment) if host == socket.gethostname() else None


if __name__ == "__main__":
    sys.exit(complaint(Settings.read().data_dir))
