"""Finds and deletes files of a run that were never registered: killed trainers left them behind."""

import logging
from collections.abc import Collection
from pathlib import Path

from backend.store import artifacts
from backend.store.crash_points import Point, passing
from backend.store.session import Store

log = logging.getLogger("lathe.run")


def present(data_dir: Path, run_id: str) -> list[Path]:
    """Every checkpoint and artifact file that the run has on disk."""
    return [file for name in ("checkpoints", "artifacts") for file in (data_dir / "runs" / run_id / name).glob("*")]


def collect(store: Store, data_dir: Path, run_id: str, candidates: Collection[Path]) -> None:
    """Delete those that are not registered.

    `candidates` were there before a write that proved the lease, while no trainer worked: the files of whoever may
    own the run by now are not among them.
    """
    with store.read() as session:
        registered = {data_dir / artifact.path for artifact in artifacts.of(session, run_id)}
    loose = [file for file in candidates if file not in registered]
    if loose:
        passing(Point.COLLECTING)
    for file in loose:
        delete(file)


def delete(file: Path) -> None:
    """Deletes a file that nobody needs; a failure is logged and does not stop the run."""
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        log.warning("A file that nobody needs cannot be deleted: %s", error)
