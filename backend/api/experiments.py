"""Submitting experiments."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, Header, Request
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.api.bodies import documents
from backend.api.bodies.bare import BARE_BODY, BareRoute
from backend.api.deps import CatalogDep, HintsDep, StoreDep
from backend.api.schemas.submission import ExperimentCreated, NewExperiment, RunCreated
from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import Experiment, resolve
from backend.domain.experiment.stage_orders import Explored, explore, shared
from backend.domain.experiment.variants import Variant, vary
from backend.domain.problems import Problem, SpecInvalid
from backend.errors import Conflict, Invalid
from backend.store import experiments, references, run_dependencies, tables
from backend.store.session import Store

Created = tuple[str, list[tables.Run]]  # the id of an experiment or group, and its runs

MAX_RUNS = 500  # of one request

router = APIRouter(tags=["experiments"], route_class=BareRoute)


async def _request_hash(request: Request) -> str:
    """Hash of the request that an Idempotency-Key stands for: the body, and the run that it is about."""
    about = "".join(request.path_params.values())
    return hashlib.sha256(about.encode() + await request.body()).hexdigest()


RequestHash = Annotated[str, Depends(_request_hash)]


Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern="^[!-~]+$",
        description="Any text of your own: a repeated request with the same key and body creates nothing twice.",
    ),
]


@router.post("/api/experiments", status_code=201, openapi_extra=BARE_BODY)
def submit(
    body: NewExperiment,
    store: StoreDep,
    catalog: CatalogDep,
    hints: HintsDep,
    after: BackgroundTasks,
    request_hash: RequestHash,
    key: Key = None,
) -> ExperimentCreated:
    """Check a spec and queue one run for each seed, of each variant or order where there are any."""
    try:
        created = known(store, key, request_hash)
        if created is None:
            asked = _asked(store, body, catalog)
            rows = partial(_created, body=body, specs=asked.specs, catalog=catalog)
            created = once(store, key, request_hash, rows)
            created.left_out = asked.left_out
        elif body.orders is not None:
            with suppress(SpecInvalid):  # should the catalog have changed since
                created.left_out = _asked(store, body, catalog).left_out
    except experiments.KeyReused as error:
        raise Conflict(str(error)) from error
    after.add_task(hints.wake)
    return created


def _asked(store: Store, body: NewExperiment, catalog: Catalog) -> Explored:
    """The spec, or its variants or orders. Nothing is created unless all of them are right."""
    document = documents.read(body.spec)
    if body.orders is not None:
        if body.variants is not None:
            raise Invalid("`orders` and `variants` cannot be explored together: leave one of them out.", path="orders")
        with store.read() as session:
            return explore(document, body.orders, references.fitted(session, document, catalog), len(body.seeds or [0]))
    return Explored(_variants(store, body, document, catalog), [])


def _variants(store: Store, body: NewExperiment, document: Any, catalog: Catalog) -> list[Experiment]:
    if body.variants is None:
        return [_resolved(store, document, catalog)]
    if len(body.variants) * len(body.seeds or [0]) > MAX_RUNS:
        raise Invalid(f"Variants times seeds are more than {MAX_RUNS} runs: leave some out.", path="variants")
    return [_varied(store, document, variant, index, catalog) for index, variant in enumerate(body.variants)]


def _resolved(store: Store, document: Any, catalog: Catalog) -> Experiment:
    with store.read() as session:
        return resolve(document, references.fitted(session, document, catalog))


def _varied(store: Store, document: Any, variant: Variant, index: int, catalog: Catalog) -> Experiment:
    try:
        return _resolved(store, vary(document, variant), catalog)
    except SpecInvalid as invalid:
        where = f"variants[{index}]"
        told = [Problem(path=f"{where}: {one.path}", message=one.message) for one in invalid.problems]
        raise SpecInvalid(told) from None


def known(store: Store, key: str | None, request_hash: str) -> ExperimentCreated | None:
    """Returns what an earlier request with the same key created."""
    if key is None:
        return None
    with store.read() as session:
        experiment_id = experiments.remembered(session, key, request_hash)
        if experiment_id is None:
            return None
        return created_of(experiment_id, experiments.runs(session, experiment_id))


def _created(session: Session, body: NewExperiment, specs: list[Experiment], catalog: Catalog) -> Created:
    for spec in specs:
        references.check(session, spec, catalog, hold=True)
    seeds = body.seeds or [specs[0].seed]
    if body.variants is None and body.orders is None:
        return experiments.create(session, specs[0], seeds)
    experiment_id, runs = experiments.create_group(session, specs, seeds)
    if body.orders is not None:
        for first in range(0, len(runs), len(specs)):  # seed by seed
            run_dependencies.arrange(session, runs[first : first + len(specs)], shared(specs))
    return experiment_id, runs


def once(store: Store, key: str | None, request_hash: str, create: Callable[[Session], Created]) -> ExperimentCreated:
    """Result of `create` in one transaction, remembered under the key; or of an earlier request with the same key."""
    try:
        with store.begin() as session:
            experiment_id, runs = create(session)
            if key is not None:
                experiments.remember(session, key, request_hash, experiment_id)
            return created_of(experiment_id, runs)
    except IntegrityError:  # the same key arrived twice at once, and the other one was first
        earlier = known(store, key, request_hash)
        if earlier is None:
            raise
        return earlier


def created_of(experiment_id: str, runs: list[Any]) -> ExperimentCreated:
    return ExperimentCreated(id=experiment_id, runs=[RunCreated(id=run.id, state=run.state) for run in runs])
