"""Creates forks: finds the checkpoint to start from, and copies the parent's prefix into the new run."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from sqlalchemy import bindparam, insert, literal, or_, select
from sqlalchemy.orm import Session

from backend.domain.run.events import EventKind, NewEvent
from backend.domain.run.states import Place, RunState
from backend.store import artifacts, events, exhibits, files, run_events
from backend.store.blocks import inheriting, stored
from backend.store.clock import new_id
from backend.store.crash_points import Point, passing
from backend.store.tables import Artifact, Event, Exhibit, Result, Run, table

ENDS = (Place.END, Place.STOPPED)


class NoCheckpoint(LookupError):
    """There is nothing that a fork could begin with, in one sentence."""


class Unforkable(Exception):
    """The checkpoint is there but nothing can follow it, in one sentence."""


@dataclass(frozen=True)
class Cut:
    """The past of `run` up to one of its checkpoints."""

    run: Run
    checkpoint: Artifact
    seq: int  # of the event that tells of the checkpoint, the last one of this past
    seconds: float  # of active training
    ended: int  # stages that had ended; the next one is the first that a fork has for itself
    within: bool  # whether that one had begun
    trains: bool  # whether it was training


@dataclass(frozen=True)
class Heirloom:
    """A file that goes into the new run, under an id and a path of its own there."""

    artifact: Artifact
    id: str
    path: str


def cut(session: Session, run: Run, *, checkpoint: str | None = None, stage: int | None = None) -> Cut:
    """The past up to this checkpoint, up to the end of this stage, or up to the newest checkpoint that can be followed.

    Raises NoCheckpoint, or Unforkable.
    """
    registered = artifacts.checkpoints(session, run.id)
    if checkpoint is not None:
        found = next((one for one in registered if one.id == checkpoint), None)
        if found is None:
            raise NoCheckpoint(f"The run has no checkpoint `{checkpoint[:80]}`.")
        return _cut(session, run, found)
    if stage is not None:
        ended = end_of(session, run, stage)
        if ended is None:
            raise NoCheckpoint(f"The run has no checkpoint at the end of stage {stage + 1}.")
        return ended
    for newest in registered:
        with suppress(Unforkable):
            return _cut(session, run, newest)
    raise NoCheckpoint("The run has left no checkpoint that a fork could begin with.")


def end_of(session: Session, run: Run, stage: int) -> Cut | None:
    """The past up to the end of the stage; None when that end has no checkpoint."""
    result = session.get(Result, (run.id, stage))
    for checkpoint in artifacts.checkpoints(session, run.id) if result else ():
        at_end = checkpoint.place in ENDS or checkpoint.place is None
        if result and at_end and (checkpoint.stage, checkpoint.step) == (stage, result.step):
            return _cut(session, run, checkpoint)
    return None


def _cut(session: Session, run: Run, checkpoint: Artifact) -> Cut:
    seq, told = _announced(session, checkpoint)
    seconds = told["seconds"]
    if checkpoint.place is Place.WITHIN:
        trains = told.get("trains", True)  # earlier versions did not say, and took hardly any elsewhere
        return Cut(run, checkpoint, seq, seconds, checkpoint.stage, within=True, trains=trains)
    if checkpoint.place is Place.STOPPING or not _is_last(session, checkpoint):
        raise Unforkable(
            f"The checkpoint at step {checkpoint.step:,} was taken on the way to the end of its stage, and nothing "
            "else can follow it: take the one at that end, or an earlier one."
        )
    return Cut(run, checkpoint, seq, seconds, checkpoint.stage + 1, within=False, trains=False)


def _is_last(session: Session, checkpoint: Artifact) -> bool:
    """Returns whether the checkpoint is the one at its stage's end, as the stage's result says."""
    result = session.get(Result, (checkpoint.run_id, checkpoint.stage))
    if result is None or result.step != checkpoint.step:
        return False
    same = (one for one in artifacts.checkpoints(session, checkpoint.run_id) if one.stage == checkpoint.stage)
    return checkpoint.place in ENDS or next(same).id == checkpoint.id


def _announced(session: Session, checkpoint: Artifact) -> tuple[int, dict[str, Any]]:
    """The number of the event that told of it, and what that said."""
    query = select(Event).where(Event.run_id == checkpoint.run_id, Event.kind == EventKind.CHECKPOINT.value)
    for event in session.scalars(query):
        if event.body["artifact"] == checkpoint.id:
            return event.seq, event.body
    raise Unforkable(f"The checkpoint at step {checkpoint.step:,} is not on its run's timeline: take another one.")


def inherited_seconds(session: Session, run_id: str) -> float:
    """Seconds of active training in the past that a fork began with; 0 for a run that began by itself."""
    kinds = (EventKind.CHECKPOINT.value, EventKind.FORKED.value)
    query = select(Event).where(Event.run_id == run_id, Event.kind.in_(kinds)).order_by(Event.seq)
    told = list(session.scalars(query))
    begun = [event.body["artifact"] for event in told if event.kind == EventKind.FORKED]
    taken = {event.body["artifact"]: event.body["seconds"] for event in told if event.kind == EventKind.CHECKPOINT}
    return float(taken[begun[-1]]) if begun else 0.0


def children(session: Session, run_id: str) -> list[Run]:
    """The runs that began with this one's past, and those that wait to, oldest first."""
    query = select(Run).where((Run.parent_id == run_id) | (Run.waits_for == run_id))
    return list(session.scalars(query.order_by(Run.created_at, Run.id)))


def heirlooms(session: Session, past: Cut, run_id: str) -> list[Heirloom]:
    """Inherited files of run `run_id`: those that ended stages left, their checkpoints, and the one at the fork point.

    That one comes last, so that it is the newest of the new run.
    """
    taken = [one for one in artifacts.of(session, past.run.id) if one.stage < past.ended and _outlasts(one, past)]
    return [_heirloom(one, run_id) for one in [*taken, past.checkpoint]]


def _outlasts(artifact: Artifact, past: Cut) -> bool:
    if artifact.kind != artifacts.CHECKPOINT:
        return True
    earlier = artifact.created_at < past.checkpoint.created_at
    return artifact.place in ENDS and earlier


def _heirloom(artifact: Artifact, run_id: str) -> Heirloom:
    *_, kind, name = PurePosixPath(artifact.path).parts
    return Heirloom(artifact, new_id(), f"runs/{run_id}/{kind}/{name}")


def share(data_dir: Path, taken: Sequence[Heirloom]) -> None:
    """Put the files into the new run's folder. Raises Unforkable when one is gone; what is there by then stays."""
    for one in taken:
        try:
            files.share(data_dir / one.artifact.path, data_dir / one.path)
            passing(Point.FILE_SHARED)
        except FileNotFoundError:
            raise Unforkable(
                f"`{one.artifact.path}`, which stage {one.artifact.stage + 1} left, is gone: fork from an earlier one."
            ) from None
    folders = {(data_dir / one.path).parent for one in taken}
    for folder in folders | {folder.parent for folder in folders}:
        files.sync(folder)


def inherit(session: Session, past: Cut, taken: Sequence[Heirloom], run_id: str, after: int) -> dict[str, Any]:
    """Write the past into a run whose row the caller holds, after its event number `after`.

    Returns what becomes of the run's columns; the last of the new events says where the run was forked.
    """
    ids = {one.artifact.id: one.id for one in taken}
    _copy_events(session, past, run_id, after)
    _rename(session, run_id, after, ids)
    run_events.insert_events(session, run_id, after + past.seq, [_forked(past, ids)])
    _copy_results(session, past, run_id, ids)
    _copy_exhibits(session, past, run_id, ids)
    for one in taken:
        session.add(_registered(one, run_id, past))
    session.flush()
    return {
        "last_seq": after + past.seq + 1,
        "parent_id": past.run.id,
        "fork_stage": past.ended,
        "fork_step": past.checkpoint.step,
        "waits_for": None,
        "waits_stage": None,
        "stage": past.ended,
        "step": past.checkpoint.step,
        "latest": _latest(session, past),
    }


def _forked(past: Cut, ids: Mapping[str, str]) -> NewEvent:
    checkpoint = past.checkpoint
    body = {
        "parent": past.run.id,
        "name": past.run.experiment.name,
        "checkpoint": checkpoint.id,
        "artifact": ids[checkpoint.id],
        "stage": past.ended,
        "step": checkpoint.step,
    }
    return NewEvent(kind=EventKind.FORKED, body=body)


def _copy_events(session: Session, past: Cut, run_id: str, after: int) -> None:
    """In the database itself: points are many."""
    compacted = inheriting.copy(session, past.run.id, past.seq, run_id, after)
    event = table(Event).c
    covered = stored.covered(session, [past.run.id]).get(past.run.id, 0)
    loose = or_(event.kind != EventKind.POINTS.value, event.seq > covered)
    past_events = select(
        literal(run_id), event.seq + bindparam("after"), event.kind, event.at, event.body, event.chunk
    ).where(event.run_id == past.run.id, event.seq <= past.seq, loose)
    statement = insert(table(Event)).from_select(["run_id", "seq", "kind", "at", "body", "chunk"], past_events)
    counted = statement.execution_options(preserve_rowcount=True)
    copied = session.connection().execute(counted, {"after": after}).rowcount
    assert compacted + copied == past.seq, "the parent's events have a gap, or the parent is gone"


def _rename(session: Session, run_id: str, after: int, ids: Mapping[str, str]) -> None:
    """Have the copied events name the new run's own checkpoints."""
    query = select(Event).where(
        Event.run_id == run_id, Event.seq > after, Event.kind == EventKind.CHECKPOINT.value
    )  # fmt: skip
    for event in session.scalars(query):
        event.body = renamed(event.body, ids)


def _copy_results(session: Session, past: Cut, run_id: str, ids: Mapping[str, str]) -> None:
    query = select(Result).where(Result.run_id == past.run.id, Result.stage < past.ended)
    for result in session.scalars(query):
        session.add(
            Result(
                run_id=run_id, stage=result.stage, kind=result.kind, label=result.label, step=result.step,
                body=renamed(result.body, ids), at=result.at,
            )
        )  # fmt: skip


def _copy_exhibits(session: Session, past: Cut, run_id: str, ids: Mapping[str, str]) -> None:
    """Those that had been shown by then and that no rewind has withdrawn."""
    query = select(Event.body).where(
        Event.run_id == past.run.id, Event.seq <= past.seq, Event.kind == EventKind.EXHIBIT.value
    )
    shown = {(body["kind"], body["stage"], body["step"]) for body in session.scalars(query)}
    for one in exhibits.of(session, past.run.id):
        if (one.kind, one.stage, one.step) in shown and one.step <= past.checkpoint.step:
            session.add(
                Exhibit(
                    run_id=run_id, kind=one.kind, stage=one.stage, step=one.step, body=renamed(one.body, ids), at=one.at
                )
            )


def _registered(one: Heirloom, run_id: str, past: Cut) -> Artifact:
    """A run that a person stopped there is over; its fork is not: for that one it is the end of a stage like any."""
    artifact = one.artifact
    ends = not past.within or artifact is not past.checkpoint
    place = (Place.END if ends else Place.WITHIN) if artifact.kind == artifacts.CHECKPOINT else None
    return Artifact(
        id=one.id, run_id=run_id, kind=artifact.kind, stage=artifact.stage, step=artifact.step, place=place,
        path=one.path, bytes=artifact.bytes, sha256=artifact.sha256, created_at=artifact.created_at,
    )  # fmt: skip


def _latest(session: Session, past: Cut) -> dict[str, float]:
    """The last finite value that each metric had by then."""
    found: dict[str, float] = {}
    names = list(past.run.latest)
    for chunk in reversed(events.chunks(session, past.run.id, metrics=names, until=past.seq)[1]) if names else ():
        for name, values in chunk.metrics.items():
            finite = values[np.isfinite(values)]
            if name not in found and finite.size:
                found[name] = float(finite[-1])
        if len(found) == len(names):
            break
    return found


def renamed(value: Any, ids: Mapping[str, str]) -> Any:
    """The same JSON with each text that is an old id replaced by the new one."""
    if isinstance(value, str):
        return ids.get(value, value)
    if isinstance(value, list):
        return [renamed(item, ids) for item in value]
    return {name: renamed(item, ids) for name, item in value.items()} if isinstance(value, dict) else value


def queue(session: Session, run: Run, past: Cut, taken: Sequence[Heirloom]) -> None:
    """Give a run that was just created this past, and have it wait for a worker."""
    assert run.state is RunState.QUEUED and run.last_seq == 0
    for name, value in inherit(session, past, taken, run.id, after=0).items():
        setattr(run, name, value)
    reason = f"Forked from “{past.run.experiment.name}”."
    run_events.append(session, run, [run_events.state_event(RunState.QUEUED, reason)])
