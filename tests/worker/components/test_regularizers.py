"""Regularizers: the gradient in closed form against autograd and against the sum by hand."""

import pytest
import torch

from tests.worker.components.registry import each, make
from worker.regularizers import Regularizer


def weights() -> list[torch.Tensor]:
    torch.manual_seed(5)
    return [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in ((3, 4), (4,), (2, 3, 5))]


def test_l2_by_hand() -> None:
    theta = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64, requires_grad=True)
    penalty = make("regularizers", "l2", strength=0.1)
    assert penalty.penalty([theta]).item() == pytest.approx(0.5 * 0.1 * 14)
    theta.grad = torch.ones(3, dtype=torch.float64)
    penalty.add_gradients([theta])
    assert theta.grad.tolist() == pytest.approx([1.1, 0.8, 1.3])


@each("regularizers")
def test_gradient_equals_autograd(component: type[Regularizer]) -> None:
    parameters, regularizer = weights(), component()
    expected = torch.autograd.grad(regularizer.penalty(parameters), parameters)
    for parameter in parameters:
        parameter.grad = torch.full_like(parameter, 2.0)
    regularizer.add_gradients(parameters)
    for parameter, gradient in zip(parameters, expected, strict=True):
        assert torch.allclose(parameter.grad - 2.0, gradient, rtol=0, atol=1e-15)
        assert gradient.abs().max() > 1e-6  # a penalty of zero would pass above


@each("regularizers")
def test_leaves_frozen_weights_alone(component: type[Regularizer]) -> None:
    frozen, trained, _ = weights()
    trained.grad = torch.zeros_like(trained)
    component().add_gradients([frozen, trained])
    assert frozen.grad is None
    assert trained.grad.abs().max() > 0


@each("regularizers")
def test_the_closed_form_equals_the_general_one(component: type[Regularizer]) -> None:
    closed, general, regularizer = weights(), weights(), component()
    for parameter in (*closed, *general):
        parameter.grad = torch.zeros_like(parameter)
    regularizer.add_gradients(closed)
    Regularizer.add_gradients(regularizer, general)
    assert all(torch.allclose(one.grad, other.grad, atol=1e-15) for one, other in zip(closed, general, strict=True))
