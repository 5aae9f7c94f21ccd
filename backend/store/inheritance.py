"""Gives a run the prefix of another one: its events, results, summaries and files, under names of its own.

Whoever does so puts the files into the run's folder, holds the other run in a transaction, and writes the rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from sqlalchemy import bindparam, insert, literal, or_, select
from sqlalchemy.orm import Session

from backend.domain.run.events import EventKind, NewEvent
from backend.domain.run.states import Place, RunState
from backend.store import artifacts, events, files, run_events, summaries
from backend.store.blocks import inheriting, stored
from backend.store.clock import new_id
from backend.store.crash_points import Point, passing
from backend.store.forks import ENDS, Prefix, Unforkable
from backend.store.session import Store
from backend.store.tables import Artifact, Event, Result, Run, Summary, table


@dataclass(frozen=True)
class InheritedFile:
    """A file that goes into the new run, under an id and a path of its own there."""

    artifact: Artifact
    id: str
    path: str


def take(store: Store, data_dir: Path, prefix: Prefix, run_id: str) -> list[InheritedFile]:
    """Put the files of the prefix into the folder of run `run_id`. Raises Unforkable when one is gone; what is there by
    then stays."""
    with store.read() as session:
        taken = inherited_files(session, prefix, run_id)
    _share(data_dir, taken)
    return taken


def hold(session: Session, prefix: Prefix, taken: Sequence[InheritedFile]) -> None:
    """Keep the other run as it is until the transaction ends. Raises Unforkable when it is not as it was taken."""
    if run_events.lock(session, prefix.run.id) is None:
        raise Unforkable("The run to start from is gone.")
    if [one.id for one in _left(session, prefix)] != [one.artifact.id for one in taken]:
        raise Unforkable("Some of the files to start from were replaced in the meantime: try again.")


def inherited_files(session: Session, prefix: Prefix, run_id: str) -> list[InheritedFile]:
    """Inherited files of run `run_id`, under ids and paths of its own."""
    return [_inherited_file(one, run_id) for one in _left(session, prefix)]


def _left(session: Session, prefix: Prefix) -> list[Artifact]:
    """Files of the prefix: those that ended stages left, their checkpoints, and the one at the fork point.

    That one comes last, so that it is the newest of the new run.
    """
    taken = [one for one in artifacts.of(session, prefix.run.id) if one.stage < prefix.ended and _outlasts(one, prefix)]
    return [*taken, prefix.checkpoint]


def _outlasts(artifact: Artifact, prefix: Prefix) -> bool:
    if artifact.kind != artifacts.CHECKPOINT:
        return True
    earlier = artifact.created_at < prefix.checkpoint.created_at
    return artifact.place in ENDS and earlier


def _inherited_file(artifact: Artifact, run_id: str) -> InheritedFile:
    *_, kind, name = PurePosixPath(artifact.path).parts
    return InheritedFile(artifact, new_id(), f"runs/{run_id}/{kind}/{name}")


def _share(data_dir: Path, taken: Sequence[InheritedFile]) -> None:
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


def inherit(
    session: Session, prefix: Prefix, taken: Sequence[InheritedFile], run_id: str, after: int
) -> dict[str, Any]:
    """Write the prefix into a run whose row the caller holds, after its event number `after`.

    Returns what becomes of the run's columns; the last of the new events says where the run was forked.
    """
    ids = {one.artifact.id: one.id for one in taken}
    _copy_events(session, prefix, run_id, after)
    _rename(session, run_id, after, ids)
    run_events.insert_events(session, run_id, after + prefix.seq, [_forked(prefix, ids)])
    _copy_results(session, prefix, run_id, ids)
    _copy_summaries(session, prefix, run_id, ids)
    for one in taken:
        session.add(_registered(one, run_id, prefix))
    session.flush()
    return {
        "last_seq": after + prefix.seq + 1,
        "parent_id": prefix.run.id,
        "fork_stage": prefix.ended,
        "fork_step": prefix.checkpoint.step,
        "waits_for": None,
        "waits_stage": None,
        "stage": prefix.ended,
        "step": prefix.checkpoint.step,
        "latest": _latest(session, prefix),
    }


def _forked(prefix: Prefix, ids: Mapping[str, str]) -> NewEvent:
    checkpoint = prefix.checkpoint
    body = {
        "parent": prefix.run.id,
        "name": prefix.run.experiment.name,
        "checkpoint": checkpoint.id,
        "artifact": ids[checkpoint.id],
        "stage": prefix.ended,
        "step": checkpoint.step,
    }
    return NewEvent(kind=EventKind.FORKED, body=body)


def _copy_events(session: Session, prefix: Prefix, run_id: str, after: int) -> None:
    """In the database itself: points are many."""
    compacted = inheriting.copy(session, prefix.run.id, prefix.seq, run_id, after)
    event = table(Event).c
    covered = stored.find_covered(session, [prefix.run.id]).get(prefix.run.id, 0)
    loose = or_(event.kind != EventKind.POINTS.value, event.seq > covered)
    prefix_events = select(
        literal(run_id), event.seq + bindparam("after"), event.kind, event.at, event.body, event.chunk
    ).where(event.run_id == prefix.run.id, event.seq <= prefix.seq, loose)
    statement = insert(table(Event)).from_select(["run_id", "seq", "kind", "at", "body", "chunk"], prefix_events)
    counted = statement.execution_options(preserve_rowcount=True)
    copied = session.connection().execute(counted, {"after": after}).rowcount
    assert compacted + copied == prefix.seq, "the parent's events have a gap, or the parent is gone"


def _rename(session: Session, run_id: str, after: int, ids: Mapping[str, str]) -> None:
    """Have the copied events name the new run's own checkpoints."""
    query = select(Event).where(
        Event.run_id == run_id, Event.seq > after, Event.kind == EventKind.CHECKPOINT.value
    )  # fmt: skip
    for event in session.scalars(query):
        event.body = renamed(event.body, ids)


def _copy_results(session: Session, prefix: Prefix, run_id: str, ids: Mapping[str, str]) -> None:
    query = select(Result).where(Result.run_id == prefix.run.id, Result.stage < prefix.ended)
    for result in session.scalars(query):
        session.add(
            Result(
                run_id=run_id, stage=result.stage, kind=result.kind, label=result.label, step=result.step,
                body=renamed(result.body, ids), at=result.at,
            )
        )  # fmt: skip


def _copy_summaries(session: Session, prefix: Prefix, run_id: str, ids: Mapping[str, str]) -> None:
    """Those that had been shown by then and that no rewind has withdrawn."""
    query = select(Event.body).where(
        Event.run_id == prefix.run.id, Event.seq <= prefix.seq, Event.kind == EventKind.SUMMARY.value
    )
    shown = {(body["kind"], body["stage"], body["step"]) for body in session.scalars(query)}
    for one in summaries.of(session, prefix.run.id):
        if (one.kind, one.stage, one.step) in shown and one.step <= prefix.checkpoint.step:
            session.add(
                Summary(
                    run_id=run_id, kind=one.kind, stage=one.stage, step=one.step, body=renamed(one.body, ids), at=one.at
                )
            )


def _registered(one: InheritedFile, run_id: str, prefix: Prefix) -> Artifact:
    """A run that a person stopped there is over; its fork is not: for that one it is the end of a stage like any."""
    artifact = one.artifact
    ends = not prefix.within or artifact is not prefix.checkpoint
    place = (Place.END if ends else Place.WITHIN) if artifact.kind == artifacts.CHECKPOINT else None
    return Artifact(
        id=one.id, run_id=run_id, kind=artifact.kind, stage=artifact.stage, step=artifact.step, place=place,
        path=one.path, bytes=artifact.bytes, sha256=artifact.sha256, created_at=artifact.created_at,
    )  # fmt: skip


def _latest(session: Session, prefix: Prefix) -> dict[str, float]:
    """The last finite value that each metric had by then."""
    found: dict[str, float] = {}
    names = list(prefix.run.latest)
    for chunk in reversed(events.chunks(session, prefix.run.id, metrics=names, until=prefix.seq)[1]) if names else ():
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


def queue(session: Session, run: Run, prefix: Prefix, taken: Sequence[InheritedFile]) -> None:
    """Give a run that was just created this prefix, and have it wait for a worker."""
    assert run.state is RunState.QUEUED and run.last_seq == 0
    for name, value in inherit(session, prefix, taken, run.id, after=0).items():
        setattr(run, name, value)
    reason = f"Forked from “{prefix.run.experiment.name}”."
    run_events.append(session, run, [run_events.state_event(RunState.QUEUED, reason)])
