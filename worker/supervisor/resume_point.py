"""Finds the checkpoint from which a run resumes: the newest one whose file is what was registered."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from backend.domain.run.commands import CommandKind
from backend.domain.run.events import EventKind, NewEvent
from backend.domain.run.states import Place
from backend.store import artifacts, events, files, runs
from backend.store.files import Damage
from backend.store.runs import Lease
from backend.store.session import Store
from backend.store.tables import Artifact
from worker.pipe.messages import Checkpoint, File

Damaged = tuple[Artifact, Damage]


def newest(store: Store, data_dir: Path, run_id: str) -> tuple[Checkpoint | None, list[Damaged]]:
    """The checkpoint to resume from, None to start again; and what is wrong with each newer one."""
    with store.read() as session:
        registered = artifacts.checkpoints(session, run_id)
        found = _read_checkpoints(session, run_id) if registered else {}
    damaged: list[Damaged] = []
    for artifact in registered:
        damage = files.damage(artifact, data_dir / artifact.path)
        if damage is None:
            return _checkpoint(artifact, found.get(artifact.id, {})), damaged
        damaged.append((artifact, damage))
    return None, damaged


def withdraw(store: Store, lease: Lease, damaged: Collection[Damaged]) -> None:
    """Tell of each, and unregister those that will never be whole again: no fork is to begin with them. Raises LeaseLost."""
    with store.begin() as session:
        runs.write(session, lease, [_complaint(artifact, damage) for artifact, damage in damaged])
        for artifact, damage in damaged:
            if damage.final:
                artifacts.forget(session, artifact.id)


def _complaint(artifact: Artifact, damage: Damage) -> NewEvent:
    offered = " It is no longer offered." if damage.final else ""
    text = f"The checkpoint at step {artifact.step:,} {damage}: an earlier one is used.{offered}"
    return NewEvent(kind=EventKind.LOG, body={"level": "warning", "text": text})


def find_vanished(store: Store, data_dir: Path, run_id: str, announced: Collection[File]) -> list[str]:
    """Ids of the checkpoints, registered or `announced`, that the engine has deleted since it wrote newer ones.

    Found before the write that forgets them: nobody waits for a disk with the lock of the database in hand.
    """
    with store.read() as session:
        paths = {artifact.id: artifact.path for artifact in artifacts.checkpoints(session, run_id)}
    paths |= {file.id: file.path for file in announced if file.kind == artifacts.CHECKPOINT}
    return [id for id, path in paths.items() if not (data_dir / path).exists()]


def _read_checkpoints(session: Session, run_id: str) -> dict[str, dict[str, Any]]:
    """Each checkpoint's event. The last one before the run was steered stays, since people go back before that."""
    found: dict[str, dict[str, Any]] = {}
    last: dict[str, Any] = {}
    for mark in events.marks(session, run_id, kinds=[EventKind.CHECKPOINT, EventKind.COMMAND]):
        if mark.kind == EventKind.CHECKPOINT:
            last = found[mark.body["artifact"]] = dict(mark.body)
        elif mark.kind == EventKind.COMMAND and mark.body["kind"] in (CommandKind.SET, CommandKind.NEXT):
            last["keep"] = True
    return found


def _checkpoint(artifact: Artifact, found: Mapping[str, Any]) -> Checkpoint:
    """Of an earlier version's it is not known whether it was to stay."""
    within = artifact.place in (Place.WITHIN, Place.STOPPING)
    return Checkpoint(
        artifact.id, artifact.path, artifact.sha256, artifact.bytes, artifact.stage, artifact.step,
        found.get("seconds", 0.0), artifact.place, keep=found.get("keep", not within),
    )  # fmt: skip
