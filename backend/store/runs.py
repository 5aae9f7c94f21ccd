"""The life of a run: claimed, written under a fence, finished, released or reaped."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from backend.domain.run.commands import CommandKind
from backend.domain.run.events import NewEvent
from backend.domain.run.states import LIVE, RunState
from backend.store import changes, run_dependencies, run_events
from backend.store.clock import now
from backend.store.run_listing import PageInvalid, page
from backend.store.session import on_rollback
from backend.store.tables import Experiment, Run, table

__all__ = [
    "Lease", "LeaseLost", "PageInvalid", "cancel_queued", "claim", "claimable", "counts", "delete_terminal", "finish", "get",
    "leases", "line", "oldest_claimable", "page", "reap", "release", "write",
]  # fmt: skip

MAX_ATTEMPTS = 3
"""Number of claims without progress after which a run is given up."""


class LeaseLost(Exception):
    """Raised when another worker owns the run now, or the run is over: nothing was written."""


@dataclass
class Lease:
    """Right to write to a run: a write succeeds only while the row has this epoch and this last event."""

    run_id: str
    epoch: int
    last_seq: int

    @classmethod
    def of(cls, run: Run) -> Self:
        return cls(run.id, run.epoch, run.last_seq)


def claim(session: Session, worker_id: str) -> Run | None:
    """Claims the oldest queued run of the highest priority that waits for no other; None without one."""
    while (run := _next_queued(session)) is not None:
        if not run_dependencies.settle(session, run):
            continue
        if run.attempts < MAX_ATTEMPTS:
            run.owner, run.epoch, run.attempts = worker_id, run.epoch + 1, run.attempts + 1
            run.started_at, run.heartbeat_at = run.started_at or now(), now()
            run_events.move(session, run, RunState.RUNNING)
            return run
        run_events.end(session, run, RunState.FAILED, f"Given up after {run.attempts} attempts without progress.")
    return None


def claimable(session: Session) -> bool:
    """Returns whether there is a run to claim. Takes no lock."""
    return session.scalar(select(Run.id).where(*_CLAIMABLE).limit(1)) is not None


def oldest_claimable(session: Session) -> Run | None:
    """The oldest run that could be claimed. Takes no lock."""
    return session.scalar(select(Run).where(*_CLAIMABLE).order_by(Run.created_at, Run.id).limit(1))


_CLAIMABLE = (Run.state == RunState.QUEUED, run_dependencies.may_begin())


_ORDER = (Run.priority.desc(), Run.created_at, Run.id)


def line(session: Session) -> dict[str, str]:
    """The experiments of the runs that may be claimed, by run, in the order in which they will be."""
    return dict(session.execute(select(Run.id, Run.experiment_id).where(*_CLAIMABLE).order_by(*_ORDER)).all())


def _next_queued(session: Session) -> Run | None:
    query = select(Run).where(*_CLAIMABLE).order_by(*_ORDER).limit(1)
    return session.scalar(query.with_for_update(of=Run, skip_locked=True).execution_options(populate_existing=True))


_runs = table(Run)
_FENCED = (
    update(_runs)
    .where(_runs.c.id == bindparam("run"), _runs.c.owner.is_not(None))
    .where(_runs.c.epoch == bindparam("held_epoch"), _runs.c.last_seq == bindparam("seen_seq"))
    .values(heartbeat=_runs.c.heartbeat + 1)
)


def write(session: Session, lease: Lease, events: Sequence[NewEvent] = (), **changes: Any) -> None:
    """Append events and change columns of the run's row, if the lease still holds; beats the heart in any case.

    Raises LeaseLost when it does not hold: let it leave the transaction's block, so that nothing is written.
    """
    values = {"last_seq": lease.last_seq + len(events), "heartbeat_at": now(), **changes}
    fence = {"run": lease.run_id, "held_epoch": lease.epoch, "seen_seq": lease.last_seq}
    if session.connection().execute(_FENCED, values | fence).rowcount != 1:
        raise LeaseLost(f"The lease on run {lease.run_id} at epoch {lease.epoch} is lost.")
    run_events.insert_events(session, lease.run_id, lease.last_seq, events)
    on_rollback(session, partial(setattr, lease, "last_seq", lease.last_seq))
    lease.last_seq += len(events)


def finish(
    session: Session, lease: Lease, state: RunState, error: str | None = None, events: Sequence[NewEvent] = ()
) -> None:
    """End the run, under the lease's fence. Pending commands are refused; the state event is the last."""
    assert state.terminal
    run_events.lock(session, lease.run_id)  # from here no command can be added to it
    refused = run_events.refuse_pending(session, lease.run_id, state)
    ending = [*events, *refused, run_events.state_event(state, error)]
    write(session, lease, ending, state=state, error=error, owner=None, finished_at=now())


def release(session: Session, lease: Lease, reason: str) -> None:
    """Returns the run to the queue, under the lease's fence. This attempt does not count."""
    run = run_events.lock(session, lease.run_id)
    attempts = max(run.attempts - 1, 0) if run else 0
    event = run_events.state_event(RunState.QUEUED, reason)
    write(session, lease, [event], state=RunState.QUEUED, owner=None, attempts=attempts)
    _cancel_if_asked(session, lease.run_id)


def reap(session: Session, run_id: str, epoch: int, heartbeat: int, reason: str) -> bool:
    """Takes a run from an owner whose heartbeat counter stood still; False when the counter has moved meanwhile.

    The run is queued again, or failed when it was claimed `MAX_ATTEMPTS` times without progress.
    """
    run = run_events.lock(session, run_id)
    if run is None or not run.state.live or (run.epoch, run.heartbeat) != (epoch, heartbeat):
        return False
    run.epoch, run.owner = run.epoch + 1, None
    if run.attempts >= MAX_ATTEMPTS:
        sentence = f"{reason} Given up after {run.attempts} attempts without progress."
        run_events.end(session, run, RunState.FAILED, sentence)
    else:
        run_events.move(session, run, RunState.QUEUED, reason)
        _cancel_if_asked(session, run_id)
    return True


def cancel_queued(session: Session, run_id: str, reason: str = "Cancelled while queued.") -> bool:
    """Cancel a run that nobody owns; False when it is not queued."""
    run = run_events.lock(session, run_id)
    if run is None or run.state is not RunState.QUEUED:
        return False
    run_events.end(session, run, RunState.CANCELLED, reason)
    return True


def _cancel_if_asked(session: Session, run_id: str) -> None:
    """Ends a run that returns to the queue with a pending cancel: no worker has to claim it for that."""
    requested = next((item for item in run_events.pending(session, run_id) if item.kind == CommandKind.CANCEL), None)
    run = run_events.lock(session, run_id)
    if requested is not None and run is not None:
        run_events.obey_cancel(session, run, requested)


def leases(session: Session) -> list[tuple[str, int, int]]:
    """(run id, epoch, heartbeat) of every live run: what a reaper watches."""
    query = select(Run.id, Run.epoch, Run.heartbeat).where(Run.state.in_(LIVE))
    return [(run_id, epoch, heartbeat) for run_id, epoch, heartbeat in session.execute(query)]


def get(session: Session, run_id: str) -> Run | None:
    """The run, with its experiment."""
    return session.get(Run, run_id)


def delete_terminal(session: Session, run_id: str) -> bool:
    """Deletes a run that is over, with all its rows; False when it is not over.

    Its experiment goes with its last run. Its files are the caller's to delete.
    """
    run = run_events.lock(session, run_id)
    if run is None or not run.state.terminal:
        return False
    changes.hand_on(session, run_id)
    others = select(Run.id).where(Run.experiment_id == run.experiment_id)
    session.execute(delete(Run).where(Run.id == run_id))
    session.execute(delete(Experiment).where(Experiment.id == run.experiment_id, ~others.exists()))
    return True


def counts(session: Session, counterfactuals: bool = True) -> dict[RunState, int]:
    """The number of runs in each state, with counterfactual runs or without."""
    found = dict.fromkeys(RunState, 0)
    query = select(Run.state, func.count()).group_by(Run.state)
    for state, count in session.execute(query if counterfactuals else query.where(Run.counterfactual_of.is_(None))):
        found[state] = count
    return found
