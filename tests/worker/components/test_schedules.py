"""Schedules: exact values, purity, and warm-up in front of each."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import SGD, Optimizer, lr_scheduler
from torch.optim.lr_scheduler import LRScheduler

from tests.worker.components.registry import each, every, make
from worker.contracts.families.schedules import Schedule
from worker.contracts.plateau import plateaus

T = 1000

# kind, parameters, then the exact factor at t = 0, 1, T/2, T
EXACT = [
    ("constant", {}, (1.0, 1.0, 1.0, 1.0)),
    ("cosine", {}, (1.0, (1 + math.cos(math.pi / T)) / 2, 0.5, 0.0)),
    ("cosine", {"floor": 0.2}, (1.0, 0.2 + 0.4 * (1 + math.cos(math.pi / T)), 0.6, 0.2)),
    ("step", {"gamma": 0.1, "every": 0.4}, (1.0, 1.0, 0.1, 0.01)),
    ("step", {"gamma": 0.5, "every": 0.5}, (1.0, 1.0, 0.5, 0.25)),
    ("linear", {}, (1.0, 0.999, 0.5, 0.0)),
    ("linear", {"floor": 0.2}, (1.0, 0.9992, 0.6, 0.2)),
    ("exponential", {"gamma": 0.999}, (1.0, 0.999, 0.999**500, 0.999**1000)),
    ("multi_step", {"gamma": 0.1, "milestones": [0.75, 0.5]}, (1.0, 1.0, 0.1, 0.01)),
    ("multi_step", {"gamma": 0.1, "milestones": []}, (1.0, 1.0, 1.0, 1.0)),
    ("polynomial", {"power": 2.0}, (1.0, 0.999**2, 0.25, 0.0)),
    ("polynomial", {"power": 0.5, "floor": 0.5}, (1.0, 0.5 + 0.5 * 0.999**0.5, 0.5 + 0.5 * 0.5**0.5, 0.5)),
    (
        "one_cycle",
        {"peak": 0.5, "start_divisor": 20.0, "end_divisor": 50.0},
        (0.05, 1 - 0.95 * (1 + math.cos(math.pi / 500)) / 2, 1.0, 0.001),
    ),
    ("one_cycle", {"peak": 0.0}, (1.0, 4e-6 + (1 - 4e-6) * (1 + math.cos(math.pi / T)) / 2, 0.5 + 2e-6, 4e-6)),
    ("one_cycle", {"peak": 1.0}, (0.04, 1 - 0.96 * (1 + math.cos(math.pi / T)) / 2, 0.52, 1.0)),
    ("cyclic", {"cycles": 1, "floor": 0.2}, (0.2, 0.2 + 0.8 * 2 / T, 1.0, 0.2)),
    ("cyclic", {"cycles": 3, "floor": 0.0}, (0.0, 6 / T, 1.0, 0.0)),
    ("cyclic", {"cycles": 3, "floor": 0.0, "shape": "triangular2"}, (0.0, 6 / T, 0.5, 0.0)),
    ("warmup_stable_decay", {"warmup": 0.1, "decay": 0.2}, (0.01, 0.02, 1.0, 0.0)),
    ("warmup_stable_decay", {"warmup": 0.0, "decay": 0.8}, (1.0, 1.0, 0.625, 0.0)),
    ("warmup_stable_decay", {"warmup": 0.1, "decay": 0.8, "shape": "sqrt"}, (0.01, 0.02, 1 - 0.375**0.5, 0.0)),
    (
        "warmup_stable_decay",
        {"warmup": 0.1, "decay": 0.8, "shape": "cosine", "floor": 0.1},
        (0.01, 0.02, 0.1 + 0.9 * (1 - math.cos(math.pi * 0.625)) / 2, 0.1),
    ),
    ("warmup_stable_decay", {"warmup": 1.0, "decay": 1.0}, (0.001, 0.002, 0.5, 0.0)),
    ("reduce_on_plateau", {}, (1.0, 1.0, 1.0, 1.0)),
]


@pytest.mark.parametrize(("kind", "parameters", "expected"), EXACT)
def test_exact_values(kind: str, parameters: dict[str, float], expected: tuple[float, ...]) -> None:
    schedule = make("schedules", kind, **parameters)
    assert [schedule.factor(step, T) for step in (0, 1, T // 2, T)] == pytest.approx(expected, rel=1e-13, abs=1e-15)


def test_every_schedule_has_its_exact_values() -> None:
    assert {kind for kind, _, _ in EXACT} == {component.kind for component in every("schedules")}


# ours, then torch's for the same curve over T steps
TORCH: list[tuple[str, dict[str, Any], Callable[[Optimizer], LRScheduler]]] = [
    ("cosine", {"floor": 0.1}, lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, T, eta_min=0.1)),
    ("step", {"gamma": 0.3, "every": 0.1}, lambda optimizer: lr_scheduler.StepLR(optimizer, T // 10, 0.3)),
    ("linear", {"floor": 0.1}, lambda optimizer: lr_scheduler.LinearLR(optimizer, 1.0, 0.1, T)),
    ("exponential", {"gamma": 0.99}, lambda optimizer: lr_scheduler.ExponentialLR(optimizer, 0.99)),
    (
        "multi_step",
        {"gamma": 0.3, "milestones": [0.123, 0.456, 0.456, 0.789]},
        lambda optimizer: lr_scheduler.MultiStepLR(optimizer, [123, 456, 456, 789], 0.3),
    ),
    ("polynomial", {"power": 0.7}, lambda optimizer: lr_scheduler.PolynomialLR(optimizer, T, 0.7)),
    (
        "one_cycle",
        {"peak": 0.3, "start_divisor": 10.0, "end_divisor": 100.0},
        lambda optimizer: lr_scheduler.OneCycleLR(  # its peak lies one step before its share of T + 1 steps
            optimizer,
            1.0,
            T + 1,
            pct_start=(0.3 * T + 1) / (T + 1),
            cycle_momentum=False,
            div_factor=10,
            final_div_factor=100,
        ),
    ),
    (
        "cyclic",
        {"cycles": 4, "floor": 0.25},
        lambda optimizer: lr_scheduler.CyclicLR(optimizer, 0.25, 1.0, T // 8, cycle_momentum=False),
    ),
    (
        "cyclic",
        {"cycles": 4, "floor": 0.25, "shape": "triangular2"},
        lambda optimizer: lr_scheduler.CyclicLR(optimizer, 0.25, 1.0, T // 8, mode="triangular2", cycle_momentum=False),
    ),
]


@pytest.mark.parametrize(("kind", "parameters", "reference"), TORCH, ids=[kind for kind, _, _ in TORCH])
def test_equals_torch_at_every_step(
    kind: str, parameters: dict[str, Any], reference: Callable[[Optimizer], LRScheduler]
) -> None:
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler, schedule = reference(optimizer), make("schedules", kind, **parameters)
    for step in range(T):
        assert schedule.factor(step, T) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9, abs=1e-12), step
        optimizer.step()
        scheduler.step()


# ---- reduction on a plateau

LOSSES = [1.0, 0.8, 0.7, 0.71, 0.69995, 0.7, 0.72, 0.5, 0.5, 0.5, 0.5, 0.5, math.nan, 0.4, 0.39, 0.41, 0.4, 0.42]


def test_plateaus_by_hand() -> None:
    found = [plateaus(LOSSES[:epochs], patience=3, min_delta=1e-3) for epochs in range(len(LOSSES) + 1)]
    assert found == [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 3]


@pytest.mark.parametrize("patience", [1, 2, 3])
@pytest.mark.parametrize("min_delta", [0.0, 1e-3, 0.05])
def test_reduces_where_torch_does(patience: int, min_delta: float) -> None:
    """Torch counts the epochs that it forgives: one fewer than those that lower the rate."""
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.5, patience=patience - 1, threshold=min_delta, threshold_mode="abs"
    )
    schedule = make("schedules", "reduce_on_plateau", gamma=0.5, patience=patience, min_delta=min_delta)
    for epoch, loss in enumerate(LOSSES, 1):
        scheduler.step(loss)
        assert schedule.damping(LOSSES[:epoch]) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12), epoch


def test_a_plateau_never_takes_the_rate_below_its_floor() -> None:
    schedule = make("schedules", "reduce_on_plateau", gamma=0.1, patience=1, floor=0.05)
    assert [schedule.damping([1.0] * epochs) for epochs in (1, 2, 3, 9)] == pytest.approx([1.0, 0.1, 0.05, 0.05])


@each("schedules")
def test_only_a_plateau_damps(component: type[Schedule]) -> None:
    damped = component().damping([1.0] * 20)
    assert damped < 1 if component.kind == "reduce_on_plateau" else damped == 1


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
