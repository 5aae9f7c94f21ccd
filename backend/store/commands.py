"""Stores commands to runs, and their outcome."""

from typing import Any

from sqlalchemy.orm import Session

from backend.domain.run.commands import ACCEPTING, CommandKind, CommandState
from backend.domain.run.states import RunState
from backend.store import run_events
from backend.store.clock import new_id, now
from backend.store.run_events import pending
from backend.store.tables import Command

__all__ = ["NotNow", "RunMissing", "RunOver", "ask", "pending", "settle"]


class RunMissing(LookupError):
    """Raised when the run does not exist."""


class NotNow(Exception):
    """Raised when the run cannot take the command in its state."""

    def __init__(self, kind: CommandKind, state: RunState) -> None:
        self.state = state
        fitting = " or ".join(sorted(ACCEPTING[kind]))
        super().__init__(f"The run is {state}: it takes `{kind}` while it is {fitting}.")


class RunOver(Exception):
    """Raised when the run is over and takes no commands."""

    def __init__(self, state: RunState) -> None:
        self.state = state
        super().__init__(f"The run has {_PAST[state]}: it takes no commands.")


_PAST = {
    RunState.SUCCEEDED: "succeeded",
    RunState.FAILED: "failed",
    RunState.STOPPED: "been stopped",
    RunState.CANCELLED: "been cancelled",
}


def ask(
    session: Session, run_id: str, kind: CommandKind, body: dict[str, Any], by: str, why: str | None = None
) -> Command:
    """Stores a command. Sending again what is still pending returns the same command, whatever reason it gives.

    A queued run is cancelled at once. Raises RunMissing, RunOver when the run has ended, NotNow when it must wait.
    """
    run = run_events.lock(session, run_id)
    if run is None:
        raise RunMissing(run_id)
    if run.state.terminal:
        raise RunOver(run.state)
    if run.state not in ACCEPTING[kind]:
        raise NotNow(kind, run.state)
    for command in pending(session, run_id):
        if (command.kind, command.body) == (kind, body):
            return command
    command = Command(id=new_id(), run_id=run_id, kind=kind.value, body=body, by=by, why=why, created_at=now())
    command.state = CommandState.PENDING
    session.add(command)
    session.flush()
    if kind is CommandKind.CANCEL and run.state is RunState.QUEUED:
        run_events.obey_cancel(session, run, command)
    return command


def settle(session: Session, command_id: str, state: CommandState, note: str | None = None) -> None:
    """Stores the outcome of a command. A second outcome changes nothing: the first one is valid."""
    command = session.get(Command, command_id)
    if command is not None and command.state is CommandState.PENDING:
        command.state, command.note = state, note
