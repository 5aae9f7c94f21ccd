"""A queued run says what it waits for, and for how long where that is known."""

import pytest

from backend.domain.catalog import Catalog
from backend.domain.run.states import Awaited, RunState
from backend.store import queue, runs, workers
from backend.store.queue import Place
from backend.store.session import Store
from backend.store.tables import Run
from tests.backend.store.conftest import Submit, claim


def hear_of(store: Store, *names: str) -> None:
    with store.begin() as session:
        for name in names:
            workers.announce(session, name, name, {"name": "cpu"}, Catalog(entries=[]))


def places(store: Store, *run_ids: str) -> list[Place]:
    with store.read() as session:
        found = queue.places(session, [run for run_id in run_ids if (run := session.get(Run, run_id))])
    return [found[run_id] for run_id in run_ids]


def work(store: Store, lease: runs.Lease, **changes: object) -> None:
    with store.begin() as session:
        runs.write(session, lease, **changes)


def test_without_a_worker_every_run_waits_for_one(store: Store, submit: Submit) -> None:
    some = submit(2)
    hear_of(store, "gone")
    with store.begin() as session:
        workers.depart(session, "gone")
    assert places(store, *some) == [Place(Awaited.WORKER)] * 2


def test_a_run_that_a_free_worker_will_take_has_nothing_before_it(store: Store, submit: Submit) -> None:
    first, second, third = submit(3)
    hear_of(store, "a", "b")
    assert places(store, first, second) == [Place(Awaited.TURN, 0, 0.0), Place(Awaited.TURN)]
    assert places(store, third) == [Place(Awaited.TURN, 2)]


def test_the_wait_is_what_is_left_of_the_runs_before_it(store: Store, submit: Submit) -> None:
    _, second, third = submit(3)
    hear_of(store, "a")
    lease = claim(store)
    assert places(store, second) == [Place(Awaited.TURN, 1)]
    work(store, lease, step=25, total_steps=100, active_seconds=10.0)
    assert places(store, second, third) == [Place(Awaited.TURN, 1, 30.0), Place(Awaited.TURN, 2, 70.0)]


def test_the_pace_of_a_fork_is_that_of_its_own_steps(store: Store, submit: Submit) -> None:
    forked, second = submit(2)
    with store.begin() as session:
        run = session.get(Run, forked)
        assert run is not None
        run.fork_step = 50
    hear_of(store, "a")
    work(store, claim(store), step=60, total_steps=100, active_seconds=10.0)
    assert places(store, second) == [Place(Awaited.TURN, 1, 40.0)]


def test_the_first_worker_that_is_free_takes_the_next_run(store: Store, submit: Submit) -> None:
    _, _, third, fourth, fifth = submit(5)
    hear_of(store, "a", "b")
    first, second = claim(store), claim(store)
    work(store, first, step=50, total_steps=100, active_seconds=10.0)
    work(store, second, step=90, total_steps=100, active_seconds=18.0)
    seconds = [place.seconds for place in places(store, third, fourth, fifth)]
    assert seconds == pytest.approx([2.0, 10.0, 22.0])


def test_nothing_is_told_of_the_time_where_something_before_it_is_unknown(store: Store, submit: Submit) -> None:
    submit(1, "Known")
    (unknown,) = submit(1, "Another experiment")
    (last,) = submit(1, "The last")
    hear_of(store, "a")
    lease = claim(store)
    work(store, lease, step=50, total_steps=100, active_seconds=10.0)
    assert places(store, unknown, last) == [Place(Awaited.TURN, 1, 10.0), Place(Awaited.TURN, 2)]
    work(store, lease, state=RunState.PAUSED)
    assert places(store, unknown) == [Place(Awaited.TURN, 1)]


def test_a_run_that_waits_for_a_stage_of_another_has_no_turn(store: Store, submit: Submit) -> None:
    older, waiting, other = submit(3)
    with store.begin() as session:
        run = session.get(Run, waiting)
        assert run is not None
        run.waits_for, run.waits_stage = older, 0
    hear_of(store, "a")
    assert places(store, waiting, other) == [Place(Awaited.RUN), Place(Awaited.TURN, 1)]


def test_runs_of_a_higher_priority_are_before_it(store: Store, submit: Submit) -> None:
    low, high = submit(2)
    with store.begin() as session:
        run = session.get(Run, low)
        assert run is not None
        run.priority = -1
    hear_of(store, "a")
    assert places(store, high, low) == [Place(Awaited.TURN, 0, 0.0), Place(Awaited.TURN, 1)]
