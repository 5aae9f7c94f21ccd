"""Forks: runs that start from another run's prefix."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from backend.api.bodies import documents
from backend.api.deps import CatalogDep, Reading, RunDep, RunId, run_of
from backend.api.fork_queue import ForkPlan, QueueDep
from backend.api.schemas.submission import ExperimentCreated, NewFork
from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import Experiment, resolve
from backend.domain.run.lineage import ForkOrigin, follow
from backend.errors import ArtifactNotFound, Conflict, Invalid
from backend.store import files, forks, references, steering, tables
from backend.store.forks import NoCheckpoint, Prefix, Unforkable
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
def fork(run_id: RunId, queue: QueueDep, body: NewFork | None = None) -> ExperimentCreated:
    """Queues a run that starts from a checkpoint of this one and continues on its own."""

    def find() -> ForkPlan:
        origin, spec = _plan(queue.store, run_id, body or NewFork(), queue.catalog)
        if damage := files.examine(queue.store, queue.settings.data_dir, origin.checkpoint):
            raise Conflict(f"The checkpoint at step {origin.checkpoint.step:,} {damage}: fork from another one.")
        return ForkPlan(run_id, spec, origin)

    return queue.once(find)


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
