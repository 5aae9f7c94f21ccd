"""Reads the next batches while the present one is learnt."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

AHEAD = 2  # jobs at most that are done before their results are asked for


def ahead(work: Callable[[Job], Result], jobs: Iterable[Job]) -> Generator[Result, None, None]:
    """The results of `work`, in order, by a thread that is at most `AHEAD` jobs in front of whoever takes them.

    What `work` raises is raised where its result would have been. The thread ends with the iterator: when it is used up,
    closed or forgotten.
    """
    under_way: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(1, "ahead") as thread:
        try:
            for job in jobs:
                under_way.append(thread.submit(work, job))
                if len(under_way) > AHEAD:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()
