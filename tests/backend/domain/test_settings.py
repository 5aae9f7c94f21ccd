"""Settings that the backend and the worker share."""

import pytest

from backend.domain.settings import Settings


@pytest.mark.parametrize(
    ("workers", "threads", "cores", "each"),
    [(1, 0, 2, 1), (1, 0, 16, 15), (3, 0, 16, 5), (8, 0, 4, 1), (3, 2, 16, 2), (1, 0, 1, 1)],
)
def test_workers_share_the_cores_but_one(workers: int, threads: int, cores: int, each: int) -> None:
    assert Settings(workers=workers, threads=threads).threads_of(cores) == each
