"""Prefixes of runs that other runs can start from: each ends with a checkpoint."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.domain.run.events import EventKind
from backend.domain.run.states import Place
from backend.store import artifacts
from backend.store.tables import Artifact, Event, Result, Run

ENDS = (Place.END, Place.STOPPED)


class NoCheckpoint(LookupError):
    """A run without a checkpoint to fork from, explained in one sentence."""


class Unforkable(Exception):
    """A checkpoint that no fork can start from, explained in one sentence."""


@dataclass(frozen=True)
class Prefix:
    """The history of `run` up to one of its checkpoints."""

    run: Run
    checkpoint: Artifact
    seq: int  # of the event that tells of the checkpoint, the last one of this prefix
    seconds: float  # of active training
    ended: int  # stages that had ended; the next one is the first that a fork has for itself
    within: bool  # whether that one had begun
    trains: bool  # whether it was training


def find_prefix(session: Session, run: Run, *, checkpoint: str | None = None, stage: int | None = None) -> Prefix:
    """The history up to this checkpoint, up to the end of this stage, or up to the newest checkpoint that a fork can start from.

    Raises NoCheckpoint, or Unforkable.
    """
    registered = artifacts.checkpoints(session, run.id)
    if checkpoint is not None:
        found = next((one for one in registered if one.id == checkpoint), None)
        if found is None:
            raise NoCheckpoint(f"The run has no checkpoint `{checkpoint[:80]}`.")
        return _prefix(session, run, found)
    if stage is not None:
        ended = end_of(session, run, stage)
        if ended is None:
            raise NoCheckpoint(f"The run has no checkpoint at the end of stage {stage + 1}.")
        return ended
    for newest in registered:
        with suppress(Unforkable):
            return _prefix(session, run, newest)
    raise NoCheckpoint("The run has no checkpoint to fork from.")


def end_of(session: Session, run: Run, stage: int) -> Prefix | None:
    """The history up to the end of the stage; None when that end has no checkpoint."""
    result = session.get(Result, (run.id, stage))
    for checkpoint in artifacts.checkpoints(session, run.id) if result else ():
        at_end = checkpoint.place in ENDS or checkpoint.place is None
        if result and at_end and (checkpoint.stage, checkpoint.step) == (stage, result.step):
            return _prefix(session, run, checkpoint)
    return None


def _prefix(session: Session, run: Run, checkpoint: Artifact) -> Prefix:
    seq, said = _announced(session, checkpoint)
    seconds = said["seconds"]
    if checkpoint.place is Place.WITHIN:
        trains = said.get("trains", True)  # earlier versions did not say, and took hardly any elsewhere
        return Prefix(run, checkpoint, seq, seconds, checkpoint.stage, within=True, trains=trains)
    if checkpoint.place is Place.STOPPING or not _is_last(session, checkpoint):
        raise Unforkable(
            f"The checkpoint at step {checkpoint.step:,} was taken while its stage was ending, and no other "
            "stage can follow it: use the checkpoint at that end, or an earlier one."
        )
    return Prefix(run, checkpoint, seq, seconds, checkpoint.stage + 1, within=False, trains=False)


def _is_last(session: Session, checkpoint: Artifact) -> bool:
    """Returns whether the checkpoint is the one at its stage's end, as the stage's result says."""
    result = session.get(Result, (checkpoint.run_id, checkpoint.stage))
    if result is None or result.step != checkpoint.step:
        return False
    same = (one for one in artifacts.checkpoints(session, checkpoint.run_id) if one.stage == checkpoint.stage)
    return checkpoint.place in ENDS or next(same).id == checkpoint.id


def _announced(session: Session, checkpoint: Artifact) -> tuple[int, dict[str, Any]]:
    """Number and body of the event that announced the checkpoint."""
    query = select(Event).where(Event.run_id == checkpoint.run_id, Event.kind == EventKind.CHECKPOINT.value)
    for event in session.scalars(query):
        if event.body["artifact"] == checkpoint.id:
            return event.seq, event.body
    raise Unforkable(f"The checkpoint at step {checkpoint.step:,} is not on its run's timeline: take another one.")


def last_inherited(session: Session, run_id: str) -> int:
    """The number of the event that ends the prefix which a fork began with; 0 for a run that began by itself."""
    forked = Event.run_id == run_id, Event.kind == EventKind.FORKED.value
    return session.scalar(select(func.max(Event.seq)).where(*forked)) or 0


def inherited_seconds(session: Session, run_id: str) -> float:
    """Seconds of active training that a fork inherited; 0 for a run that is not a fork."""
    kinds = (EventKind.CHECKPOINT.value, EventKind.FORKED.value)
    query = select(Event).where(Event.run_id == run_id, Event.kind.in_(kinds)).order_by(Event.seq)
    said = list(session.scalars(query))
    begun = [event.body["artifact"] for event in said if event.kind == EventKind.FORKED]
    taken = {event.body["artifact"]: event.body["seconds"] for event in said if event.kind == EventKind.CHECKPOINT}
    return float(taken[begun[-1]]) if begun else 0.0


def children(session: Session, run_id: str) -> list[Run]:
    """Forks of the run and runs that wait to fork it, the oldest first."""
    query = select(Run).where((Run.parent_id == run_id) | (Run.waits_for == run_id))
    return list(session.scalars(query.order_by(Run.created_at, Run.id)))
