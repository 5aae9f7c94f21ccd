"""What people changed on the way, read from the events: they alone are the truth of a steered run."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.spec.commands import THE_SPEC, CommandKind, CommandState, Intervention
from backend.spec.events import EventKind
from backend.store.tables import Event, Run


def interventions(session: Session, run_id: str) -> list[Intervention]:
    """Every knob that was turned, in order, by a person or by the spec; of a step that was repeated, once."""
    found: dict[tuple[int, str], Intervention] = {}
    for body in _obeyed(session, run_id, CommandKind.SET):
        one = Intervention(step=body["step"], path=body["path"], value=body["new"])
        found.pop((one.step, one.path), None)
        found[one.step, one.path] = one
    return sorted(found.values(), key=lambda one: one.step)


def steered(session: Session, run_id: str) -> bool:
    """Whether a person changed what the run computes."""
    kinds = (CommandKind.SET, CommandKind.NEXT, CommandKind.STAGES)
    return any(body["by"] != THE_SPEC for kind in kinds for body in _obeyed(session, run_id, kind))


def turned(session: Session, run: Run) -> dict[str, Any]:
    """The knobs that were turned in the stage that the run is in: path -> value now."""
    query = select(Event.seq).where(Event.run_id == run.id, Event.kind == EventKind.STAGE_BEGAN.value)
    began = session.scalar(query.order_by(Event.seq.desc()).limit(1)) or 0
    return {body["path"]: body["new"] for body in _obeyed(session, run.id, CommandKind.SET, began)}


def replay(session: Session, run: Run) -> dict[str, Any]:
    """A spec that does without a person what was done to the run: the same curve."""
    made = [one.model_dump(mode="json") for one in interventions(session, run.id)]
    name = f"{run.spec['name'][:190]} · replay"
    return {**run.spec, "name": name, "seed": run.seed, "interventions": made}


def _obeyed(session: Session, run_id: str, kind: CommandKind, after: int = 0) -> Iterator[dict[str, Any]]:
    query = select(Event.body).where(Event.run_id == run_id, Event.kind == EventKind.COMMAND.value, Event.seq > after)
    for body in session.scalars(query.order_by(Event.seq)):
        if body["kind"] == kind and body["state"] == CommandState.OBEYED:
            yield body
