"""Changes of a run whose row the transaction has locked: its state, its events, its commands."""

from collections.abc import Sequence

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from backend.domain.run.commands import CommandState
from backend.domain.run.events import EventKind, NewEvent
from backend.domain.run.states import MOVES, RunState
from backend.store.clock import now
from backend.store.tables import Command, Event, Run, table


def lock(session: Session, run_id: str) -> Run | None:
    """The run as it is now, held against every other writer until the transaction ends."""
    query = select(Run).where(Run.id == run_id).with_for_update(of=Run)
    return session.scalar(query.execution_options(populate_existing=True))


def move(session: Session, run: Run, state: RunState, reason: str | None = None) -> None:
    """Change a locked run's state and append the event that says so."""
    assert state in MOVES[run.state], f"a run cannot go from {run.state} to {state}"
    run.state = state
    append(session, run, [state_event(state, reason)])


def end(session: Session, run: Run, state: RunState, reason: str) -> None:
    """End a locked run that nobody owns. Pending commands are refused; the state event is the last."""
    run.owner, run.note, run.finished_at = None, None, now()
    run.error = reason if state is RunState.FAILED else None
    append(session, run, refuse_pending(session, run.id, state))
    move(session, run, state, reason)


def obey_cancel(session: Session, run: Run, command: Command) -> None:
    """End a locked run that nobody owns, because of this command."""
    command.state = CommandState.OBEYED
    append(session, run, [command_event(command, run.step)])
    end(session, run, RunState.CANCELLED, f"Cancelled by {command.by}.")


def append(session: Session, run: Run, events: Sequence[NewEvent]) -> None:
    """Append events to a locked run."""
    insert_events(session, run.id, run.last_seq, events)
    run.last_seq += len(events)
    run.heartbeat += 1
    session.flush()


_events = table(Event)


def insert_events(session: Session, run_id: str, last_seq: int, events: Sequence[NewEvent]) -> None:
    """The event rows after `last_seq`. The caller holds the run's row and moves its `last_seq` on."""
    moment = now()
    rows = [
        {"run_id": run_id, "seq": seq, "kind": event.kind.value, "at": moment, "body": event.body, "chunk": event.chunk}
        for seq, event in enumerate(events, last_seq + 1)
    ]
    if rows:
        # One statement: a list of parameters would be sent as a pipeline, and PostgreSQL's time limit on idle
        # transactions does not see a writer that was frozen in the middle of one. That of one row is compiled once.
        several = len(rows) > 1
        statement = insert(_events).values(rows) if several else insert(_events)
        session.connection().execute(statement, None if several else rows[0])


def state_event(state: RunState, reason: str | None = None) -> NewEvent:
    return NewEvent(kind=EventKind.STATE, body={"state": state.value, **({"reason": reason} if reason else {})})


def command_event(command: Command, step: int) -> NewEvent:
    """Outcome of a command, for the run's timeline."""
    body = {
        "command": command.id,
        "kind": command.kind,
        "by": command.by,
        "step": step,
        "state": command.state.value,
        **({"why": command.why} if command.why else {}),
        **({"note": command.note} if command.note else {}),
    }
    return NewEvent(kind=EventKind.COMMAND, body=body)


def pending(session: Session, run_id: str) -> list[Command]:
    """The commands of a run that nobody has settled, oldest first."""
    query = select(Command).where(Command.run_id == run_id, Command.state == CommandState.PENDING)
    return list(session.scalars(query.order_by(Command.created_at, Command.id)))


def refuse_pending(session: Session, run_id: str, state: RunState) -> list[NewEvent]:
    """Refuse what is pending, because the run ends as `state`. Returns the events that say so."""
    refused = pending(session, run_id)
    for command in refused:
        command.state, command.note = CommandState.REFUSED, f"The run was already over: {state}."
    session.flush()
    return [command_event(command, _step(session, run_id)) for command in refused]


def _step(session: Session, run_id: str) -> int:
    return session.scalars(select(Run.step).where(Run.id == run_id)).one()
