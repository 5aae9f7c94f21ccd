"""Stores uploaded data in `DATA_DIR/uploads/<id>/`. An upload in progress lies in `.<id>` and is locked.

A process that dies meanwhile leaves a folder that is neither locked nor registered. The next start removes it.
"""

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.store import files, uploads
from backend.store.clock import new_id
from backend.store.session import UNAVAILABLE, Store

log = logging.getLogger(__name__)


class Slot:
    """A folder that is being filled. It is gone when its block ends, unless it was kept."""

    def __init__(self, root: Path) -> None:
        self.id, self.root, self.registered = new_id(), root, False
        self.folder = root / f".{self.id}"

    def keep(self) -> None:
        """Give the folder its final name, for good."""
        files.sync(self.folder)
        self.folder = self.folder.rename(self.root / self.id)
        files.sync(self.root)


@contextmanager
def slot(data_dir: Path) -> Iterator[Slot]:
    """A new folder. Unless `registered` was set by the end, nothing of it remains."""
    root = data_dir / "uploads"
    root.mkdir(parents=True, exist_ok=True)
    made = Slot(root)
    made.folder.mkdir()
    with locked(made.folder):
        try:
            yield made
        finally:
            if not made.registered:
                shutil.rmtree(made.folder, ignore_errors=True)


def remove(data_dir: Path, upload_id: str) -> None:
    """The files of one that is no longer registered."""
    shutil.rmtree(data_dir / "uploads" / upload_id, ignore_errors=True)


def sweep(store: Store, data_dir: Path) -> list[str]:
    """Remove what nobody fills and nobody registered; returns the names of the folders."""
    try:
        swept = [folder.name for folder in sorted((data_dir / "uploads").glob("*")) if _swept(store, folder)]
    except UNAVAILABLE:
        return []  # the next start will find it too
    if swept:
        log.warning("removed %d unfinished upload(s)", len(swept))
    return swept


def _swept(store: Store, folder: Path) -> bool:
    try:
        with locked(folder), store.read() as session:
            if uploads.known(session, [folder.name]):
                return False
            shutil.rmtree(folder, ignore_errors=True)
            return True
    except (BlockingIOError, FileNotFoundError, NotADirectoryError):
        return False


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Raises BlockingIOError when somebody else holds it. A process that dies lets go of it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
