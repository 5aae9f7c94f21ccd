"""Time to target, by hand and against SciPy."""

import numpy as np
import pytest
from scipy import stats

from backend.charts.data import Line, Options, RunData
from backend.charts.figures.time_to_target import chart
from backend.charts.targets import METRIC, default_target, interval, reaches


def run(experiment: str, values: list[float], seed: int = 0) -> RunData:
    steps = np.arange(1, len(values) + 1) * 10
    line = Line(steps, np.array(values), len(values), steps / 100)
    return RunData(f"{experiment}-{seed}", f"Study · {experiment}", seed, "#000000", experiment, lines={METRIC: line})


RUNS = [
    run("a", [0.5, 0.8, 0.9]),
    run("a", [0.7, 0.9, 0.9], 1),
    run("b", [0.1, 0.6, 0.8]),
    run("b", [0.1, 0.2, 0.3], 1),
]


@pytest.mark.parametrize("count", [2, 3, 5, 16, 40])
def test_the_interval_is_students(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    mean, width = interval(values.tolist())
    low, high = stats.t.interval(0.95, count - 1, values.mean(), stats.sem(values))
    assert (mean - width, mean + width) == pytest.approx((low, high), rel=2e-3)


def test_a_value_alone_has_no_interval() -> None:
    mean, width = interval([3.0])
    assert mean == 3 and np.isnan(width)


def test_a_seed_alone_is_drawn_without_one() -> None:
    bars = chart.draw(RUNS[:1], Options(target=0.8)).data[0].error_x
    assert (list(bars.array), list(bars.arrayminus)) == ([0], [0])


def test_the_first_step_that_reaches_the_target_counts() -> None:
    a, b = reaches(RUNS, 0.8)
    assert (a.steps, a.seconds, a.runs) == ((20.0, 20.0), (0.2, 0.2), 2)
    assert (b.steps, b.runs) == ((30.0,), 2)
    assert [one.steps for one in reaches(RUNS, 0.99)] == [(), ()]


def test_the_usual_target_is_one_that_the_median_run_of_each_experiment_reaches() -> None:
    assert default_target(RUNS) == pytest.approx(0.99 * 0.55, abs=1e-3)
    assert default_target([]) is None


def test_names_lose_what_they_share_and_misses_are_told() -> None:
    figure = chart.draw(RUNS, Options(target=0.8))
    assert list(figure.data[0].y) == ["a · 2 of 2", "b · 1 of 2"]
    assert list(figure.data[0].x) == [20, 30]
    assert "b: 30 steps, 1 of 2 runs." in figure.layout.meta["summary"]
    none = chart.draw(RUNS, Options(target=1.0))
    assert "none of 2 runs got there" in none.layout.meta["summary"]
