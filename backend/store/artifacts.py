"""Registered files of runs: a file that is not registered does not exist for anybody."""

from datetime import timedelta

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.orm import Session

from backend.domain.run.states import Place
from backend.store.clock import now
from backend.store.tables import Artifact, Run

CHECKPOINT = "checkpoint"


def register(
    session: Session,
    run_id: str,
    *,
    id: str,
    kind: str,
    stage: int,
    step: int,
    path: str,
    bytes: int,
    sha256: str,
    place: Place | None = None,
) -> Artifact:
    """Register a file, in the transaction of the write that announces it.

    A checkpoint further along the timeline than all before it is progress: the run's attempts count again.
    """
    if kind == CHECKPOINT and _is_progress(session, run_id, stage, step):
        statement = update(Run).where(Run.id == run_id).values(attempts=0)
        session.execute(statement.execution_options(synchronize_session=False))
    newest = session.scalar(select(func.max(Artifact.created_at)).where(Artifact.run_id == run_id))
    moment = now() if newest is None else max(now(), newest + timedelta(microseconds=1))  # a clock may be set back
    artifact = Artifact(
        id=id, run_id=run_id, kind=kind, stage=stage, step=step, place=place, path=path, bytes=bytes,
        sha256=sha256, created_at=moment,
    )  # fmt: skip
    session.add(artifact)
    session.flush()
    return artifact


def _is_progress(session: Session, run_id: str, stage: int, step: int) -> bool:
    as_far = tuple_(Artifact.stage, Artifact.step) >= tuple_(stage, step)
    query = select(Artifact.id).where(Artifact.run_id == run_id, Artifact.kind == CHECKPOINT, as_far)
    return session.scalar(query.limit(1)) is None


def get(session: Session, artifact_id: str) -> Artifact | None:
    return session.get(Artifact, artifact_id)


def of(session: Session, run_id: str) -> list[Artifact]:
    """Every file of a run, in the order in which they were registered."""
    return list(session.scalars(select(Artifact).where(Artifact.run_id == run_id).order_by(Artifact.created_at)))


def checkpoints(session: Session, run_id: str) -> list[Artifact]:
    """The run's checkpoints, newest first."""
    query = select(Artifact).where(Artifact.run_id == run_id, Artifact.kind == CHECKPOINT)
    return list(session.scalars(query.order_by(Artifact.created_at.desc())))


def forget(session: Session, artifact_id: str) -> None:
    """Unregister a file; delete it from the disk after the transaction."""
    artifact = session.get(Artifact, artifact_id)
    if artifact is not None:
        session.delete(artifact)
