"""Steering of a live run: its live parameters, its commands, and a spec that replays them."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, BackgroundTasks, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session

from backend.api.deps import By, CatalogDep, HintsDep, Reading, RunDep, RunId, Writing, run_of
from backend.api.schemas.steering import CommandRow, LiveParameterRow, NewCommand
from backend.domain import input_limits, text
from backend.domain.experiment import references
from backend.domain.experiment.experiment import resolve
from backend.domain.path import join, moved, within
from backend.domain.problems import Problem, SpecInvalid
from backend.domain.run import live_parameters
from backend.domain.run.commands import CommandKind, ParameterChange, Stages, body_of
from backend.errors import Conflict, RunNotFound, mistyped
from backend.store import commands, steering, tables, workers

router = APIRouter(prefix="/api/runs", tags=["steering"])


@router.get("/{run_id}/live-parameters")
def list_parameters(session: Reading, run: RunDep, catalog: CatalogDep) -> list[LiveParameterRow]:
    """Live parameters of the current stage, with their values."""
    changed = steering.changed_parameters(session, run)
    return [
        LiveParameterRow(
            path=parameter.path,
            component=parameter.component,
            bounds=dict(parameter.schema),
            planned=parameter.value,
            value=changed.get(parameter.path, parameter.value),
        )
        for parameter in live_parameters.parameters_of(_stage(run), catalog)
    ]


@router.get("/{run_id}/replay", response_class=Response, responses={200: {"content": {"application/yaml": {}}}})
def replay(session: Reading, run: RunDep) -> Response:
    """A spec, as YAML, that makes by itself the changes that people made to this run: it gives the same curves."""
    return Response(text.to_yaml(steering.replay(session, run)), media_type="application/yaml")


@router.post("/{run_id}/commands", status_code=202)
def command(
    session: Writing, run_id: RunId, body: NewCommand, by: By, hints: HintsDep, after: BackgroundTasks
) -> CommandRow:
    """Sends a command to a run. The outcome is an event of the run."""
    input_limits.check({"body": body.body, "why": body.why})
    wanted = _checked(session, run_id, body.kind, body.body)
    try:
        command = commands.ask(session, run_id, body.kind, wanted, by, body.why)
    except commands.RunMissing:
        raise RunNotFound(run_id) from None
    except (commands.RunOver, commands.NotNow) as error:
        raise Conflict(str(error)) from error
    after.add_task(hints.wake)
    return CommandRow.model_validate(command, from_attributes=True)


def _checked(session: Session, run_id: str, kind: CommandKind, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body in canonical form. Raises Invalid or SpecInvalid with the path of what is wrong."""
    try:
        typed = body_of(kind, body)
    except ValidationError as error:
        raise mistyped(error) from error
    match typed:
        case ParameterChange():
            _check_change(session, run_of(session, run_id), typed)
        case Stages():
            return {"stages": _resolved(session, run_of(session, run_id), typed)}
    return typed.model_dump(mode="json")


def _check_change(session: Session, run: tables.Run, change: ParameterChange) -> None:
    if run.state.live and (problem := live_parameters.problem(_stage(run), change, workers.catalog(session))):
        raise SpecInvalid([problem])


def _resolved(session: Session, run: tables.Run, wanted: Stages) -> list[dict[str, Any]]:
    """The stages to come, with every default: checked as a whole spec with those that have begun before them."""
    begun, catalog = run.spec["stages"][: (run.stage or 0) + 1], workers.catalog(session)
    whole = {**run.spec, "stages": [*begun, *wanted.stages]}
    try:
        coming = resolve(whole, catalog).stages[len(begun) :]
    except SpecInvalid as error:
        raise SpecInvalid([_in_body(problem, len(begun), len(wanted.stages)) for problem in error.problems]) from error
    named = [path for path, _ in references.find_marked({"stages": coming}, catalog, references.RUN)]
    if named:
        message = "names another run, and a live run cannot load its model: fork this run with that stage instead."
        raise SpecInvalid([Problem(path=moved(path, "", "body"), message=message) for path in named])
    return coming


def _in_body(problem: Problem, begun: int, coming: int) -> Problem:
    """The problem with the path that it has in the command: `stages[3].method` is `body.stages[1].method`."""
    places = {join("stages", begun + index): join("stages", index) for index in range(coming)}
    path = next(
        (moved(problem.path, old, new) for old, new in places.items() if within(problem.path, old)), problem.path
    )
    return problem.model_copy(update={"path": moved(path, "", "body")})


def _stage(run: tables.Run) -> dict[str, Any]:
    stages: list[dict[str, Any]] = run.spec["stages"]
    return stages[min(run.stage or 0, len(stages) - 1)]
