"""Statistics of timed calls, on samples whose truth is known."""

import numpy as np
import pytest

from worker.engine.measurement import timing
from worker.engine.measurement.timing import Calls, Machine, compare, disturbed, quantile_interval, take

MS = 1_000_000
ALONE = Machine(threads=1)


def figures(calls: Calls, machine: Machine = ALONE) -> timing.Figures:
    """Of calls that were taken in rounds of ten."""
    return timing.figures(np.split(calls, range(10, len(calls), 10)), machine)


def calls(wall: list[float], worked: list[float] | None = None, switches: list[int] | None = None) -> Calls:
    """Calls of so many milliseconds of wall and of processor time."""
    rows = zip(wall, worked or wall, switches or [0] * len(wall), strict=True)
    return np.array([(one * MS, busy * MS, switched) for one, busy, switched in rows], dtype=np.int64)


def simulated(luck: np.random.Generator, number: int, hit: float, median: float = 1.0) -> Calls:
    """Calls of log-normal times; a share of them loses the processor for 1 to 20 ms."""
    quiet = median * np.exp(luck.normal(0, 0.05, number))
    lost = np.where(luck.random(number) < hit, luck.uniform(1, 20, number), 0.0)
    rows = np.stack([(quiet + lost) * MS, quiet * MS, lost > 0], axis=1)
    return rows.astype(np.int64)


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_an_interval_holds_the_true_quantile_as_often_as_it_says(share: float) -> None:
    luck = np.random.default_rng(0)
    truth = float(np.quantile(luck.exponential(size=1_000_000), share))
    held = 0
    for _ in range(1000):
        low, high = quantile_interval(np.sort(luck.exponential(size=300)), share)
        held += low <= truth <= high
    assert 930 <= held <= 990


def test_too_few_values_bound_nothing() -> None:
    assert quantile_interval([1.0, 2.0, 3.0], 0.95) == (2.0, np.inf)
    assert quantile_interval([], 0.5) == (-np.inf, np.inf)


def test_a_call_that_lost_its_processor_is_disturbed_and_so_are_those_that_fill_the_caches_again() -> None:
    taken = calls([1.0, 1.0, 9.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0, 1.0], [0, 0, 1, 0, 0])
    assert disturbed(taken, 1).tolist() == [False, False, True, True, False]


def test_lost_time_is_seen_without_a_switch() -> None:
    """The hypervisor took the processor, or a thread waited for one from the start."""
    taken = calls([1.0, 1.0, 1.5, 1.0, 1.0], [1.0] * 5)
    assert disturbed(taken, 1).tolist() == [False, False, True, True, False]
    two_threads = calls([1.0] * 40, [1.9] * 38 + [1.0, 1.9])
    assert disturbed(two_threads, 2).tolist() == [False] * 38 + [True, True]


def test_figures_are_those_of_the_undisturbed_calls_beside_all_as_seen() -> None:
    luck = np.random.default_rng(1)
    quiet, shared = (figures(simulated(luck, 2000, hit)) for hit in (0.0, 0.5))
    assert quiet.disturbed == 0 and shared.disturbed is not None and 0.6 < shared.disturbed < 0.9
    assert shared.p95 == pytest.approx(quiet.p95, rel=0.03) and shared.p50 == pytest.approx(quiet.p50, rel=0.02)
    assert shared.p95_seen > 10 * quiet.p95_seen
    assert quiet.settled and not quiet.busy and not shared.busy


def test_without_the_filter_the_figures_would_be_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    luck = np.random.default_rng(1)
    quiet, taken = figures(simulated(luck, 2000, 0.0)), simulated(luck, 2000, 0.5)
    monkeypatch.setattr(timing, "disturbed", lambda calls, threads: np.zeros(len(calls), dtype=bool))
    unfiltered = figures(taken)
    assert unfiltered.p95 > 10 * quiet.p95 and not unfiltered.busy


def test_a_machine_that_leaves_too_few_calls_is_marked_busy() -> None:
    luck = np.random.default_rng(2)
    assert figures(simulated(luck, 60, 0.5)).busy, "too few undisturbed calls"
    assert figures(calls([9.0] * 50, [1.0] * 50, [1] * 50)).busy, "none at all"
    assert not figures(simulated(luck, 30, 0.0)).busy, "a slow file on a quiet machine"


def test_a_shared_core_is_seen_in_rounds_that_are_slower_than_others() -> None:
    """Two processors are one core: half of the rounds take half as long again, and no thread loses a processor."""
    luck = np.random.default_rng(6)
    speeds = np.repeat(np.where(luck.random(100) < 0.5, 1.5, 1.0), 10)
    taken = simulated(luck, 1000, 0.0)
    taken[:, :2] = taken[:, :2] * speeds[:, None]
    quiet, shared = figures(simulated(luck, 1000, 0.0)), figures(taken, Machine(1, others=0.9, spare=3))
    assert shared.disturbed == pytest.approx(np.mean(speeds > 1), abs=0.05) and not shared.busy
    assert shared.p95 == pytest.approx(quiet.p95, rel=0.03)
    assert figures(taken).disturbed == 0, "nobody else works: the file itself is slower now and then"


def test_a_machine_that_others_fill_is_marked_busy() -> None:
    luck = np.random.default_rng(7)
    taken = simulated(luck, 1000, 0.0)
    assert [figures(taken, Machine(1, others, spare=3)).busy for others in (0.0, 1.4, 1.6)] == [False, False, True]


def test_on_another_device_nothing_is_known_of_disturbance() -> None:
    found = figures(simulated(np.random.default_rng(3), 200, 0.5), Machine(threads=None))
    assert (found.disturbed, found.busy, found.p95) == (None, False, found.p95_seen)


def rounds(luck: np.random.Generator, median: float, drift: np.ndarray) -> list[Calls]:
    return [simulated(luck, 10, 0.3, median * factor) for factor in drift]


def test_two_files_are_told_apart_and_one_file_twice_is_not() -> None:
    """Also on a machine whose clock drifts by a third between rounds."""
    luck = np.random.default_rng(4)
    for _ in range(200):
        drift = np.exp(luck.normal(0, 0.3, 40))
        same = compare(rounds(luck, 1.0, drift), rounds(luck, 1.0, drift), ALONE)
        assert same is not None and same.low < 1 < same.high
        half = compare(rounds(luck, 0.5, drift), rounds(luck, 1.0, drift), ALONE)
        assert half is not None and 0.45 < half.low <= half.ratio <= half.high < 0.55


def test_too_few_rounds_compare_nothing() -> None:
    luck = np.random.default_rng(5)
    few, lost = rounds(luck, 1.0, np.ones(9)), [calls([9.0], [1.0], [1])] * 40
    assert compare(few, few, ALONE) is None
    assert compare(rounds(luck, 1.0, np.ones(40)), lost, ALONE) is None


def test_calls_end_with_their_number_their_time_or_their_limit() -> None:
    assert len(take(lambda: None, 5, 0.0, 10.0)) == 5
    assert len(take(lambda: None, 1, 0.01, 10.0)) > 100
    assert len(take(lambda: None, 5, 1.0, 0.0)) == 1
