"""Submitting experiments."""

from contextlib import suppress
from functools import partial
from typing import Any

from fastapi import APIRouter, BackgroundTasks
from sqlalchemy.orm import Session

from backend.api.bodies import documents
from backend.api.bodies.bare import BARE_BODY, BareRoute
from backend.api.deps import CatalogDep, CreationDep, HintsDep, StoreDep
from backend.api.schemas.submission import ExperimentCreated, NewExperiment, RunCreated
from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import Experiment, resolve
from backend.domain.experiment.stage_orders import Explored, explore, find_shared
from backend.domain.experiment.variants import Variant, vary
from backend.domain.problems import Problem, SpecInvalid
from backend.errors import Invalid
from backend.store import experiments, idempotency, references, run_dependencies
from backend.store.idempotency import Creation
from backend.store.session import Store

MAX_RUNS = 500  # of one request

router = APIRouter(tags=["experiments"], route_class=BareRoute)


@router.post("/api/experiments", status_code=201, openapi_extra=BARE_BODY)
def submit(
    body: NewExperiment,
    store: StoreDep,
    catalog: CatalogDep,
    hints: HintsDep,
    after: BackgroundTasks,
    creation: CreationDep,
) -> ExperimentCreated:
    """Check a spec and queue one run for each seed, of each variant or order where there are any."""
    created = idempotency.known(store, creation, created_of)
    if created is None:
        created = _submitted(store, body, catalog, creation)
    elif body.orders is not None:
        with suppress(SpecInvalid):  # should the catalog have changed since
            created.left_out = _explore(store, body, catalog).left_out
    created.notes = documents.notes(body.spec)
    after.add_task(hints.wake)
    return created


def _submitted(store: Store, body: NewExperiment, catalog: Catalog, creation: Creation) -> ExperimentCreated:
    explored = _explore(store, body, catalog)
    rows = partial(_created, body=body, specs=explored.specs, catalog=catalog)
    created = idempotency.once(store, creation, created_of, rows)
    created.left_out = explored.left_out
    return created


def _explore(store: Store, body: NewExperiment, catalog: Catalog) -> Explored:
    """The spec, or its variants or orders. Nothing is created unless all of them are valid."""
    document = documents.read(body.spec)
    if body.orders is not None:
        if body.variants is not None:
            raise Invalid("`orders` and `variants` cannot be combined: leave one of them out.", path="orders")
        with store.read() as session:
            return explore(
                document, body.orders, references.fit_catalog(session, document, catalog), len(body.seeds or [0])
            )
    return Explored(_variants(store, body, document, catalog), [])


def _variants(store: Store, body: NewExperiment, document: Any, catalog: Catalog) -> list[Experiment]:
    if body.variants is None:
        return [_resolved(store, document, catalog)]
    if len(body.variants) * len(body.seeds or [0]) > MAX_RUNS:
        raise Invalid(f"These variants and seeds make more than {MAX_RUNS} runs: leave some out.", path="variants")
    return [_varied(store, document, variant, index, catalog) for index, variant in enumerate(body.variants)]


def _resolved(store: Store, document: Any, catalog: Catalog) -> Experiment:
    with store.read() as session:
        return resolve(document, references.fit_catalog(session, document, catalog))


def _varied(store: Store, document: Any, variant: Variant, index: int, catalog: Catalog) -> Experiment:
    try:
        return _resolved(store, vary(document, variant), catalog)
    except SpecInvalid as invalid:
        where = f"variants[{index}]"
        problems = [Problem(path=f"{where}: {one.path}", message=one.message) for one in invalid.problems]
        raise SpecInvalid(problems) from None


def _created(session: Session, body: NewExperiment, specs: list[Experiment], catalog: Catalog) -> str:
    for spec in specs:
        references.check(session, spec, catalog, hold=True)
    seeds = body.seeds or [specs[0].seed]
    if body.variants is None and body.orders is None:
        experiment_id, _ = experiments.create(session, specs[0], seeds)
        return experiment_id
    group_id, runs = experiments.create_group(session, specs, seeds)
    if body.orders is not None:
        for first in range(0, len(runs), len(specs)):  # seed by seed
            run_dependencies.arrange(session, runs[first : first + len(specs)], find_shared(specs))
    return group_id


def created_of(session: Session, id: str) -> ExperimentCreated | None:
    """The runs of an experiment or group; None when they are deleted."""
    runs = [RunCreated(id=run.id, state=run.state) for run in experiments.runs(session, id)]
    return ExperimentCreated(id=id, runs=runs) if runs else None
