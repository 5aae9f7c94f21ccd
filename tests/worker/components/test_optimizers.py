"""Optimizers against their published recurrences, written out in NumPy, and against torch's plainest code."""

import copy
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.worker.components.registry import each, make
from worker.optimizers import Optimizer

Vector = NDArray[np.float64]
Gradient = Callable[[Vector], Vector]

STEPS = 200
RANDOM = np.random.default_rng(7)
_ROOT = RANDOM.standard_normal((6, 6))
CURVATURE = _ROOT @ _ROOT.T / 6 + 0.1 * np.eye(6)
CENTRE = RANDOM.standard_normal(6)
START = RANDOM.standard_normal(6)


def slope(theta: Vector) -> Vector:
    """Gradient of the quadratic J(θ) = ½(θ−c)ᵀA(θ−c)."""
    return CURVATURE @ (theta - CENTRE)


def loss(theta: torch.Tensor) -> torch.Tensor:
    shifted = theta - torch.from_numpy(CENTRE)
    return 0.5 * shifted @ torch.from_numpy(CURVATURE) @ shifted


def sgd(theta: Vector, lr: float, momentum: float, nesterov: bool, weight_decay: float) -> Iterator[Vector]:
    velocity = np.zeros_like(theta)
    while True:
        gradient = slope(theta) + weight_decay * theta
        velocity = momentum * velocity + gradient
        theta = theta - lr * (gradient + momentum * velocity if nesterov else velocity)
        yield theta


def adam(theta: Vector, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float = 0) -> Iterator[Vector]:
    """With `weight_decay` it is AdamW: the decay is decoupled from the moments."""
    first, second, step = np.zeros_like(theta), np.zeros_like(theta), 0
    while True:
        step += 1
        gradient = slope(theta)
        first = beta1 * first + (1 - beta1) * gradient
        second = beta2 * second + (1 - beta2) * gradient**2
        theta = theta - lr * weight_decay * theta
        theta = theta - lr * (first / (1 - beta1**step)) / (np.sqrt(second / (1 - beta2**step)) + eps)
        yield theta


SGD = {"lr": 0.1, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0}
# A rate that does not reach the bottom within the steps: there m̂/√v̂ is 0/0 and amplifies rounding to 1e-10.
ADAM = {"lr": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-6}
CASES: list[tuple[str, Callable[..., Iterator[Vector]], dict[str, Any]]] = [
    ("sgd", sgd, SGD),
    ("sgd", sgd, {**SGD, "momentum": 0.9}),
    ("sgd", sgd, {**SGD, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("sgd", sgd, {**SGD, "nesterov": True}),
    ("adam", adam, ADAM),
    ("adamw", adam, {**ADAM, "weight_decay": 0.1}),
]


def descend(optimizer: Optimizer, steps: int = STEPS) -> list[Vector]:
    theta = torch.from_numpy(START.copy()).requires_grad_()
    stepper = optimizer.build([theta])
    path = []
    for _ in range(steps):
        stepper.zero_grad()
        loss(theta).backward()
        stepper.step()
        path.append(theta.detach().numpy().copy())
    return path


def deviation(path: list[Vector], expected: list[Vector]) -> float:
    return max(float(np.abs(one - other).max()) for one, other in zip(path, expected, strict=True))


@pytest.mark.parametrize(("kind", "recurrence", "parameters"), CASES)
def test_equals_the_recurrence(kind: str, recurrence: Callable[..., Iterator[Vector]], parameters: Any) -> None:
    path = descend(make("optimizers", kind, **parameters))
    assert deviation(path, list(islice(recurrence(START, **parameters), STEPS))) <= 1e-12


def test_the_comparison_catches_a_missing_bias_correction() -> None:
    def uncorrected(theta: Vector, lr: float, beta1: float, beta2: float, eps: float) -> Iterator[Vector]:
        first, second = np.zeros_like(theta), np.zeros_like(theta)
        while True:
            gradient = slope(theta)
            first = beta1 * first + (1 - beta1) * gradient
            second = beta2 * second + (1 - beta2) * gradient**2
            theta = theta - lr * first / (np.sqrt(second) + eps)
            yield theta

    path = descend(make("optimizers", "adam", **ADAM))
    assert deviation(path, list(islice(uncorrected(START, **ADAM), STEPS))) > 1e-3


PLAIN = {
    "sgd": lambda theta: torch.optim.SGD(theta, lr=0.1, momentum=0.9, foreach=False),
    "adam": lambda theta: torch.optim.Adam(theta, lr=1e-3, foreach=False),
    "adamw": lambda theta: torch.optim.AdamW(theta, lr=1e-3, weight_decay=0.01, foreach=False),
}


@pytest.mark.parametrize("kind", PLAIN)
def test_defaults_equal_torch_one_parameter_at_a_time(kind: str) -> None:
    theta = torch.from_numpy(START.copy()).requires_grad_()
    plain = PLAIN[kind]([theta])
    expected = []
    for _ in range(STEPS):
        plain.zero_grad()
        loss(theta).backward()
        plain.step()
        expected.append(theta.detach().numpy().copy())
    assert deviation(descend(make("optimizers", kind)), expected) <= 1e-12


def small_task() -> tuple[torch.nn.Linear, Callable[[], torch.Tensor]]:
    torch.manual_seed(3)
    inputs, targets = torch.randn(64, 5), torch.randint(0, 3, (64,))
    model = torch.nn.Linear(5, 3)
    return model, lambda: torch.nn.functional.cross_entropy(model(inputs), targets)


def train(stepper: torch.optim.Optimizer, measure: Callable[[], torch.Tensor], steps: int) -> None:
    for _ in range(steps):
        stepper.zero_grad()
        measure().backward()
        stepper.step()


@each("optimizers")
def test_lowers_the_loss(component: type[Optimizer]) -> None:
    model, measure = small_task()
    before = measure().item()
    train(component().build(model.parameters()), measure, 50)
    assert measure().item() < before


@each("optimizers")
def test_state_survives_a_checkpoint(component: type[Optimizer]) -> None:
    model, measure = small_task()
    stepper = component().build(model.parameters())
    train(stepper, measure, 3)
    kept = copy.deepcopy((model.state_dict(), stepper.state_dict()))
    train(stepper, measure, 3)
    expected = copy.deepcopy(model.state_dict())

    model.load_state_dict(kept[0])
    resumed = component().build(model.parameters())
    resumed.load_state_dict(kept[1])
    train(resumed, measure, 3)
    assert all(torch.equal(weight, expected[name]) for name, weight in model.state_dict().items())


@each("optimizers")
def test_every_live_knob_is_one_that_a_running_optimizer_reads(component: type[Optimizer]) -> None:
    model, _ = small_task()
    groups = component().build(model.parameters()).param_groups
    live = {
        name
        for name, field in component.model_fields.items()
        if isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("x-live")
    }
    assert "lr" in live
    assert live <= groups[0].keys()
    assert groups[0]["lr"] == component().lr
