"""The API server."""

import asyncio
import gc
import importlib
import pkgutil
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from types import FrameType
from typing import Any

from fastapi import APIRouter, FastAPI

from backend import __version__, api, auth, errors
from backend.api import logs, staging, tradeoffs
from backend.api.caches import artifacts
from backend.api.compactor import Compactor
from backend.api.live.broadcaster import Broadcaster
from backend.api.middleware.gate import BodyLimit, Gate
from backend.api.middleware.slots import AT_ONCE, Slots
from backend.api.middleware.unread import CloseUnread
from backend.api.monitor import Monitor
from backend.api.schemas.runs import Error
from backend.charts import wire
from backend.charts.chart import charts
from backend.charts.data import Options, RunData
from backend.charts.trials import study_charts
from backend.config import Settings
from backend.queue import Hints
from backend.store.session import UNAVAILABLE, Store

WARM_AFTER = 2.0  # seconds after which the first chart is prepared for
APART = frozenset({"backend.api.openapi"})  # describes the finished application
PAGES = "backend.api.static"  # answers what no resource does, and so comes last


def create_app(settings: Settings | None = None) -> FastAPI:
    """The server over the database and the data folder that `settings` name. Raises auth.Unsafe."""
    settings = settings or Settings()
    app = routes()
    app.state.settings = settings
    app.state.keys = auth.keys(settings)
    logs.install()
    app.add_middleware(Slots)
    app.add_middleware(BodyLimit)
    app.add_middleware(Gate, keys=app.state.keys, hosts=settings.allowed_hosts, upload_bytes=settings.upload_bytes)
    app.add_middleware(CloseUnread)
    return app


def routes() -> FastAPI:
    """Every endpoint, with no layer around them yet."""
    app = FastAPI(
        title="Lathe",
        summary="Train, steer, compress and measure neural networks on one timeline.",
        version=__version__,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        responses={
            "default": {
                "model": Error,
                "description": "Error: a sentence that says what is wrong and what would be right.",
            }
        },
        generate_unique_id_function=lambda route: route.name,
    )
    errors.install(app)
    for router in _routers():
        app.include_router(router)
    return app


def _routers() -> Iterator[APIRouter]:
    """Every resource: a module of `backend.api` that has a `router`."""
    modules = pkgutil.walk_packages(api.__path__, f"{api.__name__}.")
    for name in sorted((module.name for module in modules if module.name not in APART), key=lambda name: name == PAGES):
        if isinstance(router := getattr(importlib.import_module(name), "router", None), APIRouter):
            yield router


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    app.state.store = Store.open(settings.database_url)
    app.state.hub = Broadcaster(app.state.store)
    app.state.hints = Hints(settings.broker_url)
    app.state.turns = asyncio.Semaphore(AT_ONCE)
    app.state.monitor = Monitor(settings)
    for of in (staging.of_uploads, staging.of_runs):
        await asyncio.to_thread(of(app.state.store, settings.data_dir).sweep)
    _end_streams_on_signal(app.state.hub)
    app.state.monitor.start()
    warm = asyncio.get_running_loop().call_later(
        WARM_AFTER, lambda: asyncio.ensure_future(asyncio.to_thread(_warm, app.state.store))
    )
    compactor = Compactor(app.state.store)
    compactor.start()
    yield
    warm.cancel()
    await asyncio.to_thread(compactor.close)
    await app.state.hub.close()
    await asyncio.to_thread(app.state.monitor.close)
    app.state.hints.close()
    app.state.store.close()


def _warm(store: Store) -> None:
    """Load Plotly and what was measured, so that the first chart need not wait for it."""
    curve = next(chart for chart in charts().values() if chart.metrics)
    wire.dumps(curve.draw([RunData(id="", name="", seed=0, color="black")], Options()))  # the first one loads much
    study_charts()
    with suppress(*UNAVAILABLE), store.read() as session:
        artifacts.artifacts(session, None, tradeoffs.MAX_RUNS)
    gc.collect()
    gc.freeze()  # what stays is not looked through again: with many artifacts that holds up an answer by 0.2 s


def _end_streams_on_signal(hub: Broadcaster) -> None:
    """The server waits for open requests before it ends, and a stream ends only when it is told to."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        previous = signal.getsignal(number)

        def end(number: int, frame: FrameType | None, previous: Any = previous) -> None:
            loop.call_soon_threadsafe(hub.end_streams)
            if callable(previous):
                previous(number, frame)

        signal.signal(number, end)
