"""Notifies workers of new runs. This is only a hint: a worker that misses it soon looks for itself."""

import logging
import threading
from typing import Any

from backend.store.engine import sqlite_module

log = logging.getLogger(__name__)

TASK = "lathe.wake"
SECONDS = 2.0  # how long the broker may take; a hint that is later than that is worth nothing


class Hints:
    """Sends hints in its own thread, so that a broker that is down or hangs delays nobody."""

    def __init__(self, broker_url: str) -> None:
        self._url = broker_url
        self._wanted = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def wake(self) -> None:
        """Requests a hint and returns at once. Requests during a hint are merged into one."""
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="hints", daemon=True)
                self._thread.start()
        self._wanted.set()

    def close(self) -> None:
        self._closed = True
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(SECONDS)

    def _run(self) -> None:
        app: Any = None
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._closed:
                break
            try:
                app = app or sender(self._url)
                app.send_task(TASK, ignore_result=True, retry=False, expires=60)
            except Exception as error:  # any client library's own; the worker's timer makes up for it
                log.warning(
                    "workers could not be notified and will find the run at their next look: %s", type(error).__name__
                )
        if app is not None:
            app.close()


def sender(broker_url: str) -> Any:
    """A Celery app that only sends. Celery is imported here, after the server has started to answer."""
    from celery import Celery

    app = Celery("lathe", broker=broker_url, set_as_current=False)
    app.conf.update(
        task_ignore_result=True,
        broker_connection_timeout=SECONDS,
        broker_connection_retry=False,
        broker_transport_options=_options(broker_url),
    )
    return app


def _options(broker_url: str) -> dict[str, Any]:
    if broker_url.startswith("redis"):
        return {"socket_timeout": SECONDS, "socket_connect_timeout": SECONDS}
    return {"module": sqlite_module()} if broker_url.startswith("sqla+sqlite") else {}
