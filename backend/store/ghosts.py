"""Ghosts: runs that go on without one intervention of another run's, to show what it did.

A ghost begins with the newest checkpoint before the intervention, or anew when none is left, makes every other
intervention that its run had made by the time it was asked for, and is claimed after every run that is none.
"""

from collections.abc import Iterator
from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.spec.commands import THE_SPEC, CommandKind
from backend.spec.experiment import Experiment
from backend.spec.runs import RunState
from backend.store import artifacts, forks, steering
from backend.store.forks import Cut, Unforkable
from backend.store.steering import Turn
from backend.store.tables import Run

PRIORITY = -1
"""Less than that of a run that was asked for by itself, 0."""


class NoIntervention(LookupError):
    """The event turned no knob, in one sentence."""


class Unrepeatable(Exception):
    """Something that the run did cannot be done again by a ghost, in one sentence."""


def asked_about(session: Session, run: Run, seq: int) -> Turn:
    """The intervention that the run's event `seq` tells of. Raises NoIntervention."""
    for turn in steering.turns(session, run.id):
        if turn.seq == seq:
            return turn
    raise NoIntervention(f"Event {seq} of the run turned no knob: name one of kind `set` that was obeyed.")


def living(session: Session, run: Run, seq: int) -> Run | None:
    """The ghost that shows the run without that intervention, if there is one that did not fail."""
    gone = (RunState.FAILED, RunState.CANCELLED)
    query = select(Run).where(Run.ghost_of == run.id, Run.ghost_seq == seq, Run.state.not_in(gone))
    return session.scalar(query.limit(1))


def of(session: Session, run_id: str) -> list[Run]:
    """The run's ghosts, oldest first."""
    query = select(Run).where(Run.ghost_of == run_id).order_by(Run.created_at, Run.id)
    return list(session.scalars(query))


def about(session: Session, ghost: Run) -> str:
    """`without optimizer.lr 0.01 at step 30`: what it leaves out; nothing when its run is gone."""
    turns = steering.turns(session, ghost.ghost_of) if ghost.ghost_of else []
    return next((_without(turn) for turn in turns if turn.seq == ghost.ghost_seq), "")


def _without(turn: Turn) -> str:
    return f"without {turn.made.path[:40]} {turn.made.value} at step {turn.made.step:,}"


def before(session: Session, run: Run, turn: Turn) -> Iterator[Cut]:
    """The pasts that end before the intervention, the longest first."""
    for checkpoint in artifacts.checkpoints(session, run.id):
        if checkpoint.step <= turn.made.step:
            with suppress(Unforkable):
                past = forks.cut(session, run, checkpoint=checkpoint.id)
                if past.seq < turn.seq:
                    yield past


def spec_without(session: Session, run: Run, turn: Turn, past: Cut | None) -> Experiment:
    """What the ghost executes: the run's spec with every other intervention. Raises Unrepeatable."""
    after = past.seq if past else 0
    for mark in steering.obeyed(session, run.id, CommandKind.NEXT, after):
        raise Unrepeatable(
            f"A person ended a stage of the run at step {mark.body['step']:,}, which a ghost cannot do again: fork the run."
        )
    spec = Experiment.model_validate(run.spec)
    dropped = (turn.made.step, turn.made.path, turn.made.value) if turn.by == THE_SPEC else None
    planned = [one for one in spec.interventions if (one.step, one.path, one.value) != dropped]
    told = {(one.step, one.path, one.value) for one in planned}
    by_hand = [
        one.made
        for one in steering.turns(session, run.id)
        if one.seq > after and one.seq != turn.seq and (one.made.step, one.made.path, one.made.value) not in told
    ]
    interventions = sorted([*planned, *by_hand], key=lambda one: one.step)
    name = f"{spec.name[:100]} · {_without(turn)}"[:200]
    # Without alerts: nobody would let a ghost go on that one of them has paused.
    return spec.model_copy(update={"name": name, "interventions": interventions, "alerts": []})


def mark(run: Run, of: Run, turn: Turn) -> None:
    """Have a run that was just created be the ghost of another one: claimed last, drawn in that one's colour."""
    run.priority, run.ghost_of, run.ghost_seq, run.color = PRIORITY, of.id, turn.seq, of.color
