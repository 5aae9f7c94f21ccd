"""Schedules: exact values, purity, and warm-up in front of each."""

import math

import pytest

from tests.worker.components.registry import each, make
from worker.schedules import Schedule

T = 1000

# kind, parameters, then the exact factor at t = 0, 1, T/2, T
EXACT = [
    ("constant", {}, (1.0, 1.0, 1.0, 1.0)),
    ("cosine", {}, (1.0, (1 + math.cos(math.pi / T)) / 2, 0.5, 0.0)),
    ("cosine", {"floor": 0.2}, (1.0, 0.2 + 0.4 * (1 + math.cos(math.pi / T)), 0.6, 0.2)),
    ("step", {"gamma": 0.1, "every": 0.4}, (1.0, 1.0, 0.1, 0.01)),
    ("step", {"gamma": 0.5, "every": 0.5}, (1.0, 1.0, 0.5, 0.25)),
]


@pytest.mark.parametrize(("kind", "parameters", "expected"), EXACT)
def test_exact_values(kind: str, parameters: dict[str, float], expected: tuple[float, ...]) -> None:
    schedule = make("schedules", kind, **parameters)
    assert [schedule.factor(step, T) for step in (0, 1, T // 2, T)] == pytest.approx(expected, abs=1e-15)


def test_steps_fall_on_whole_shares_of_the_stage() -> None:
    schedule = make("schedules", "step", gamma=0.5, every=0.1)
    drops = [step for step in range(1, 101) if schedule.factor(step, 100) < schedule.factor(step - 1, 100)]
    assert drops == list(range(10, 101, 10))


@each("schedules")
def test_is_a_pure_function_of_the_step(component: type[Schedule]) -> None:
    forwards = [component().factor(step, T) for step in range(T + 1)]
    again = component()
    backwards = [again.factor(step, T) for step in range(T, -1, -1)]
    assert forwards == backwards[::-1]
    assert all(0 <= factor <= 1 and math.isfinite(factor) for factor in forwards)


@each("schedules")
def test_warm_up_composes(component: type[Schedule]) -> None:
    plain, warmed = component(), component(warmup_steps=10)
    assert [warmed.rate(step, T) for step in range(10)] == [(step + 1) / 10 for step in range(10)]
    assert [warmed.rate(step, T) for step in range(10, T)] == [plain.factor(step - 10, T - 10) for step in range(10, T)]


@each("schedules")
def test_warm_up_longer_than_the_stage_is_only_a_warm_up(component: type[Schedule]) -> None:
    assert [component(warmup_steps=8).rate(step, 4) for step in range(4)] == [0.125, 0.25, 0.375, 0.5]
