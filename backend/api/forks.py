"""Forks: runs that start from another run's prefix."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from backend.api import staging
from backend.api.bodies import documents
from backend.api.deps import CatalogDep, CreationDep, HintsDep, Reading, RunDep, RunId, SettingsDep, StoreDep, run_of
from backend.api.experiments import created_of
from backend.api.schemas.submission import ExperimentCreated, NewFork
from backend.config import Settings
from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import Experiment, resolve
from backend.domain.run.lineage import ForkOrigin, follow
from backend.errors import ArtifactNotFound, Conflict, Invalid, RunNotFound
from backend.store import experiments, files, forks, idempotency, inheritance, references, run_events, steering, tables
from backend.store.clock import new_id
from backend.store.forks import NoCheckpoint, Prefix, Unforkable
from backend.store.idempotency import Creation
from backend.store.inheritance import InheritedFile
from backend.store.session import Store

router = APIRouter(tags=["runs"])


class ForkStart(BaseModel):
    """Starting point of a fork."""

    spec: Experiment = Field(
        description="The spec that it executes without a change; live parameters have their values at that step."
    )
    step: int = Field(description="Optimizer steps that it takes over.")
    ended: int = Field(description="Stages that had ended; later ones may be others.")
    within: int | None = Field(description="Index of the stage in whose midst it begins; null between two stages.")
    live: list[str] = Field(description="Fields of that stage that may differ, as paths in the spec: live parameters.")


@router.get("/api/runs/{run_id}/fork")
def start(
    session: Reading,
    run: RunDep,
    catalog: CatalogDep,
    checkpoint: Annotated[str | None, Query(max_length=64, description="Artifact id of the checkpoint.")] = None,
    stage: Annotated[int | None, Query(ge=0, le=1000, description="Or the end of this stage.")] = None,
) -> ForkStart:
    """The starting point of a fork of this run, and what the fork may change."""
    _one_place(checkpoint, stage)
    try:
        prefix = _prefix(session, run, checkpoint, stage)
    except Unforkable as error:
        raise Conflict(str(error)) from error
    origin = _origin(session, prefix)
    return ForkStart(
        spec=Experiment.model_validate(_document(prefix, origin)),
        step=origin.step,
        ended=origin.ended,
        within=origin.ended if origin.within else None,
        live=list(origin.live(catalog)),
    )


@router.post("/api/runs/{run_id}/fork", status_code=201)
def fork(
    run_id: RunId,
    store: StoreDep,
    settings: SettingsDep,
    catalog: CatalogDep,
    hints: HintsDep,
    after: BackgroundTasks,
    creation: CreationDep,
    body: NewFork | None = None,
) -> ExperimentCreated:
    """Queues a run that starts from a checkpoint of this one and continues on its own."""

    def find() -> ForkPlan:
        origin, spec = _plan(store, run_id, body or NewFork(), catalog)
        if damage := files.examine(store, settings.data_dir, origin.checkpoint):
            raise Conflict(f"The checkpoint at step {origin.checkpoint.step:,} {damage}: fork from another one.")
        return ForkPlan(run_id, spec, origin)

    created = queue_once(store, settings, catalog, creation, find)
    after.add_task(hints.wake)
    return created


@dataclass(frozen=True)
class ForkPlan:
    """A run to create from run `of`: with its history up to a checkpoint, or from the start. `mark` changes its row."""

    of: str
    spec: Experiment
    prefix: Prefix | None
    mark: Callable[[Session, tables.Run, tables.Run], None] = lambda session, parent, run: None


def queue_once(
    store: Store, settings: Settings, catalog: Catalog, creation: Creation, find: Callable[[], ForkPlan]
) -> ExperimentCreated:
    """Queue what `find` finds, once for each key. Raises Conflict, and whatever `find` raises."""
    if (created := idempotency.known(store, creation, created_of)) is not None:
        return created
    try:
        plan, child = find(), new_id()
        rows = partial(_created, new=plan, catalog=catalog, child=child)
        if plan.prefix is None:
            return idempotency.once(store, creation, created_of, partial(rows, taken=[]))
        with staging.of_runs(store, settings.data_dir).filling(child):
            taken = inheritance.take(store, settings.data_dir, plan.prefix, child)
            return idempotency.once(store, creation, created_of, partial(rows, taken=taken))
    except Unforkable as error:
        raise Conflict(str(error)) from error


def _plan(store: Store, run_id: str, body: NewFork, catalog: Catalog) -> tuple[Prefix, Experiment]:
    """Start of the fork, and the spec that it executes. Raises an error if either is wrong."""
    _one_place(body.checkpoint, body.stage)
    with store.read() as session:
        parent = run_of(session, run_id)
        prefix = _prefix(session, parent, body.checkpoint, body.stage)
        origin = _origin(session, prefix)
        document = _document(prefix, origin) if body.spec is None else documents.read(body.spec)
        spec = resolve(document, references.fit_catalog(session, document, catalog))
    return prefix, follow(spec, origin, catalog)


def _origin(session: Session, prefix: Prefix) -> ForkOrigin:
    run, step = prefix.run, prefix.checkpoint.step
    changed = steering.changed_parameters(session, run, (prefix.seq, step)) if prefix.within else {}
    return ForkOrigin(
        Experiment.model_validate(run.spec), run.seed, step, prefix.ended, prefix.within, prefix.trains, changed
    )


def _one_place(checkpoint: str | None, stage: int | None) -> None:
    if checkpoint is not None and stage is not None:
        raise Invalid("`stage` and `checkpoint` both set the start of the fork: leave one of them out.", path="stage")


def _prefix(session: Session, parent: tables.Run, checkpoint: str | None, stage: int | None) -> Prefix:
    try:
        return forks.find_prefix(session, parent, checkpoint=checkpoint, stage=stage)
    except NoCheckpoint as error:
        raise ArtifactNotFound(checkpoint or "", str(error)) from error


def _document(prefix: Prefix, origin: ForkOrigin) -> dict[str, Any]:
    return {**origin.effective(), "name": f"{prefix.run.experiment.name[:190]} · fork"}


def _created(session: Session, new: ForkPlan, catalog: Catalog, taken: list[InheritedFile], child: str) -> str:
    """The rows of the run, whose files are in their place. The parent cannot be deleted meanwhile."""
    parent = run_events.lock(session, new.of)
    if parent is None:
        raise RunNotFound(new.of)
    if new.prefix:
        inheritance.hold(session, new.prefix, taken)
    references.check(session, new.spec, catalog, hold=True)
    experiment_id, runs = experiments.create(session, new.spec, [parent.seed], [child])
    if new.prefix:
        inheritance.queue(session, runs[0], new.prefix, taken)
    new.mark(session, parent, runs[0])
    session.flush()
    return experiment_id
