"""The files of a run that nobody registered: what killed trainers left behind."""

from collections.abc import Collection
from pathlib import Path

from backend.store import artifacts
from backend.store.session import Store


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
    for file in candidates:
        if file not in registered:
            file.unlink(missing_ok=True)
