"""Creates counterfactual runs: they go on without one command of another run, to show its effect.

A counterfactual run begins with the newest checkpoint before the command had an effect, or at the first step when none is left, makes every
other command that its run had made by the time it was asked for, and is claimed after every run that is none.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.domain.experiment.experiment import Experiment
from backend.domain.run.commands import THE_SPEC, CommandKind, CommandState, PlannedCommand
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.store import artifacts, forks, steering
from backend.store.forks import Prefix, Unforkable
from backend.store.tables import Event, Run

PRIORITY = -1
"""Less than that of a run that was asked for by itself, 0."""

STEERING = (CommandKind.SET, CommandKind.NEXT, CommandKind.STAGES)


class NoCommand(LookupError):
    """An event that is not a command, explained in one sentence."""


class Unrepeatable(Exception):
    """A change that a counterfactual run can neither repeat nor leave out, explained in one sentence."""


def find_command(session: Session, run: Run, seq: int) -> Event:
    """The event `seq` of the run, a command. Raises NoCommand."""
    event = session.get(Event, (run.id, seq))
    if event is None or not _steers(event):
        raise NoCommand(
            f"Event {seq} of the run is not a command: name one of kind `set`, `next` or `stages` that was obeyed."
        )
    return event


def _steers(event: Event) -> bool:
    if event.kind != EventKind.COMMAND:
        return False
    return event.body["state"] == CommandState.OBEYED and event.body["kind"] in STEERING


def find_living(session: Session, run: Run, seq: int) -> Run | None:
    """The counterfactual run that shows the run without that command, if there is one that did not fail."""
    over = (RunState.FAILED, RunState.CANCELLED)
    query = select(Run).where(Run.counterfactual_of == run.id, Run.counterfactual_seq == seq, Run.state.not_in(over))
    return session.scalar(query.limit(1))


def of(session: Session, run_id: str) -> list[Run]:
    """The run's counterfactual runs, oldest first."""
    query = select(Run).where(Run.counterfactual_of == run_id).order_by(Run.created_at, Run.id)
    return list(session.scalars(query))


def about(session: Session, run: Run) -> str:
    """`without optimizer.lr 0.01 at step 30`: what it leaves out; nothing when its run is gone."""
    event = session.get(Event, (run.counterfactual_of, run.counterfactual_seq)) if run.counterfactual_of else None
    return _without(session, event) if event else ""


def _without(session: Session, event: Event) -> str:
    body = event.body
    match body["kind"]:
        case CommandKind.SET:
            what = f"{body['path'][:40]} {body['new']}"
        case CommandKind.NEXT:
            what = f"ending {_began(session, event).body['kind']}"
        case _:
            what = f"stages {_kinds(body.get('old', ()))} → {_kinds(body.get('new', ()))}"
    return f"without {what} at step {body['step']:,}"


def _kinds(stages: Sequence[dict[str, Any]]) -> str:
    return ", ".join(stage["kind"] for stage in stages)[:40] or "none"


def _began(session: Session, event: Event) -> Event:
    """The event with which the stage began in which this one happened."""
    query = select(Event).where(Event.run_id == event.run_id, Event.kind == EventKind.STAGE_BEGAN.value)
    return session.scalars(query.where(Event.seq < event.seq).order_by(Event.seq.desc()).limit(1)).one()


def before(session: Session, run: Run, left_out: Event) -> Iterator[Prefix]:
    """Histories that end before the command had an effect, the longest first."""
    effect = _effect(session, run, left_out)
    for checkpoint in artifacts.checkpoints(session, run.id):
        if _precedes(checkpoint.step, left_out):
            with suppress(Unforkable):
                prefix = forks.find_prefix(session, run, checkpoint=checkpoint.id)
                if prefix.seq < effect:
                    yield prefix


def _precedes(step: int, left_out: Event) -> bool:
    """Returns whether a checkpoint at the step was taken before; one at the step that ended a training may be later."""
    match left_out.body["kind"]:
        case CommandKind.SET:
            return step <= int(left_out.body["step"])
        case CommandKind.NEXT:
            return step < int(left_out.body["step"])
    return True


def _effect(session: Session, run: Run, left_out: Event) -> int:
    """The number of the first event that need not have happened without it: stages take effect when the first begins."""
    body = left_out.body
    if body["kind"] != CommandKind.STAGES:
        return left_out.seq
    begun = len(body["stages"]) - len(_stages_then(body, "new"))
    began = select(Event).where(Event.run_id == run.id, Event.kind == EventKind.STAGE_BEGAN.value)
    later = session.scalars(began.where(Event.seq > left_out.seq).order_by(Event.seq))
    return next((event.seq for event in later if event.body["stage"] >= begun), run.last_seq + 1)


def _stages_then(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Raises Unrepeatable when the event is of an earlier version, which kept no more than what there was then."""
    if name not in body:
        raise Unrepeatable("The earlier stages are not known: fork the run instead.")
    stages: list[dict[str, Any]] = body[name]
    return stages


def spec_without(session: Session, run: Run, left_out: Event, prefix: Prefix | None) -> Experiment:
    """Spec of the counterfactual run: the run's spec with all other commands. Raises Unrepeatable."""
    after, body = prefix.seq if prefix else 0, left_out.body
    spec = Experiment.model_validate(run.spec)
    stages, moved = _stages(session, run, left_out)
    dropped = steering.read_command(left_out).made if body["by"] == THE_SPEC else None
    planned = [one for one in spec.commands if one != dropped]
    by_hand = list(_by_hand(session, run, left_out, planned, after, moved))
    update = {
        "name": f"{spec.name[:100]} · {_without(session, left_out)}"[:200],
        "stages": stages,
        "commands": sorted([*planned, *by_hand], key=lambda one: one.step),
        "alerts": [],  # nobody would let a counterfactual run go on that one of them has paused
    }
    return spec.model_copy(update=update)


def _stages(session: Session, run: Run, left_out: Event) -> tuple[list[dict[str, Any]], int | None]:
    """The counterfactual run's stages, and the number of the event from which on its stages begin at other steps than the run's."""
    body, stages = left_out.body, list(run.spec["stages"])
    if body["kind"] == CommandKind.SET:
        return stages, None
    if body["kind"] == CommandKind.NEXT:
        return stages, left_out.seq
    old, effect = _stages_then(body, "old"), _effect(session, run, left_out)
    if left_out.seq < forks.last_inherited(session, run.id):
        raise Unrepeatable(
            "The stages were changed before this run was forked: ask for a counterfactual run of the run in which that happened."
        )
    for mark in steering.find_obeyed(session, run.id, CommandKind.STAGES, after=left_out.seq):
        if mark.seq < effect:
            return stages, None  # they took the place of these before any of these began
        raise Unrepeatable(
            f"The stages were changed once more at step {mark.body['step']:,}, after the first of these had begun, which a "
            "counterfactual run cannot do again: fork the run."
        )
    begun = len(body["stages"]) - len(body["new"])
    return [*body["stages"][:begun], *old], effect


def _by_hand(
    session: Session, run: Run, left_out: Event, planned: Sequence[PlannedCommand], after: int, moved: int | None
) -> Iterator[PlannedCommand]:
    """Commands of a person after event `after`. Raises Unrepeatable when one came after event `moved`."""
    for command in steering.obeyed_commands(session, run.id):
        made = command.made
        if command.seq <= after or command.seq == left_out.seq or made in planned:
            continue
        if moved is not None and command.seq > moved:
            what = "ended a training" if made.path is None else f"turned {made.path[:40]}"
            raise Unrepeatable(
                f"A person {what} at step {made.step:,}, in a stage that without this would begin at another step or not at "
                "all: fork the run."
            )
        yield made


def mark(run: Run, of: Run, left_out: Event) -> None:
    """Marks a new run as the counterfactual run of another one: it is claimed last and drawn in the same colour."""
    run.priority, run.counterfactual_of, run.counterfactual_seq, run.color = PRIORITY, of.id, left_out.seq, of.color
