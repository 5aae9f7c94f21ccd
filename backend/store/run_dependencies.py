"""Queued runs that start from another run's result: they wait until it is there, or the other run is over.

A run waits as long as `waits_for` names a run that is not over and has not finished stage `waits_stage`. Nobody has to
be told of either: whoever claims looks. Chains of waiting runs lead to older ones and end, so that none waits for ever.
A stage that a person stopped is not finished: its model is not the spec's.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from backend.domain.run.states import TERMINAL, Place, RunState
from backend.store import forks
from backend.store.artifacts import CHECKPOINT
from backend.store.tables import Artifact, Run


def arrange(session: Session, runs: Sequence[Run], shared: Sequence[tuple[int, int] | None]) -> None:
    """Lets each run wait for the one at that index, until it has finished so many stages."""
    session.flush()  # those that are waited for have to be there
    for run, common in zip(runs, shared, strict=True):
        if common is not None:
            older, stages = common
            run.waits_for, run.waits_stage = runs[older].id, stages - 1
    session.flush()


def may_begin() -> ColumnElement[bool]:
    """SQL condition that a queued run no longer waits for another one."""
    older = aliased(Run)
    over = select(older.id).where(older.id == Run.waits_for, older.state.in_(TERMINAL))
    reached = _ends(Artifact.run_id == Run.waits_for, Artifact.stage == Run.waits_stage)
    return or_(Run.waits_for.is_(None), over.exists(), reached.exists())


def settle(session: Session, run: Run) -> bool:
    """Decides from which history a locked run starts; False when it must wait for yet another run instead.

    When the one that it waited for ended too early, the run begins with what that one did finish, or with the prefix
    that that one was itself to begin with, or by itself; then those that waited with it wait for it.
    """
    older = session.get(Run, run.waits_for) if run.waits_for else None
    if older is None or run.waits_stage is None:
        run.waits_for = run.waits_stage = None
        return True
    wanted, reached = run.waits_stage, _reached(session, older.id, run.waits_stage)
    if reached == wanted:
        return True
    if reached is None and older.waits_for is not None:
        run.waits_for, run.waits_stage = older.waits_for, min(wanted, older.waits_stage or 0)
        session.flush()
        return False
    _lead(session, run, -1 if reached is None else reached)
    run.waits_for, run.waits_stage = (None, None) if reached is None else (older.id, reached)
    return True


def _reached(session: Session, run_id: str, wanted: int) -> int | None:
    """The last stage up to number `wanted` whose end has a checkpoint."""
    return session.scalar(
        _ends(Artifact.run_id == run_id, Artifact.stage <= wanted).with_only_columns(func.max(Artifact.stage))
    )


def _ends(*of: ColumnElement[bool]) -> Select[int]:
    """The stages whose end has a checkpoint, of those that are asked about."""
    return select(Artifact.stage).where(Artifact.kind == CHECKPOINT, Artifact.place == Place.END, *of)


def _lead(session: Session, run: Run, reached: int) -> None:
    """Lets the runs that wanted more of the ended run, as this one did, wait for this one."""
    query = select(Run).where(Run.waits_for == run.waits_for, Run.waits_stage > reached, Run.id != run.id)
    queued = query.where(Run.state == RunState.QUEUED).with_for_update(of=Run, skip_locked=True)
    for other in session.scalars(queued):
        assert other.waits_stage is not None and run.waits_stage is not None
        other.waits_for, other.waits_stage = run.id, min(other.waits_stage, run.waits_stage)
        other.heartbeat += 1  # its row reads differently now
    session.flush()


def find_prefix(session: Session, run: Run) -> forks.Prefix | None:
    """The history with which a claimed run starts; None when it is gone."""
    older = session.get(Run, run.waits_for) if run.waits_for else None
    return None if older is None or run.waits_stage is None else forks.end_of(session, older, run.waits_stage)
