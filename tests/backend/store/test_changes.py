"""A look at the runs finds each change once, in whatever order transactions end, and reads nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from backend.domain.run.states import RunState
from backend.store import changes, events, runs
from backend.store.changes import Poll
from backend.store.session import Store
from backend.store.tables import Run
from tests.backend.store.conftest import Submit, claim, log


class Watcher:
    """Looks again and again."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.read() as session:
            self.last = changes.first(session)

    def found(self) -> set[str]:
        with self.store.read() as session:
            self.last, found = changes.since(session, self.last)
        assert len(found) == len(set(found))
        return set(found)


@contextmanager
def writing(store: Store, run_id: str) -> Iterator[Session]:
    """A transaction that has written to the run, and not ended."""
    with store.begin() as session:
        session.execute(update(Run).where(Run.id == run_id).values(step=Run.step + 1))
        yield session


def delete(store: Store, run_id: str) -> None:
    with store.begin() as session:
        assert runs.delete_terminal(session, run_id)


def over(store: Store, run_id: str) -> None:
    with store.begin() as session:
        assert runs.cancel_queued(session, run_id)


def test_each_change_is_found_once(store: Store, submit: Submit) -> None:
    first, second = submit(2)
    watcher = Watcher(store)
    assert watcher.found() == set()
    third, fourth = submit(2)
    assert watcher.found() == {third, fourth}
    lease = claim(store)
    with store.begin() as session:
        runs.write(session, lease, [log()])
    assert watcher.found() == {first}
    over(store, second)
    with store.begin() as session:
        runs.finish(session, lease, RunState.SUCCEEDED)
    assert watcher.found() == {first, second}
    assert watcher.found() == set()


def test_what_came_and_ended_between_two_looks_is_found(store: Store, submit: Submit) -> None:
    watcher = Watcher(store)
    (run_id,) = submit()
    over(store, run_id)
    assert watcher.found() == {run_id}


def test_a_write_that_was_rolled_back_is_none(store: Store, submit: Submit) -> None:
    (run_id,) = submit()
    watcher = Watcher(store)
    with pytest.raises(ZeroDivisionError), writing(store, run_id):
        raise ZeroDivisionError
    assert watcher.found() == set()


def test_nothing_is_missed_when_the_run_that_changed_last_is_deleted(store: Store, submit: Submit) -> None:
    first, second, last = submit(3)
    over(store, last)
    watcher = Watcher(store)
    delete(store, last)
    over(store, first)
    over(store, second)
    assert watcher.found() == {first, second}


def test_nothing_is_missed_when_every_run_is_deleted(store: Store, submit: Submit) -> None:
    some = submit(3)
    for run_id in some:
        over(store, run_id)
    watcher = Watcher(store)
    for run_id in some:
        delete(store, run_id)
    (fresh,) = submit()
    assert watcher.found() == {fresh}


ON_POSTGRESQL = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)


@ON_POSTGRESQL
def test_transactions_that_end_in_another_order_are_found(store: Store, submit: Submit) -> None:
    slow, fast = submit(2)
    watcher = Watcher(store)
    with writing(store, slow):
        with writing(store, fast):
            pass
        assert watcher.found() == {fast}
        assert watcher.found() == set()
    assert watcher.found() == {slow}
    assert watcher.found() == set()


@ON_POSTGRESQL
def test_looking_behind_the_highest_number_alone_would_miss_them(store: Store, submit: Submit) -> None:
    """Negative control: what is right on SQLite is wrong here."""
    slow, fast = submit(2)
    with writing(store, slow):
        with writing(store, fast):
            pass
        with store.read() as session:
            highest = session.scalars(select(Run.changed).where(Run.id == fast)).one()
    with store.read() as session:
        assert changes.since(session, Poll(highest, {fast: highest}))[1] == []


@ON_POSTGRESQL
def test_numbers_of_another_server_are_not_read_again_and_again(store: Store, submit: Submit) -> None:
    (restored,) = submit()
    with store.begin() as session:
        session.execute(update(Run).where(Run.id == restored).values(changed=2**40))
    watcher = Watcher(store)
    assert restored not in watcher.last.numbers
    over(store, restored)
    assert watcher.found() == {restored}


def test_a_look_costs_the_same_however_many_runs_are_queued(store: Store, submit: Submit) -> None:
    submit(10)
    few = cost_of_a_look(store)
    submit(1000)
    assert cost_of_a_look(store) <= 2 * few


def test_reading_every_queued_run_would_be_noticed(store: Store, submit: Submit) -> None:
    """Negative control."""
    submit(10)
    few = cost_of_a_look(store, mark=0)
    submit(1000)
    assert cost_of_a_look(store, mark=0) > 2 * few


def cost_of_a_look(store: Store, mark: int | None = None) -> int:
    """Work of the database for one query after a write: rows that PostgreSQL reads, or steps that SQLite takes."""
    last = Watcher(store).last if mark is None else Poll(mark)
    lease = claim(store)
    with store.begin() as session:
        session.execute(text("ANALYZE runs"))
    with store.read() as session, counted(session) as cost:
        found = changes.since(session, last)[1]
        assert events.heads(session, [lease.run_id]) == {lease.run_id: 1}
    assert lease.run_id in found
    return sum(cost)


@contextmanager
def counted(session: Session) -> Iterator[list[int]]:
    cost: list[int] = []
    if session.connection().dialect.name == "postgresql":
        counters = text("SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'runs'")
        before = session.scalar(counters) or 0
        yield cost
        cost.append((session.scalar(counters) or 0) - before)
        return
    driver: Any = session.connection().connection.driver_connection
    driver.set_progress_handler(lambda: cost.append(1), 1)
    yield cost
    driver.set_progress_handler(None, 1)
