"""Folders of files that the database registers: filled before it knows them, removed after it has forgotten them.

Meanwhile a folder is marked, and whoever fills it holds a lock, which a process that dies lets go of. The next start
settles what is marked and not locked. Folders without a mark are never touched.
"""

import fcntl
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from backend.store import runs, uploads
from backend.store.session import UNAVAILABLE, Store

log = logging.getLogger(__name__)

MARK = ".unborn"


@dataclass(frozen=True)
class Staging:
    """The folders of one kind of thing: each is called by the id of its thing, which `find` looks up."""

    store: Store
    root: Path
    find: Callable[[Session, str], object | None]

    @contextmanager
    def filling(self, id: str) -> Iterator[Path]:
        """A new folder to fill. By the end its thing is registered, or nothing of it remains."""
        folder = self.root / id
        folder.mkdir(parents=True)
        with _locked(folder):
            try:
                (folder / MARK).touch()
                yield folder
            finally:
                self._settle(folder)

    def release(self, id: str) -> None:
        """Mark the folder of a thing that is about to be forgotten; afterwards `settle` removes it."""
        with suppress(FileNotFoundError):
            (self.root / id / MARK).touch()

    def settle(self, id: str) -> bool:
        """Settle a marked folder that nobody fills. Returns whether it is gone."""
        folder = self.root / id
        with suppress(BlockingIOError, FileNotFoundError), _locked(folder):
            self._settle(folder)
            return not folder.exists()
        return False

    def sweep(self) -> list[str]:
        """Settle what a server that died left behind; returns the ids of the folders that are gone."""
        marked = [mark.parent.name for mark in sorted(self.root.glob(f"*/{MARK}"))]
        swept = [id for id in marked if self.settle(id)]
        if swept:
            log.warning("removed %d unfinished folder(s) of %s", len(swept), self.root.name)
        return swept

    def _settle(self, folder: Path) -> None:
        """Unmark the folder of a registered thing, remove another one; leave it as it is while nobody can tell."""
        try:
            with self.store.read() as session:
                known = self.find(session, folder.name) is not None
        except UNAVAILABLE:
            return
        if known:
            (folder / MARK).unlink(missing_ok=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def of_runs(store: Store, data_dir: Path) -> Staging:
    return Staging(store, data_dir / "runs", runs.get)


def of_uploads(store: Store, data_dir: Path) -> Staging:
    return Staging(store, data_dir / "uploads", uploads.get)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Raises BlockingIOError when somebody else holds it. A process that dies lets go of it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
