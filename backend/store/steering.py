"""Reads a run's live changes from its events, the only record of how it was steered."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.domain.run.commands import THE_SPEC, CommandKind, CommandState, PlannedCommand
from backend.domain.run.events import EventKind
from backend.store import forks
from backend.store.tables import Event, Run


@dataclass(frozen=True)
class ObeyedCommand:
    """Change of a live parameter, or end of a training, from the event with number `seq`."""

    seq: int
    by: str
    made: PlannedCommand


def read_command(event: Event) -> ObeyedCommand:
    """Change reported by the event of a `set` or a `next` that was obeyed."""
    body = event.body
    ended = body["kind"] == CommandKind.NEXT
    made = PlannedCommand(
        kind="next" if ended else "set", step=body["step"], path=body.get("path"), value=body.get("new")
    )
    return ObeyedCommand(event.seq, body["by"], made)


def obeyed_commands(session: Session, run_id: str) -> list[ObeyedCommand]:
    """All changes of live parameters and all ended trainings in order, by a person or by the spec."""
    return [read_command(event) for event in find_obeyed(session, run_id, CommandKind.SET, CommandKind.NEXT)]


def effective_commands(session: Session, run_id: str) -> list[PlannedCommand]:
    """As `obeyed_commands`, with only the last change of each live parameter at a step."""
    found: dict[tuple[int, str | None], PlannedCommand] = {}
    for one in (command.made for command in obeyed_commands(session, run_id)):
        found.pop((one.step, one.path), None)
        found[one.step, one.path] = one
    return sorted(found.values(), key=lambda one: one.step)


def made_by_spec(session: Session, run_id: str) -> set[PlannedCommand]:
    """Commands of the spec that were made, even if a person changed them at the same step."""
    return {command.made for command in obeyed_commands(session, run_id) if command.by == THE_SPEC}


def was_steered(session: Session, run_id: str) -> bool:
    """Returns whether a person changed what the run computes."""
    done = find_obeyed(session, run_id, CommandKind.SET, CommandKind.NEXT, CommandKind.STAGES)
    return any(event.body["by"] != THE_SPEC for event in done)


def rests(session: Session, run_id: str) -> bool:
    """Returns whether a person has paused the run and not resumed it. A fork does not rest because its parent did."""
    inherited = forks.last_inherited(session, run_id)
    rests = list(find_obeyed(session, run_id, CommandKind.PAUSE, CommandKind.RESUME, after=inherited))
    return bool(rests) and rests[-1].body["kind"] == CommandKind.PAUSE


def changed_parameters(session: Session, run: Run, until: tuple[int, int] | None = None) -> dict[str, Any]:
    """Live parameters that were set in the current stage: path -> value.

    Or in the stage that it was in at an event's number and a step.
    """
    seq, step = until or (run.last_seq, run.step)
    began = Event.run_id == run.id, Event.kind == EventKind.STAGE_BEGAN.value, Event.seq <= seq
    first = session.scalar(select(Event.seq).where(*began).order_by(Event.seq.desc()).limit(1)) or 0
    made = (mark.body for mark in find_obeyed(session, run.id, CommandKind.SET, after=first, until=seq))
    return {body["path"]: body["new"] for body in made if until is None or body["step"] <= step}


def replay(session: Session, run: Run) -> dict[str, Any]:
    """A spec that makes by itself the changes of the run: it gives the same curve."""
    made = [one.model_dump(mode="json") for one in effective_commands(session, run.id)]
    name = f"{run.spec['name'][:190]} · replay"
    return {**run.spec, "name": name, "seed": run.seed, "commands": made}


def find_obeyed(
    session: Session, run_id: str, *kinds: CommandKind, after: int = 0, until: int | None = None
) -> Iterator[Event]:
    """The events, after one number and up to another, that tell of commands of these kinds that were obeyed."""
    query = select(Event).where(Event.run_id == run_id, Event.kind == EventKind.COMMAND.value, Event.seq > after)
    if until is not None:
        query = query.where(Event.seq <= until)
    for event in session.scalars(query.order_by(Event.seq)):
        if event.body["kind"] in kinds and event.body["state"] == CommandState.OBEYED:
            yield event
