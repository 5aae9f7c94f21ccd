"""Losses against arithmetic by hand and against torch."""

import math

import pytest
import torch

from tests.worker.components.registry import each, make
from worker.losses import Loss


def test_cross_entropy_by_hand() -> None:
    outputs = torch.tensor([[1.0, 2.0, 0.0], [0.0, 0.0, 0.0]])
    first = -math.log(math.exp(2) / (math.exp(1) + math.exp(2) + 1))
    loss = make("losses", "cross_entropy").loss(outputs, torch.tensor([1, 2]))
    assert loss.item() == pytest.approx((first + math.log(3)) / 2)


@each("losses")
def test_is_a_scalar_that_falls_along_its_gradient(component: type[Loss]) -> None:
    torch.manual_seed(1)
    outputs = torch.randn(8, 3, requires_grad=True)
    targets = torch.randn(8, 3) if "numbers" in component.needs else torch.randint(0, 3, (8,))
    before = component().loss(outputs, targets)
    assert before.shape == () and before.item() > 0
    before.backward()
    assert component().loss(outputs - 0.5 * outputs.grad, targets) < before
