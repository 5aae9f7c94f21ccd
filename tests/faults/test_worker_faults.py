"""The worker itself dies, is frozen, or is told to go, and so do the services around it: F2, F3, F5, F7, F9."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.store.session import UNAVAILABLE
from tests import services
from tests.faults.farm import LEASE_SECONDS, UNHURRIED, Farm, Worker, alive, children, farm, spec
from tests.faults.figures import figure
from tests.patience import Stopwatch, until
from tests.services import Server


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Farm]:
    """A farm on each kind of database."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with farm(tmp_path / "farm", url) as made:
        yield made


def owner(farm: Farm, run_id: str, pair: list[Worker]) -> tuple[Worker, Worker]:
    """The worker that has the run, then the other one."""
    farm.at_step(run_id, 10)
    first, second = pair
    return (first, second) if f"Run {run_id} begins" in first.log.read_text() else (second, first)


def freeze(farm: Farm, worker: Worker) -> list[int]:
    """Stop all its processes, but not within a transaction on SQLite: that holds the whole file's lock until it ends."""
    tree = [worker.pid, *children(worker.pid)]
    while True:
        for pid in tree:
            os.kill(pid, signal.SIGSTOP)
        try:
            with farm.store.begin() as session:
                session.connection()
            return tree
        except UNAVAILABLE:
            for pid in tree:
                os.kill(pid, signal.SIGCONT)


def test_f3_f2_a_frozen_worker_writes_nothing_when_it_wakes_and_a_killed_one_leaves_no_orphan(either: Farm) -> None:
    """One worker is frozen beyond its lease, the other takes over and is killed, the first one goes on."""
    pair = either.start(2)
    run_id = either.submit(spec(epochs=60, milliseconds=UNHURRIED))
    frozen, other = owner(either, run_id, pair)
    epoch = either.run(run_id).epoch
    tree = freeze(either, frozen)
    stopped = time.monotonic()
    until(lambda: either.run(run_id).epoch >= epoch + 2, 240, "another owner", other.log)
    figure("F3 frozen worker until another one has the run", time.monotonic() - stopped)
    assert time.monotonic() - stopped > 0.9 * LEASE_SECONDS
    for pid in reversed(tree):
        os.kill(pid, signal.SIGCONT)
    until(lambda: "another worker may own it" in frozen.log.read_text(), 120, "that it notices", frozen.log)

    either.at_step(run_id, either.run(run_id).step + 20)
    epoch, orphan = either.run(run_id).epoch, other.trainer()
    other.signal(signal.SIGKILL)
    killed = time.monotonic()
    until(lambda: not alive(orphan), 3, "the end of the orphan")
    until(lambda: either.run(run_id).epoch >= epoch + 2, 240, "the first worker again", frozen.log)
    figure("F2 killed worker until another one has the run", time.monotonic() - killed)
    assert either.finished(run_id).state is RunState.SUCCEEDED
    assert either.states(run_id) == ["running", "queued"] * 2 + ["running", "succeeded"]


def test_f5_f7_a_released_run_goes_on_elsewhere_while_redis_is_down(tmp_path: Path, redis_server: Server) -> None:
    """Redis forgets everything, then dies; a worker is told to go, another one starts: nobody needs the broker."""
    with farm(tmp_path / "farm", broker=redis_server.url) as made:
        [first] = made.start()
        undisturbed, released = made.submit(spec()), made.submit(spec())
        services.flush(redis_server)
        made.at_step(undisturbed, 20)
        redis_server.kill()
        try:
            made.finished(undisturbed)
            made.at_step(released, 100)
            reported, watch = time.monotonic(), Stopwatch()
            assert first.end() == 0
            figure("F5 SIGTERM until the worker is gone, Redis being down", time.monotonic() - reported)
            assert watch.seconds < 30
            run = made.run(released)
            assert (run.state, run.owner, run.attempts) == (RunState.QUEUED, None, 0)
            made.start()
            assert made.finished(released).state is RunState.SUCCEEDED
        finally:
            redis_server.start()
        assert made.marks(released, EventKind.REWIND) == []  # saved at the very step
        assert made.weights(released) == made.weights(undisturbed)


def test_f9_points_are_kept_while_postgresql_is_down(
    tmp_path: Path, postgresql_server: Server, postgres_url: str
) -> None:
    """Stopped for a moment: nothing is lost, nothing reaped. For longer: the trainer yields, and the run goes on."""
    with farm(tmp_path / "farm", postgres_url, lease=10.0) as made:
        [worker] = made.start()
        run_id = made.submit(spec(epochs=60, milliseconds=UNHURRIED))
        made.at_step(run_id, 20)
        trainer = worker.trainer()
        with stopped(postgresql_server):
            time.sleep(1.0)
        made.at_step(run_id, 100)
        assert made.marks(run_id, EventKind.REWIND) == []
        with stopped(postgresql_server):
            until(lambda: not alive(trainer), 15, "that the trainer yields", worker.log)
        assert made.finished(run_id).state is RunState.SUCCEEDED
        assert made.states(run_id) == ["running", "succeeded"]


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()
