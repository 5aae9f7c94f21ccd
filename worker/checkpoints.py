"""Which checkpoint a run goes on from: the newest one whose file is what was registered."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from sqlalchemy.orm import Session

from backend.spec.events import EventKind
from backend.store import artifacts, events, files
from backend.store.session import Store
from backend.store.tables import Artifact
from worker.messages import Checkpoint, File


def newest(store: Store, data_dir: Path, run_id: str) -> tuple[Checkpoint | None, list[str]]:
    """The checkpoint to resume from, None to begin anew; and a sentence for each newer one that is damaged."""
    with store.read() as session:
        registered = artifacts.checkpoints(session, run_id)
        seconds, inherited = _told(session, run_id) if registered else ({}, "")
    complaints: list[str] = []
    for artifact in registered:
        damage = files.damage(artifact, data_dir / artifact.path)
        if damage is None:
            found = _checkpoint(artifact, seconds.get(artifact.id, 0.0))
            return replace(found, inherited=artifact.id == inherited), complaints
        complaints.append(f"The checkpoint at step {artifact.step:,} {damage}: an earlier one is used.")
    return None, complaints


def vanished(store: Store, data_dir: Path, run_id: str, announced: Collection[File]) -> list[str]:
    """Ids of the checkpoints, registered or `announced`, that the engine has deleted since it wrote newer ones.

    Found before the write that forgets them: nobody waits for a disk with the lock of the database in hand.
    """
    with store.read() as session:
        paths = {artifact.id: artifact.path for artifact in artifacts.checkpoints(session, run_id)}
    paths |= {file.id: file.path for file in announced if file.kind == artifacts.CHECKPOINT}
    return [id for id, path in paths.items() if not (data_dir / path).exists()]


def _told(session: Session, run_id: str) -> tuple[dict[str, float], str]:
    """The seconds at which each checkpoint was taken, and the one that a fork began with."""
    marks = events.marks(session, run_id, kinds=[EventKind.CHECKPOINT, EventKind.FORKED])
    taken = (mark.body for mark in marks if mark.kind == EventKind.CHECKPOINT)
    begun = [mark.body["artifact"] for mark in marks if mark.kind == EventKind.FORKED]
    return {body["artifact"]: body["seconds"] for body in taken}, begun[-1] if begun else ""


def _checkpoint(artifact: Artifact, seconds: float) -> Checkpoint:
    return Checkpoint(
        artifact.id, artifact.path, artifact.sha256, artifact.bytes, artifact.stage, artifact.step, seconds,
        artifact.place,
    )  # fmt: skip
