"""A quadratic in float64, and the published recurrences of optimizers on it, written out in NumPy.

Each recurrence takes the first weights and the component's hyper-parameters and yields the weights after each step.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Path = Iterator[Vector]

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


def sgd(theta: Vector, lr: float, momentum: float, nesterov: bool, weight_decay: float) -> Path:
    velocity = np.zeros_like(theta)
    while True:
        gradient = slope(theta) + weight_decay * theta
        velocity = momentum * velocity + gradient
        theta = theta - lr * (gradient + momentum * velocity if nesterov else velocity)
        yield theta


def gradient_descent(theta: Vector, lr: float) -> Path:
    while True:
        theta = theta - lr * slope(theta)
        yield theta


def adagrad(theta: Vector, lr: float, initial_accumulator: float, eps: float, weight_decay: float) -> Path:
    total = np.full_like(theta, initial_accumulator)
    while True:
        gradient = slope(theta) + weight_decay * theta
        total = total + gradient**2
        theta = theta - lr * gradient / (np.sqrt(total) + eps)
        yield theta


def rmsprop(
    theta: Vector, lr: float, alpha: float, momentum: float, centered: bool, eps: float, weight_decay: float
) -> Path:
    square, mean, velocity = np.zeros_like(theta), np.zeros_like(theta), np.zeros_like(theta)
    while True:
        gradient = slope(theta) + weight_decay * theta
        square = alpha * square + (1 - alpha) * gradient**2
        mean = alpha * mean + (1 - alpha) * gradient
        spread = square - mean**2 if centered else square
        velocity = momentum * velocity + gradient / (np.sqrt(spread) + eps)
        theta = theta - lr * velocity
        yield theta


def adam(theta: Vector, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float = 0) -> Path:
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


def adadelta(theta: Vector, lr: float, rho: float, eps: float, weight_decay: float) -> Path:
    gradients, steps = np.zeros_like(theta), np.zeros_like(theta)
    while True:
        gradient = slope(theta) + weight_decay * theta
        gradients = rho * gradients + (1 - rho) * gradient**2
        step = np.sqrt(steps + eps) / np.sqrt(gradients + eps) * gradient
        steps = rho * steps + (1 - rho) * step**2
        theta = theta - lr * step
        yield theta


def adamax(theta: Vector, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float) -> Path:
    first, largest, step = np.zeros_like(theta), np.zeros_like(theta), 0
    while True:
        step += 1
        gradient = slope(theta) + weight_decay * theta
        first = beta1 * first + (1 - beta1) * gradient
        largest = np.maximum(beta2 * largest, np.abs(gradient) + eps)
        theta = theta - lr / (1 - beta1**step) * first / largest
        yield theta


def nadam(
    theta: Vector, lr: float, beta1: float, beta2: float, eps: float, momentum_decay: float, weight_decay: float
) -> Path:
    first, second, step, product = np.zeros_like(theta), np.zeros_like(theta), 0, 1.0
    while True:
        step += 1
        gradient = slope(theta)
        theta = theta - lr * weight_decay * theta
        now, after = (beta1 * (1 - 0.5 * 0.96 ** (at * momentum_decay)) for at in (step, step + 1))
        product *= now
        first = beta1 * first + (1 - beta1) * gradient
        second = beta2 * second + (1 - beta2) * gradient**2
        ahead = after * first / (1 - product * after) + (1 - now) * gradient / (1 - product)
        theta = theta - lr * ahead / (np.sqrt(second / (1 - beta2**step)) + eps)
        yield theta


def radam(theta: Vector, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float) -> Path:
    first, second, step = np.zeros_like(theta), np.zeros_like(theta), 0
    most = 2 / (1 - beta2) - 1
    while True:
        step += 1
        gradient = slope(theta)
        theta = theta - lr * weight_decay * theta
        first = beta1 * first + (1 - beta1) * gradient
        second = beta2 * second + (1 - beta2) * gradient**2
        mean, known = first / (1 - beta1**step), most - 2 * step * beta2**step / (1 - beta2**step)
        if known > 5:
            share = np.sqrt((known - 4) * (known - 2) * most / ((most - 4) * (most - 2) * known))
            mean = mean * share * np.sqrt(1 - beta2**step) / (np.sqrt(second) + eps)
        theta = theta - lr * mean
        yield theta


def lion(theta: Vector, lr: float, beta1: float, beta2: float, weight_decay: float) -> Path:
    momentum = np.zeros_like(theta)
    while True:
        gradient = slope(theta)
        theta = theta - lr * weight_decay * theta
        theta = theta - lr * np.sign(beta1 * momentum + (1 - beta1) * gradient)
        momentum = beta2 * momentum + (1 - beta2) * gradient
        yield theta


def schedule_free(theta: Vector, base: str, lr: float, beta: float, beta2: float, weight_decay: float) -> Path:
    """The places y where the gradients are taken, at a constant rate: there the mean x is a plain one."""
    fast = mean = theta
    second, step = np.zeros_like(theta), 0
    while True:
        step += 1
        gradient = slope(theta)
        if base == "adamw":
            second = beta2 * second + (1 - beta2) * gradient**2
            gradient = gradient / (np.sqrt(second / (1 - beta2**step)) + 1e-8)
        fast = fast - lr * (gradient + weight_decay * theta)
        mean = mean + (fast - mean) / step
        theta = (1 - beta) * fast + beta * mean
        yield theta


SGD = {"lr": 0.1, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0}
# Rates that do not reach the bottom within the steps: there m̂/√v̂ is 0/0 and amplifies rounding to 1e-10.
ADAM = {"lr": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-6}
RMSPROP = {"lr": 5e-3, "alpha": 0.95, "momentum": 0.0, "centered": False, "eps": 1e-6, "weight_decay": 0.0}
FREE = {"beta": 0.9, "beta2": 0.95, "weight_decay": 0.01}
CASES: list[tuple[str, Callable[..., Path], dict[str, Any]]] = [
    ("sgd", sgd, SGD),
    ("sgd", sgd, {**SGD, "momentum": 0.9}),
    ("sgd", sgd, {**SGD, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("sgd", sgd, {**SGD, "nesterov": True}),
    ("gradient_descent", gradient_descent, {"lr": 0.1}),
    ("adagrad", adagrad, {"lr": 0.1, "initial_accumulator": 0.0, "eps": 1e-10, "weight_decay": 0.0}),
    ("adagrad", adagrad, {"lr": 0.1, "initial_accumulator": 0.1, "eps": 1e-6, "weight_decay": 0.01}),
    ("rmsprop", rmsprop, RMSPROP),
    ("rmsprop", rmsprop, {**RMSPROP, "lr": 1e-3, "momentum": 0.8, "weight_decay": 0.01}),
    ("rmsprop", rmsprop, {**RMSPROP, "lr": 1e-3, "centered": True, "eps": 1e-3}),
    ("adam", adam, ADAM),
    ("adamw", adam, {**ADAM, "weight_decay": 0.1}),
    ("adadelta", adadelta, {"lr": 1.0, "rho": 0.9, "eps": 1e-6, "weight_decay": 0.01}),
    ("adamax", adamax, {**ADAM, "lr": 5e-3, "weight_decay": 0.01}),
    ("nadam", nadam, {**ADAM, "lr": 5e-3, "momentum_decay": 4e-3, "weight_decay": 0.1}),
    ("radam", radam, {**ADAM, "lr": 5e-3, "weight_decay": 0.1}),
    ("lion", lion, {"lr": 1e-3, "beta1": 0.9, "beta2": 0.99, "weight_decay": 0.1}),
    ("schedule_free", schedule_free, {**FREE, "base": "adamw", "lr": 5e-3}),
    ("schedule_free", schedule_free, {**FREE, "base": "sgd", "lr": 0.1}),
]

PLAIN: dict[str, Callable[[list[torch.Tensor]], torch.optim.Optimizer]] = {
    "sgd": lambda theta: torch.optim.SGD(theta, lr=0.1, momentum=0.9, foreach=False),
    "gradient_descent": lambda theta: torch.optim.SGD(theta, lr=0.5, foreach=False),
    "adagrad": lambda theta: torch.optim.Adagrad(theta, lr=0.01, foreach=False),
    "rmsprop": lambda theta: torch.optim.RMSprop(theta, lr=1e-3, foreach=False),
    "adam": lambda theta: torch.optim.Adam(theta, lr=1e-3, foreach=False),
    "adamw": lambda theta: torch.optim.AdamW(theta, lr=1e-3, weight_decay=0.01, foreach=False),
    "adadelta": lambda theta: torch.optim.Adadelta(theta, lr=1.0, foreach=False),
    "adamax": lambda theta: torch.optim.Adamax(theta, lr=2e-3, foreach=False),
    "nadam": lambda theta: torch.optim.NAdam(theta, lr=2e-3, foreach=False),
    "radam": lambda theta: torch.optim.RAdam(theta, lr=1e-3, foreach=False),
    "adafactor": lambda theta: torch.optim.Adafactor(theta, lr=1e-2, foreach=False),
}
"""The defaults of a component, as torch's plainest code makes them: one parameter at a time."""
