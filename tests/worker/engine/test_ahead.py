"""Reading ahead: the same results in the same order, a bounded way in front, and no thread that stays."""

import threading
from collections.abc import Iterator
from contextlib import closing
from threading import Event

import pytest

from worker.engine.input.ahead import AHEAD, ahead

SECONDS = 20.0


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("ahead")}


def test_results_come_in_order() -> None:
    assert list(ahead(lambda number: number**2, range(50))) == [number**2 for number in range(50)]
    assert list(ahead(str, [])) == []
    assert threads() == set()


def test_it_works_while_nobody_asks_but_only_a_little_ahead() -> None:
    done: list[int] = []
    reached, too_far = Event(), Event()

    def work(number: int) -> int:
        done.append(number)
        if number == AHEAD:
            reached.set()
        if number > AHEAD:
            too_far.set()
        return number

    with closing(ahead(work, range(100))) as results:
        assert next(results) == 0
        assert reached.wait(SECONDS), "nothing was done ahead"
        assert not too_far.wait(0.2) and done == list(range(AHEAD + 1))
        assert next(results) == 1
        assert too_far.wait(SECONDS)
    assert threads() == set()


def test_what_fails_is_raised_in_its_place() -> None:
    def work(number: int) -> float:
        return 1 / (3 - number)

    results = ahead(work, range(10))
    assert [next(results) for _ in range(3)] == [1 / 3, 1 / 2, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert threads() == set()


def test_a_failure_of_who_asks_ends_it() -> None:
    def take() -> None:
        with closing(ahead(str, range(10))) as results:
            raise KeyError(next(results))

    with pytest.raises(KeyError):
        take()
    assert threads() == set()


def test_forgotten_results_leave_no_thread() -> None:
    results = ahead(str, range(10))
    next(results)
    assert threads()
    del results
    assert threads() == set()


def test_jobs_are_taken_as_late_as_they_can_be() -> None:
    taken: list[int] = []

    def jobs() -> Iterator[int]:
        for number in range(10):
            taken.append(number)
            yield number

    with closing(ahead(str, jobs())) as results:
        next(results)
        assert len(taken) == AHEAD + 1
