"""One Idempotency-Key creates once: in turn, at the same time, and again when what it created is gone."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy.orm import Session

from backend.domain.run.states import RunState
from backend.store import experiments, idempotency, runs
from backend.store.idempotency import Creation, KeyReused
from backend.store.session import Store
from tests.backend.store.conftest import SPEC

MINE, OTHER, NOBODYS = Creation("key", "a" * 64), Creation("key", "b" * 64), Creation(None, "a" * 64)


def found(session: Session, id: str) -> list[str] | None:
    """The runs of an experiment."""
    return [run.id for run in experiments.runs(session, id)] or None


def create(session: Session) -> str:
    return experiments.create(session, SPEC, [0])[0]


def queued(store: Store) -> int:
    with store.read() as session:
        return runs.counts(session)[RunState.QUEUED]


def meeting(barrier: Barrier) -> Callable[[Session], str]:
    """Creates when everybody who was asked with another key is about to: on SQLite each holds the write lock alone."""

    def create_together(session: Session) -> str:
        if session.get_bind().dialect.name == "postgresql":
            barrier.wait(30)
        return create(session)

    return create_together


def test_the_same_request_is_answered_the_same(store: Store) -> None:
    assert idempotency.known(store, MINE, found) is None
    first = idempotency.once(store, MINE, found, create)
    assert idempotency.once(store, MINE, found, create) == first == idempotency.known(store, MINE, found)
    assert queued(store) == 1


def test_another_request_is_refused(store: Store) -> None:
    idempotency.once(store, MINE, found, create)
    for ask in (lambda: idempotency.known(store, OTHER, found), lambda: idempotency.once(store, OTHER, found, create)):
        with pytest.raises(KeyReused, match="was used for another request: send a new key"):
            ask()
    assert queued(store) == 1


def test_requests_without_a_key_create_each(store: Store) -> None:
    assert idempotency.once(store, NOBODYS, found, create) != idempotency.once(store, NOBODYS, found, create)
    assert idempotency.known(store, NOBODYS, found) is None and queued(store) == 2


def test_the_same_request_at_the_same_time_creates_once(store: Store) -> None:
    together = meeting(Barrier(2))
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda _: idempotency.once(store, MINE, found, together), range(2)))
    assert answers[0] == answers[1] and queued(store) == 1


def test_different_requests_with_one_key_at_the_same_time_create_once(store: Store) -> None:
    def ask(creation: Creation) -> str:
        try:
            return str(idempotency.once(store, creation, found, together))
        except KeyReused:
            return "refused"

    together = meeting(Barrier(2))
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(ask, (MINE, OTHER)))
    assert answers.count("refused") == 1 and queued(store) == 1


def test_a_key_is_free_when_what_it_created_is_gone(store: Store) -> None:
    (gone,) = idempotency.once(store, MINE, found, create)
    with store.begin() as session:
        assert runs.cancel_queued(session, gone) and runs.delete_terminal(session, gone)
    assert idempotency.once(store, OTHER, found, create) != [gone]
    with pytest.raises(KeyReused):
        idempotency.known(store, MINE, found)


def test_a_key_that_became_free_is_taken_once(store: Store) -> None:
    (gone,) = idempotency.once(store, MINE, found, create)
    with store.begin() as session:
        assert runs.cancel_queued(session, gone) and runs.delete_terminal(session, gone)
    together = meeting(Barrier(2))
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda _: idempotency.once(store, MINE, found, together), range(2)))
    assert answers[0] == answers[1] and queued(store) == 1


def test_a_key_that_was_taken_meanwhile_is_not_taken_again(store: Store) -> None:
    """The other request ends between this one's look and its own creation."""
    others: list[list[str]] = []

    def late(session: Session) -> str:
        if session.get_bind().dialect.name == "postgresql":
            others.append(idempotency.once(store, MINE, found, create))
        return create(session)

    answer = idempotency.once(store, MINE, found, late)
    assert queued(store) == 1 and others in ([], [answer])


def test_what_fails_is_not_remembered(store: Store) -> None:
    def fail(session: Session) -> str:
        create(session)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        idempotency.once(store, MINE, found, fail)
    assert idempotency.once(store, OTHER, found, create) and queued(store) == 1
