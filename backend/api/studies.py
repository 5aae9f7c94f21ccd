"""Studies: searches over an experiment's fields."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import ValidationError
from sqlalchemy.orm import Session

from backend.api.bodies import documents
from backend.api.bodies.bare import BARE_BODY, BareRoute
from backend.api.deps import By, CatalogDep, CreationDep, Reading, RunDep, StoreDep, Writing
from backend.api.schemas.runs import SpecDraft
from backend.api.schemas.studies import (
    NewStudy,
    NewStudyCommand,
    StudyChecked,
    StudyDetail,
    StudyDraft,
    StudyRow,
    TrialPage,
    TrialSort,
    VariableField,
)
from backend.api.views import trials
from backend.domain import input_limits, text
from backend.domain.catalog import Catalog
from backend.domain.experiment import experiment
from backend.domain.experiment.resolve import Fields, ResolvedField
from backend.domain.path import moved
from backend.domain.problems import Problem, SpecInvalid
from backend.domain.study import check, commands
from backend.domain.study.commands import Enqueue, Extend, Narrow, Stop, StudyCommandKind
from backend.domain.study.space import Dimension, contains, size
from backend.domain.study.study import LIVE, LIVE_METRICS, Budget, Study, StudyState, TrialState
from backend.domain.study.suggested_space import around, variable
from backend.errors import Conflict, Invalid, StudyNotFound, mistyped
from backend.store import idempotency, references, studies, tables, workers

router = APIRouter(tags=["studies"], route_class=BareRoute)


def study_of(session: Session, study_id: str) -> tables.Study:
    """The study. Raises StudyNotFound."""
    row = studies.get(session, study_id)
    if row is None:
        raise StudyNotFound(study_id)
    return row


StudyId = Annotated[str, Path(max_length=64, description="Id of a study.")]


def _study(session: Reading, study_id: StudyId) -> tables.Study:
    return study_of(session, study_id)


StudyDep = Annotated[tables.Study, Depends(_study)]


@router.post("/api/studies", status_code=201, openapi_extra=BARE_BODY)
def create_study(store: StoreDep, body: NewStudy, catalog: CatalogDep, by: By, creation: CreationDep) -> StudyRow:
    """Begin a study; it creates runs until its budget is used up."""
    return idempotency.once(store, creation, _row, lambda session: _created(session, body, catalog, by))


def _row(session: Session, study_id: str) -> StudyRow | None:
    row = studies.get(session, study_id)
    return trials.study_row(session, row) if row else None


def _created(session: Session, body: NewStudy, catalog: Catalog, by: str) -> str:
    study = _resolved(session, documents.read(body.study), catalog)
    if study.budget.joules is not None and not any("energy" in worker.device for worker in workers.all(session)):
        message = "No worker's machine counts energy: give the budget in `trials` or `hours`."
        raise Invalid(message, path="budget.joules")
    wrong = [index for index, values in enumerate(body.first) if not contains(study.space, values)]
    if wrong:
        raise Invalid(f"`first[{wrong[0]}]` has values outside the space.", path=f"first[{wrong[0]}]")
    return studies.create(session, study, [(values, by) for values in body.first]).id


@router.get("/api/studies")
def list_studies(session: Reading) -> list[StudyRow]:
    """The newest studies first."""
    return trials.study_rows(session, studies.newest(session))


@router.post("/api/studies/check", openapi_extra=BARE_BODY)
def check_study(draft: StudyDraft, session: Reading, catalog: CatalogDep) -> StudyChecked:
    """Checks a draft against the catalog, without creating anything."""
    document, shown = None, draft.study if isinstance(draft.study, str) else ""
    fields: dict[str, ResolvedField] = {}
    try:
        document = documents.read(draft.study)
        shown = shown or text.to_yaml(document)
        study = _resolved(session, document, catalog, fields=fields)
    except SpecInvalid as invalid:
        return StudyChecked(study=None, document=document, yaml=shown, problems=invalid.problems, fields=fields)
    canonical = text.to_yaml(study.model_dump(mode="json", exclude_none=True))
    return StudyChecked(study=study, document=document, yaml=canonical, fields=fields, size=size(study.space))


@router.post("/api/studies/fields", openapi_extra=BARE_BODY)
def list_fields(draft: SpecDraft, session: Reading, catalog: CatalogDep) -> list[VariableField]:
    """The fields of a spec that a study can vary, each with a proposal."""
    document = documents.read(draft.spec)
    fitted = references.fit_catalog(session, document, catalog)
    spec = experiment.resolve(document, fitted).model_dump(mode="json")
    first = {dimension.field for dimension in around(spec, fitted)}
    return [
        VariableField(
            path=field.path,
            title=str(field.schema.get("title") or field.path.rpartition(".")[2]),
            component=field.component,
            description=field.schema.get("description", ""),
            unit=field.schema.get("x-unit", ""),
            value=field.value,
            suggested=field.path in first,
            dimension=dimension,
        )
        for field, dimension in variable(spec, fitted)
    ]


@router.get("/api/runs/{run_id}/around")
def around_run(session: Reading, run: RunDep, catalog: CatalogDep) -> dict[str, Any]:
    """A draft of a study around the settings of this run, with the run's own values as the first trial."""
    fitted = references.fit_catalog(session, run.spec, catalog)
    space = around(run.spec, fitted)
    if not space:
        raise Invalid("This run's spec has no numeric field to vary: write a study of your own.")
    document = {
        "name": f"Around {run.experiment.name}"[:150],
        "spec": {**run.spec, "seed": run.seed, "commands": []},
        "space": [one.model_dump(mode="json", exclude_defaults=True) for one in space],
        "objectives": [{"measure": _default_objective(run)}],
        "budget": {"trials": 20},
    }
    return {"study": document, "first": [_values_of(run.spec, [one.field for one in space], fitted)]}


def _default_objective(run: tables.Run) -> str:
    known = [f"{LIVE}{name}" for name in LIVE_METRICS]
    return next((name for name in known if name in run.latest), f"{LIVE}loss")


def _values_of(spec: Mapping[str, Any], wanted: list[str], catalog: Catalog) -> dict[str, Any]:
    return {field.path: field.value for field, _ in variable(spec, catalog) if field.path in wanted}


@router.get("/api/studies/{study_id}")
def show_study(session: Reading, row: StudyDep) -> StudyDetail:
    """A study with its space, what it has used up and the charts that it can show."""
    return trials.study_detail(session, row)


@router.get("/api/studies/{study_id}/trials")
def list_trials(
    session: Reading,
    row: StudyDep,
    sort: TrialSort = "number",
    descending: bool = True,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> TrialPage:
    """Trials, sorted; `value` is the first objective's, the best first when descending."""
    return trials.page(session, row, sort, descending, offset, limit)


@router.post("/api/studies/{study_id}/commands")
def steer_study(session: Writing, study_id: StudyId, body: NewStudyCommand, by: By, catalog: CatalogDep) -> StudyRow:
    """Sends a command to a study. It takes effect at once and applies to the next trial."""
    input_limits.check({"body": body.body})
    row = studies.lock(session, study_id)
    if row is None:
        raise StudyNotFound(study_id)
    if row.state not in commands.ACCEPTING[body.kind]:
        fitting = " or ".join(sorted(commands.ACCEPTING[body.kind]))
        raise Conflict(f"The study is {row.state}: it takes `{body.kind}` while it is {fitting}.")
    try:
        typed = commands.body_of(body.kind, body.body)
    except ValidationError as error:
        raise mistyped(error) from error
    _obey(session, row, body.kind, typed, by, catalog)
    return trials.study_row(session, row)


def _obey(session: Session, row: tables.Study, kind: StudyCommandKind, body: object, by: str, catalog: Catalog) -> None:
    match body:
        case Stop():
            studies.move(session, row, StudyState.STOPPING)
            if body.running == "cancel":
                for trial in studies.trials(session, row.id, [TrialState.RUNNING]):
                    studies.cancel_run(session, trial, by)
        case Extend():
            studies.change(session, row, budget=_extended(studies.document(row).budget, body).model_dump(mode="json"))
        case Enqueue():
            _enqueue(session, row, body, by)
        case Narrow():
            _narrow(session, row, body, catalog)
        case _:
            studies.move(session, row, StudyState.PAUSED if kind is StudyCommandKind.PAUSE else StudyState.RUNNING)


def _extended(budget: Budget, more: Extend) -> Budget:
    added = {name: getattr(more, name) for name in Extend.model_fields if getattr(more, name)}
    limits = {name: getattr(budget, name) for name in added}
    if not added or None in limits.values():
        name = next((name for name, limit in limits.items() if limit is None), "trials")
        kept = ", ".join(f"`{name}`" for name, limit in budget.model_dump().items() if limit is not None)
        raise Invalid(f"`body.{name}` has no effect: the study's budget is in {kept}.", path=f"body.{name}")
    wider = {name: limits[name] + added[name] for name in added}
    try:
        return Budget.model_validate({**budget.model_dump(), **wider})
    except ValidationError as error:
        where = str(error.errors()[0]["loc"][0])
        raise Invalid(
            f"`body.{where}` makes the budget {wider[where]:,}, which is too large.", path=f"body.{where}"
        ) from None


def _enqueue(session: Session, row: tables.Study, body: Enqueue, by: str) -> None:
    space = studies.document(row).space
    if not contains(space, body.values):
        raise Invalid(f"`body.values` has values outside the space: {_describe(space)}.", path="body.values")
    studies.enqueue(session, row, body.values, by)
    if row.state.over:
        studies.move(session, row, StudyState.RUNNING)


def _describe(space: Sequence[Dimension]) -> str:
    """`stages[0].optimizer.lr from 0.001 to 0.1`."""
    return ", ".join(
        f"{one.field} " + (f"one of {one.choice}" if one.choice is not None else f"from {one.low:g} to {one.high:g}")
        for one in space
    )[:400]


def _narrow(session: Session, row: tables.Study, body: Narrow, catalog: Catalog) -> None:
    study = studies.document(row)
    narrower = {one.field: one for one in body.space}
    for index, one in enumerate(body.space):
        before = next((known for known in study.space if known.field == one.field), None)
        if before is None:
            raise Invalid(f"`{one.field}` is not in the space.", path=f"body.space[{index}].field")
        if before.when != one.when or not one.model_copy(update={"integer": before.integer}).within(before):
            message = f"`{one.field}` has values outside its present range: {_describe([before])}."
            raise Invalid(message, path=f"body.space[{index}]")
    space = [narrower.get(one.field, one) for one in study.space]
    document = {**study.model_dump(mode="json"), "space": [one.model_dump(mode="json") for one in space]}
    studies.narrow(session, row, _resolved(session, document, catalog, "body").space)


def _resolved(
    session: Session, document: Any, catalog: Catalog, prefix: str = "", fields: Fields | None = None
) -> Study:
    """The study, with the catalog fitted to its data. Raises SpecInvalid with `prefix` before each path."""
    try:
        spec = document.get("spec") if isinstance(document, dict) else None
        return check.resolve(document, references.fit_catalog(session, spec, catalog) if spec else catalog, fields)
    except SpecInvalid as invalid:
        problems = [Problem(path=moved(one.path, "", prefix), message=one.message) for one in invalid.problems]
        raise SpecInvalid(problems) from None
