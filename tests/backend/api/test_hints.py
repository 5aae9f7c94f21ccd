"""Hints reach the broker, and a broker that is away holds nobody up."""

import logging
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import celery  # in this thread first: its lazy modules do not take two importers at once
import pytest

from backend.queue import TASK, Hints, sender
from tests.backend.api.conftest import Api, running
from tests.backend.api.making import SPEC
from tests.patience import granted, until
from tests.services import Server

# Kombu's SQLAlchemy transport speaks an older dialect of SQLAlchemy.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning")


def received(url: str, seconds: float = 5.0) -> str | None:
    """The name of the task that waits in the broker."""
    with sender(url).connection_for_read() as connection:
        queue = connection.SimpleQueue("celery")
        try:
            message = queue.get(timeout=granted(seconds))
        except queue.Empty:
            return None
        finally:
            queue.close()
        message.ack()
        name: str = message.headers["task"]
        return name


@pytest.fixture(params=["file", "redis"])
def broker_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    url: str = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    assert celery.Celery
    return url or f"sqla+sqlite:///{tmp_path / 'broker.sqlite'}"


def test_a_hint_reaches_the_broker(broker_url: str) -> None:
    hints = Hints(broker_url)
    hints.wake()
    assert received(broker_url) == TASK
    hints.close()


def test_it_is_the_workers_task() -> None:
    from worker.app import wake

    assert wake.name == TASK


@pytest.fixture
def api_with_broker(published: Path, tmp_path: Path, broker_url: str) -> Iterator[Api]:
    shutil.copy(published, tmp_path / "lathe.sqlite")
    with running(f"sqlite:///{tmp_path / 'lathe.sqlite'}", tmp_path, broker_url) as api:
        yield api


def test_submitting_sends_one_and_a_refused_request_none(api_with_broker: Api, broker_url: str) -> None:
    assert api_with_broker.client.post("/api/experiments", json={"spec": {}}).status_code == 422
    assert received(broker_url, seconds=0.2) is None
    assert api_with_broker.client.post("/api/experiments", json={"spec": SPEC}).status_code == 201
    assert received(broker_url) == TASK


def away() -> str:
    """Address of a port on which no server listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"redis://127.0.0.1:{probe.getsockname()[1]}/0"


def test_a_broker_that_is_away_is_logged_and_tried_again(
    redis_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "backend.queue"):
        hints = Hints(away())
        began = time.monotonic()
        hints.wake()
        assert time.monotonic() - began < granted(0.1)
        until(lambda: "could not be notified" in caplog.text, 10, "the news")
        caplog.clear()
        hints.wake()
        until(lambda: "could not be notified" in caplog.text, 10, "the news")
    hints.close()


def test_a_broker_that_hangs_holds_nobody_up(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, caplog.at_level(logging.WARNING, "backend.queue"):
        hints = Hints(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        for _ in range(100):
            hints.wake()
        assert time.monotonic() - began < granted(0.1)
        until(lambda: "could not be notified" in caplog.text, 10, "the news")
        began = time.monotonic()
        hints.close()
        assert time.monotonic() - began < granted(4)
