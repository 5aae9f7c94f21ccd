"""Batch policies: every sample once, sizes as asked, reproducible."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.worker.components.registry import each, make
from worker.contracts.families.batches import BatchPolicy, Probe


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


# ---- random


def test_random_sizes_are_uniform_and_seeded() -> None:
    policy = make("batches", "random", lowest=10, highest=19)
    sizes = list(policy.sizes(1_000_000, seed=1, epoch=0))[:-1]
    counts = np.bincount(sizes, minlength=20)[10:]
    assert sum(counts) == len(sizes) and len(counts) == 10
    expected = len(sizes) / 10
    assert (abs(counts - expected) < 5 * expected**0.5).all()
    others = [list(policy.sizes(1_000_000, seed, epoch))[:-1] for seed, epoch in [(2, 0), (1, 1)]]
    assert sizes not in others and others[0] != others[1]


@pytest.mark.parametrize("samples", range(1, 60))
def test_random_never_leaves_a_single_sample(samples: int) -> None:
    policy = make("batches", "random", lowest=2, highest=5)
    for seed in range(20):
        sizes = list(policy.sizes(samples, seed, 0))
        assert sum(sizes) == samples
        assert min(sizes) >= min(2, samples) and max(sizes) <= 6


def test_random_bounds_that_cross_meet_at_the_lower() -> None:
    assert list(make("batches", "random", lowest=8, highest=3).sizes(20, 0, 0)) == [8, 8, 4]


# ---- full


def test_full_is_one_step() -> None:
    assert list(make("batches", "full").sizes(54_321, 0, 3)) == [54_321]
    assert make("batches", "full").whole and not make("batches", "fixed").whole


# ---- growing


def test_grows_by_schedule_up_to_its_limit() -> None:
    policy = make("batches", "growing", size=10, growth=2.0, epochs=2, largest=50)
    first = [next(policy.sizes(1000, 0, epoch)) for epoch in range(8)]
    assert first == [10, 10, 20, 20, 40, 40, 50, 50]
    assert [policy.steps(1000, 0, epoch) for epoch in range(8)] == [100, 100, 50, 50, 25, 25, 20, 20]


def test_grows_on_a_plateau_alone() -> None:
    policy = make("batches", "growing", size=10, growth=3.0, when="plateau", epochs=2, largest=1000)
    losses = [1.0, 0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 0.8]
    first = [next(policy.sizes(1000, 0, epoch, losses[:epoch])) for epoch in range(9)]
    assert first == [10, 10, 10, 10, 30, 30, 30, 90, 90]
    assert policy.steps(1000, 0, 9, losses) == len(list(policy.sizes(1000, 0, 9, losses)))


def test_a_limit_below_the_size_stops_growth_and_many_growths_do_not_overflow() -> None:
    assert list(make("batches", "growing", size=10, largest=5, epochs=1).sizes(20, 0, 9)) == [10, 10]
    assert next(make("batches", "growing", size=64, growth=100.0, epochs=1).sizes(5000, 0, 9999)) == 2048


# ---- auto


def seconds(launch: float, sample: float, memory: int = 10**9) -> Probe:
    """A device that takes `launch` seconds a step and `sample` for each sample."""

    def probe(size: int) -> float:
        if size > memory:
            raise MemoryError
        return launch + sample * size

    return probe


def fit(probe: Callable[[int], float], samples: int = 10**6, **parameters: float) -> BatchPolicy:
    return make("batches", "auto", **parameters).fit(samples, probe)


@pytest.mark.parametrize(
    ("probe", "parameters", "size", "reason"),
    [
        (seconds(1.0, 0.01), {"gain": 0.1}, 2048, "not faster here"),  # 512 → 1024 gains 9 %, → 2048 14 %, all else 4 %
        (seconds(1.0, 0.01, memory=200), {}, 128, "256 samples do not fit into memory"),
        (seconds(1.0, 0.0), {"largest": 1000}, 512, "more than 1,000 are not allowed"),
        (seconds(1.0, 0.0), {"least_steps": 10_000}, 64, "more than 100 are not allowed"),
        (seconds(0.0, 1.0), {}, 2, "not faster here"),
        (seconds(1.0, 0.01, memory=1), {}, 2, "2 samples do not fit into memory"),
    ],
)
def test_auto_finds_the_largest_that_pays(probe: Probe, parameters: dict[str, float], size: int, reason: str) -> None:
    found = fit(probe, **parameters)
    assert list(found.sizes(size * 3, 0, 0)) == [size] * 3
    reported = found.report()
    assert reported is not None and reported.startswith(f"Batches of {size:,}") and reported.endswith(f"{reason}.")
    assert BatchPolicy.choose(found.model_dump(mode="json")) == make("batches", "auto", **parameters, size=size)


def test_auto_looks_past_one_unlucky_size() -> None:
    slow = {32: 10.0, 64: 1.0}
    found = fit(lambda size: slow.get(size, 1.0), largest=64)
    assert next(found.sizes(10**6, 0, 0)) == 64
    stuck = fit(lambda size: 1.0 if size < 32 else 100.0, largest=8192)
    assert next(stuck.sizes(10**6, 0, 0)) == 16


def test_auto_is_not_misled_by_a_machine_that_is_busy_for_a_while() -> None:
    """While the first turn passes 32 to 128 the machine does something else, which ends that turn too early."""
    calls: list[int] = []

    def disturbed(size: int) -> float:
        calls.append(size)
        return 50.0 if len(calls) in (5, 6, 7) else 1.0

    assert next(fit(disturbed, largest=1024).sizes(10**6, 0, 0)) == 1024
    first = [2, 4, 8, 16, 32, 64]
    assert calls == first + 3 * [*first, 128, 256, 512, 1024]


def test_auto_with_a_size_measures_nothing() -> None:
    def never(size: int) -> float:
        raise AssertionError("measured")

    chosen = make("batches", "auto", size=96)
    assert chosen.fit(1000, never) is chosen
    assert chosen.report() is None
    with pytest.raises(AssertionError, match="measured"):
        fit(never)
