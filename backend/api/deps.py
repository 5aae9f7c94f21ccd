"""Dependencies that endpoints receive, as named types."""

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Header, Path, Request
from sqlalchemy.orm import Session

from backend.config import Settings
from backend.domain.catalog import Catalog
from backend.errors import CatalogMissing, RunNotFound
from backend.queue import Hints
from backend.store import runs, tables, workers
from backend.store.idempotency import Creation
from backend.store.session import Store

if TYPE_CHECKING:
    from backend.api.live.broadcaster import Broadcaster
    from backend.api.monitor import Monitor


def _settings(request: Request) -> Settings:
    return request.app.state.settings  # type: ignore[no-any-return]


def _store(request: Request) -> Store:
    return request.app.state.store  # type: ignore[no-any-return]


def _hub(request: Request) -> "Broadcaster":
    return request.app.state.hub  # type: ignore[no-any-return]


def _monitor(request: Request) -> "Monitor":
    return request.app.state.monitor  # type: ignore[no-any-return]


def _hints(request: Request) -> Hints:
    return request.app.state.hints  # type: ignore[no-any-return]


def _by(request: Request) -> str:
    return request.state.by  # type: ignore[no-any-return]


SettingsDep = Annotated[Settings, Depends(_settings)]
StoreDep = Annotated[Store, Depends(_store)]
HubDep = Annotated["Broadcaster", Depends(_hub)]
MonitorDep = Annotated["Monitor", Depends(_monitor)]
HintsDep = Annotated[Hints, Depends(_hints)]
By = Annotated[str, Depends(_by)]


def _reading(store: StoreDep) -> Iterator[Session]:
    with store.read() as session:
        yield session


def _writing(store: StoreDep) -> Iterator[Session]:
    with store.begin() as session:
        yield session


# scope="function": the transaction has ended before the response leaves.
Reading = Annotated[Session, Depends(_reading, scope="function")]
Writing = Annotated[Session, Depends(_writing, scope="function")]


def _catalog(store: StoreDep) -> Catalog:
    with store.read() as session:
        catalog = workers.catalog(session)
    if not catalog.entries:
        raise CatalogMissing
    return catalog


CatalogDep = Annotated[Catalog, Depends(_catalog)]

RunId = Annotated[str, Path(max_length=64, description="Id of a run.")]


def _run(session: Reading, run_id: RunId) -> tables.Run:
    return run_of(session, run_id)


def run_of(session: Session, run_id: str) -> tables.Run:
    """The run. Raises RunNotFound."""
    run = runs.get(session, run_id)
    if run is None:
        raise RunNotFound(run_id)
    return run


RunDep = Annotated[tables.Run, Depends(_run)]


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


async def _creation(request: Request, key: Key = None) -> Creation:
    """The request that an Idempotency-Key stands for: the body, and the run that it is about."""
    about = "".join(request.path_params.values())
    return Creation(key, hashlib.sha256(about.encode() + await request.body()).hexdigest())


CreationDep = Annotated[Creation, Depends(_creation)]
