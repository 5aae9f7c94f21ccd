"""Creates a run's folder `DATA_DIR/runs/<id>/` before the run is in the database. The folder is marked and locked.

A process that dies meanwhile leaves a marked folder without a lock. The next start removes it, unless the run was
registered after all. Folders without the mark are never touched.
"""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.api.staging.upload_files import locked
from backend.store import runs
from backend.store.session import UNAVAILABLE, Store

log = logging.getLogger(__name__)

MARK = ".unborn"


@contextmanager
def nursery(store: Store, data_dir: Path, run_id: str) -> Iterator[None]:
    """A folder to fill. By the end its run is registered, or nothing of it remains."""
    folder = data_dir / "runs" / run_id
    folder.mkdir(parents=True)
    with locked(folder):
        (folder / MARK).touch()
        try:
            yield
        finally:
            _settle(store, folder)


def sweep(store: Store, data_dir: Path) -> list[str]:
    """Settle what a server that died left behind; returns the ids of the runs that were never born."""
    marked = [mark.parent for mark in sorted((data_dir / "runs").glob(f"*/{MARK}"))]
    swept = [folder.name for folder in marked if _swept(store, folder)]
    if swept:
        log.warning("removed %d unfinished fork(s)", len(swept))
    return swept


def _swept(store: Store, folder: Path) -> bool:
    try:
        with locked(folder):
            _settle(store, folder)
    except (BlockingIOError, FileNotFoundError):
        return False
    return not folder.exists()


def _settle(store: Store, folder: Path) -> None:
    """Unmark the folder of a registered run, remove another one; leave it as it is while nobody can tell."""
    try:
        with store.read() as session:
            born = runs.get(session, folder.name) is not None
    except UNAVAILABLE:
        return
    if born:
        (folder / MARK).unlink(missing_ok=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)
