"""Batch policies: every sample once, sizes as asked, reproducible."""

import pytest

from tests.worker.components.registry import each, make
from worker.batches import BatchPolicy


@each("batches")
@pytest.mark.parametrize("samples", [1, 2, 127, 128, 129, 130, 1439, 60_000])
def test_covers_every_sample_reproducibly(component: type[BatchPolicy], samples: int) -> None:
    sizes = list(component().sizes(samples, seed=3, epoch=2))
    assert sum(sizes) == samples and min(sizes) >= 1
    assert sizes == list(component().sizes(samples, seed=3, epoch=2))
    assert component().steps(samples, seed=3, epoch=2) == len(sizes)


@pytest.mark.parametrize(
    ("samples", "size", "expected"),
    [
        (10, 5, [5, 5]),
        (12, 5, [5, 5, 2]),
        (11, 5, [5, 6]),  # one left over joins the step before
        (6, 5, [6]),
        (3, 5, [3]),
        (1, 5, [1]),
        (3, 1, [1, 1, 1]),
    ],
)
def test_fixed_sizes(samples: int, size: int, expected: list[int]) -> None:
    assert list(make("batches", "fixed", size=size).sizes(samples, 0, 0)) == expected
