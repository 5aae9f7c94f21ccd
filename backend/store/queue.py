"""Place of each queued run in the line, and its waiting time as far as it is known."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.domain.run.states import LIVE, Awaited, RunState
from backend.store import runs
from backend.store.tables import Run, Worker


@dataclass(frozen=True)
class Place:
    """A run's place in the queue."""

    awaits: Awaited
    ahead: int = 0  # runs that are at work or are claimed before it, while no worker is free for it
    seconds: float | None = None  # until a worker is, where the pace of each of those is known


def places(session: Session, shown: Sequence[Run]) -> dict[str, Place]:
    """The place of each of these runs that is queued."""
    queued = [run for run in shown if run.state is RunState.QUEUED]
    if not queued:
        return {}
    workers = session.scalar(select(func.count()).where(Worker.gone_at.is_(None))) or 0
    if not workers:
        return {run.id: Place(Awaited.WORKER) for run in queued}
    live = list(session.scalars(select(Run).where(Run.state.in_(LIVE))))
    line = runs.line(session)
    waits = dict(zip(line, _waits(live, workers, list(line.values())), strict=True))
    turns = {
        run_id: Place(Awaited.TURN, before if before >= workers else 0, seconds)
        for before, (run_id, seconds) in enumerate(waits.items(), len(live))
    }
    return {run.id: turns.get(run.id, Place(Awaited.RUN)) for run in queued}


def _waits(live: Sequence[Run], workers: int, experiments: Sequence[str]) -> Iterator[float | None]:
    """Seconds until each run of the line can begin, when every worker takes the next one as soon as it is free.

    A run of an experiment of which another run is at work is thought to take as long as that one; of what else is
    before it nothing is known.
    """
    left = [_left(run) for run in live]
    known = {run.experiment_id: whole for run in live if (whole := _whole(run)) is not None}
    free = [0.0] * max(workers - len(live), 0) + [seconds for seconds in left if seconds is not None]
    heapq.heapify(free)
    certain = None not in left
    for experiment in experiments:
        yield free[0] if certain else None
        cost = known.get(experiment)
        if certain and cost is not None:
            heapq.heapreplace(free, free[0] + cost)
        certain = certain and cost is not None


def _pace(run: Run) -> float | None:
    """Seconds that a step of the run takes, of those that are its own; None before it has done one."""
    own = run.step - (run.fork_step or 0)
    return run.active_seconds / own if own > 0 and run.active_seconds > 0 else None


def _whole(run: Run) -> float | None:
    """Seconds that all steps of its own take; None where its end or its pace is not known."""
    pace = _pace(run)
    return None if pace is None or not run.total_steps else pace * (run.total_steps - (run.fork_step or 0))


def _left(run: Run) -> float | None:
    """Seconds until its last step; None, too, of a run that is paused: nobody knows when it goes on."""
    whole = _whole(run)
    return max(whole - run.active_seconds, 0.0) if whole is not None and run.state is RunState.RUNNING else None
