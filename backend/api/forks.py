"""Forks: runs that begin with another run's past."""

from functools import partial
from typing import Any

from fastapi import APIRouter, BackgroundTasks
from sqlalchemy.orm import Session

from backend.api import documents
from backend.api.deps import CatalogDep, HintsDep, RunId, SettingsDep, StoreDep, run_of
from backend.api.experiments import Created, Key, RequestHash, known, once
from backend.api.nursery import nursery
from backend.api.submission import ExperimentCreated, NewFork
from backend.errors import ArtifactNotFound, Conflict, Invalid, RunNotFound
from backend.spec.catalog import Catalog
from backend.spec.experiment import Experiment, resolve
from backend.spec.lineage import departures
from backend.spec.problems import SpecInvalid
from backend.store import experiments, files, forks, references, rows, tables
from backend.store.clock import new_id
from backend.store.forks import Cut, Heirloom, NoCheckpoint, Unforkable
from backend.store.session import Store

router = APIRouter(tags=["runs"])


@router.post("/api/runs/{run_id}/fork", status_code=201)
def fork(
    run_id: RunId,
    store: StoreDep,
    settings: SettingsDep,
    catalog: CatalogDep,
    hints: HintsDep,
    after: BackgroundTasks,
    request_hash: RequestHash,
    body: NewFork | None = None,
    key: Key = None,
) -> ExperimentCreated:
    """Queue a run that begins with this one's past, up to a checkpoint, and goes on by itself from there."""
    try:
        created = known(store, key, request_hash)
        if created is None:
            past, spec = _asked(store, run_id, body or NewFork(), catalog)
            if damage := files.damage(past.checkpoint, settings.data_dir / past.checkpoint.path):
                raise Conflict(f"The checkpoint at step {past.checkpoint.step:,} {damage}: fork from another one.")
            child = new_id()
            with nursery(store, settings.data_dir, child):
                taken = _taken(store, past, child)
                forks.share(settings.data_dir, taken)
                rows_of = partial(_created, spec=spec, catalog=catalog, past=past, taken=taken, child=child)
                created = once(store, key, request_hash, rows_of)
    except experiments.KeyReused as error:
        raise Conflict(str(error)) from error
    except Unforkable as error:
        raise Conflict(str(error)) from error
    after.add_task(hints.wake)
    return created


def _asked(store: Store, run_id: str, body: NewFork, catalog: Catalog) -> tuple[Cut, Experiment]:
    """Where the fork begins and what it executes. Raises what is wrong with either."""
    if body.checkpoint is not None and body.stage is not None:
        raise Invalid("`stage` and `checkpoint` both say where the fork begins: leave one of them out.", path="stage")
    with store.read() as session:
        parent = run_of(session, run_id)
        past = _cut(session, parent, body.checkpoint, body.stage)
        document = _document(parent) if body.spec is None else documents.read(body.spec)
        spec = resolve(document, references.fitted(session, document, catalog))
    before = Experiment.model_validate(parent.spec)
    if problems := departures(spec, before, parent.seed, past.equal):
        raise SpecInvalid(problems)
    return past, spec


def _cut(session: Session, parent: tables.Run, checkpoint: str | None, stage: int | None) -> Cut:
    try:
        return forks.cut(session, parent, checkpoint=checkpoint, stage=stage)
    except NoCheckpoint as error:
        raise ArtifactNotFound(checkpoint or "", str(error)) from error


def _document(parent: tables.Run) -> dict[str, Any]:
    return {**parent.spec, "name": f"{parent.experiment.name[:190]} · fork"}


def _taken(store: Store, past: Cut, child: str) -> list[Heirloom]:
    with store.read() as session:
        return forks.heirlooms(session, past, child)


def _created(
    session: Session, spec: Experiment, catalog: Catalog, past: Cut, taken: list[Heirloom], child: str
) -> Created:
    """The rows of the fork, whose files are in their place. The parent cannot be deleted meanwhile."""
    parent = rows.locked(session, past.run.id)
    if parent is None:
        raise RunNotFound(past.run.id)
    same = forks.heirlooms(session, past, child)
    if [one.artifact.id for one in same] != [one.artifact.id for one in taken]:
        raise Conflict("The run replaced some of what was to be forked meanwhile: try again.")
    references.check(session, spec, catalog, hold=True)
    experiment_id, runs = experiments.create(session, spec, [parent.seed], [child])
    forks.queue(session, runs[0], past, taken)
    return experiment_id, runs
