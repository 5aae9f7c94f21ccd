"""Optimizers against their published recurrences, written out in NumPy, and against torch's plainest code."""

import copy
import io
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch

from tests.worker.components.recurrences import ADAM, CASES, PLAIN, START, Path, Vector, loss, slope
from tests.worker.components.registry import each, make
from worker.contracts.families.optimizers import Optimizer

STEPS = 200


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
def test_equals_the_recurrence(kind: str, recurrence: Callable[..., Path], parameters: Any) -> None:
    path = descend(make("optimizers", kind, **parameters))
    allowed = 1e-9 if kind == "nadam" else 1e-12  # torch keeps the product of NAdam's momenta in single precision
    assert deviation(path, list(islice(recurrence(START, **parameters), STEPS))) <= allowed


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


def test_the_comparison_tells_a_running_mean_from_a_sum() -> None:
    def summed(theta: Vector) -> Iterator[Vector]:
        total = np.zeros_like(theta)
        while True:
            total = total + slope(theta) ** 2
            theta = theta - 1e-3 * slope(theta) / (np.sqrt(total) + 1e-8)
            yield theta

    assert deviation(descend(make("optimizers", "rmsprop")), list(islice(summed(START), STEPS))) > 1e-3


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


# ---- what every optimizer promises

Task = tuple[torch.nn.Module, Callable[[], torch.Tensor]]


def small_task() -> Task:
    """A convolution and a linear layer, channels last as the engine arranges them, and their loss."""
    torch.manual_seed(3)
    inputs, targets = torch.randn(64, 2, 4, 4), torch.randint(0, 3, (64,))
    layers = [torch.nn.Conv2d(2, 4, 3), torch.nn.Tanh(), torch.nn.Flatten(), torch.nn.Linear(16, 3)]
    model = torch.nn.Sequential(*layers).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model, lambda: torch.nn.functional.cross_entropy(model(inputs), targets)


def train(optimizer: type[Optimizer], stepper: torch.optim.Optimizer, task: Task, steps: int) -> None:
    """As the engine does: one gradient before a step, or a closure for as many as the step wants."""
    model, measure = task

    def closure(create_graph: bool = False) -> torch.Tensor:
        value = measure()
        slopes = torch.autograd.grad(value, list(model.parameters()), create_graph=create_graph)
        for parameter, gradient in zip(model.parameters(), slopes, strict=True):
            parameter.grad = gradient
        return value.detach()

    for _ in range(steps):
        if optimizer.closes:
            stepper.step(closure)  # type: ignore[arg-type]
        else:
            closure()
            stepper.step()


@each("optimizers")
def test_lowers_the_loss(component: type[Optimizer]) -> None:
    model, measure = small_task()
    before = measure().item()
    train(component, component().build(model.parameters()), (model, measure), 50)
    assert measure().item() < before


def through_a_file(state: Any) -> Any:
    """State as a checkpoint returns it: only tensors and plain values."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@each("optimizers")
def test_state_survives_a_checkpoint(component: type[Optimizer]) -> None:
    model, measure = small_task()
    stepper = component().build(model.parameters())
    train(component, stepper, (model, measure), 12)  # beyond what is done every ten steps
    kept = through_a_file((model.state_dict(), stepper.state_dict(), torch.get_rng_state()))
    train(component, stepper, (model, measure), 12)
    expected = copy.deepcopy(model.state_dict())

    model.load_state_dict(kept[0])
    resumed = component().build(model.parameters())
    resumed.load_state_dict(kept[1])
    torch.set_rng_state(kept[2])
    train(component, resumed, (model, measure), 12)
    assert all(torch.equal(weight, expected[name]) for name, weight in model.state_dict().items())


def test_a_forgotten_state_is_noticed() -> None:
    """The negative control: every optimizer but plain gradient descent has a state that changes its next steps."""
    component = type(make("optimizers", "adam"))
    model, measure = small_task()
    stepper = component().build(model.parameters())
    train(component, stepper, (model, measure), 12)
    kept = copy.deepcopy(model.state_dict())
    train(component, stepper, (model, measure), 12)
    expected = copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    train(component, component().build(model.parameters()), (model, measure), 12)
    assert not all(torch.equal(weight, expected[name]) for name, weight in model.state_dict().items())


@each("optimizers")
def test_every_live_parameter_is_one_that_a_running_optimizer_reads(component: type[Optimizer]) -> None:
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


CHOICES = [
    ("rmsprop", {"centered": True, "momentum": 0.5}),
    ("schedule_free", {"base": "sgd", "lr": 1.0}),
    ("sam", {"base": "adam", "lr": 1e-3}),
    ("sam", {"base": "adam", "momentum": 0.0, "lr": 1e-3}),
    ("muon", {"nesterov": False, "momentum": 0.0}),
    ("lbfgs", {"iterations": 1, "history": 1}),
    ("soap", {"largest": 1, "refresh": 1}),
    ("soap", {"largest": 8, "refresh": 1}),
    ("sophia", {"period": 1, "weight_decay": 0.1}),
    ("adafactor", {"beta2_decay": -0.01, "weight_decay": 0.1}),
]


@pytest.mark.parametrize(("kind", "parameters"), CHOICES)
def test_other_choices_lower_the_loss_too(kind: str, parameters: Any) -> None:
    model, measure = small_task()
    before = measure().item()
    optimizer = make("optimizers", kind, **parameters)
    train(type(optimizer), optimizer.build(model.parameters()), (model, measure), 50)
    assert measure().item() < before
