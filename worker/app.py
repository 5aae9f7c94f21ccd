"""The Celery worker: takes hints, and hosts the supervisor. Never imports torch. `python -m worker.app` is one.

Celery is not what makes a run start or survive (law 1): the supervisor looks for runs by itself, also while the
broker is away, so a message is acknowledged before it is handled and may be lost.
"""

import time
import warnings
from typing import Any

from celery import Celery, signals
from celery.platforms import SecurityWarning
from sqlalchemy.exc import DBAPIError

from backend.domain.settings import Settings
from backend.store.engine import sqlite_module
from worker.process import logs
from worker.process.vital import vital
from worker.supervisor.supervisor import Supervisor

TRIES = 20  # to make the embedded broker's queue

SOCKET_SECONDS = 5.0  # without it, a Redis that went silent would hold the worker for ever


def create(settings: Settings) -> Celery:
    """The Celery application for these settings."""
    app = Celery("lathe", broker=settings.broker_url)
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        worker_concurrency=1,
        worker_pool="solo",
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_transport_options(settings.broker_url),
    )
    return app


def _transport_options(broker: str) -> dict[str, Any]:
    if broker.startswith("redis"):
        return {"socket_timeout": SOCKET_SECONDS, "socket_connect_timeout": SOCKET_SECONDS, "socket_keepalive": True}
    if broker.startswith("sqla+sqlite"):
        return {"module": sqlite_module()}
    return {}


# It warns every root of what pickled messages could do; ours are JSON, and containers run as another user.
warnings.filterwarnings("ignore", category=SecurityWarning)


def declare_queue(celery: Celery) -> None:
    """Creates the tables and the queue of the embedded broker, again when another process did so at the same time."""
    for _ in range(TRIES):
        try:
            with celery.connection_for_write() as connection:
                celery.amqp.queues[celery.conf.task_default_queue](connection.default_channel).declare()
            return
        except DBAPIError:
            time.sleep(0.1)


settings = Settings.read()
app = create(settings)
supervisor = Supervisor(settings)


@app.task(name="lathe.wake", ignore_result=True)  # type: ignore[untyped-decorator]
def wake() -> None:
    """Looks for a run now instead of at the next tick of the timer. A lost, repeated or late hint does no harm."""
    supervisor.wake()


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def _log(loglevel: int | str | None = None, **_: Any) -> None:
    logs.configure("INFO" if settings.verbose else loglevel or "WARNING")


@signals.worker_init.connect  # type: ignore[untyped-decorator]
def _start(**_: Any) -> None:
    """Before the broker is reached: it may be away."""
    with vital("The start"):  # Celery would go on without it
        supervisor.start()
    if settings.broker_url.startswith("sqla"):
        declare_queue(app)


@signals.worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _leave(**_: Any) -> None:
    supervisor.leave()


@signals.worker_shutdown.connect  # type: ignore[untyped-decorator]
def _stop(**_: Any) -> None:
    supervisor.stop()


def main() -> None:
    """Be a worker. The application is handed over: one that is named Celery looks for in the current folder first."""
    settings.prepared()
    alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]  # workers meet in the database
    app.worker_main(["--quiet", "worker", "--pool", "solo", "--concurrency", "1", *alone])


if __name__ == "__main__":
    main()
