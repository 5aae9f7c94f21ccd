"""Optimizers keep what their papers promise, each on numbers small enough to check by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.worker.components.recurrences import CURVATURE, START, loss, slope
from tests.worker.components.registry import make
from worker.components.optimizers.sophia import twice_differentiable
from worker.contracts.families.optimizers import RATE

Closure = Callable[..., Tensor]


def weight(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).requires_grad_()


def closing(theta: Tensor, measure: Callable[[Tensor], Tensor], seen: list[Tensor] | None = None) -> Closure:
    """The engine's closure over one weight; the places where it was asked go into `seen`."""

    def closure(create_graph: bool = False) -> Tensor:
        if seen is not None:
            seen.append(theta.detach().clone())
        value = measure(theta)
        theta.grad = torch.autograd.grad(value, theta, create_graph=create_graph)[0]
        return value.detach()

    return closure


def test_lion_moves_every_weight_by_its_rate() -> None:
    theta = torch.from_numpy(START.copy()).requires_grad_()
    stepper = make("optimizers", "lion", lr=1e-3).build([theta])
    for _ in range(20):
        before = theta.detach().clone()
        closing(theta, loss)()
        stepper.step()
        assert torch.allclose((theta.detach() - before).abs(), torch.full_like(before, 1e-3), rtol=1e-9)


def moved(kind: str, theta: Tensor, gradient: Tensor, **parameters: Any) -> Tensor:
    """Change of the weights in one step."""
    before = theta.detach().clone()
    stepper = make("optimizers", kind, **parameters).build([theta])
    theta.grad = gradient
    stepper.step()
    return theta.detach() - before


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5), (6, 2, 3, 3)], ids=str)
def test_muon_moves_a_matrix_by_a_nearly_orthogonal_one(shape: tuple[int, ...]) -> None:
    gradient = weight(*shape, seed=2).detach()
    change = moved("muon", weight(*shape), gradient, lr=0.1).flatten(1)
    tall = max(1.0, change.shape[0] / change.shape[1]) ** 0.5
    singular = torch.linalg.svdvals(change) / (0.1 * tall)
    assert float(singular.min()) > 0.6 and float(singular.max()) < 1.3
    raw = torch.linalg.svdvals(gradient.flatten(1))
    assert raw.max() / raw.min() > 1.5  # which the gradient is not
    assert float((change * gradient.flatten(1)).sum()) < 0


def test_muon_equals_torch_up_to_the_precision_of_its_iteration() -> None:
    ours, theirs = weight(6, 4), weight(6, 4)
    steppers = [
        make("optimizers", "muon", lr=0.1, weight_decay=0.1).build([ours]),
        torch.optim.Muon([theirs], lr=0.1, weight_decay=0.1),
    ]
    for number in range(10):
        for theta, stepper in zip((ours, theirs), steppers, strict=True):
            theta.grad = weight(6, 4, seed=10 + number).detach()
            stepper.step()
    moved_by_torch = (theirs - weight(6, 4)).norm()
    assert (ours - theirs).norm() < 0.05 * moved_by_torch  # torch iterates in bfloat16, of 8 bits


def test_muon_trains_vectors_by_adamw_at_their_own_rate() -> None:
    matrix, vector, other = weight(3, 2), weight(3), weight(3)
    stepper = make("optimizers", "muon", lr=0.02, vector_lr=1e-3).build([matrix, vector])
    plain = torch.optim.AdamW([other], lr=1e-3, betas=(0.9, 0.95), weight_decay=0.0)
    assert [group["lr"] for group in stepper.param_groups] == [0.02, 1e-3]
    assert stepper.param_groups[1][RATE] == pytest.approx(1e-3 / 0.02)
    for number in range(5):
        matrix.grad = weight(3, 2, seed=20 + number).detach()
        vector.grad = weight(3, seed=20 + number).detach()
        other.grad = vector.grad.clone()
        stepper.step()
        plain.step()
    assert torch.allclose(vector, other, rtol=1e-12)


def test_sam_takes_the_gradient_up_the_slope_and_steps_from_where_it_was() -> None:
    theta, seen = torch.from_numpy(START.copy()).requires_grad_(), list[Tensor]()
    stepper = make("optimizers", "sam", lr=0.1, momentum=0.0, rho=0.3).build([theta])
    stepper.step(closing(theta, loss, seen))
    uphill = slope(START) / np.linalg.norm(slope(START))
    assert np.allclose(seen[0].numpy(), START, atol=0)
    assert np.allclose(seen[1].numpy(), START + 0.3 * uphill, atol=1e-12)
    assert np.allclose(theta.detach().numpy(), START - 0.1 * slope(START + 0.3 * uphill), atol=1e-12)


def test_sam_keeps_its_distance_over_all_weights_together() -> None:
    first, second, places = weight(3, 2), weight(4, seed=3), list[Tensor]()

    def closure(create_graph: bool = False) -> Tensor:
        places.append(torch.cat([first.detach().flatten(), second.detach()]))
        value = first.square().sum() + second.pow(4).sum()
        first.grad, second.grad = torch.autograd.grad(value, [first, second])
        return value.detach()

    make("optimizers", "sam", rho=0.3).build([first, second]).step(closure)
    assert float((places[1] - places[0]).norm()) == pytest.approx(0.3)


def test_schedule_free_evaluates_the_mean_of_its_fast_weights() -> None:
    theta, fast = torch.from_numpy(START.copy()).requires_grad_(), []
    stepper: Any = make("optimizers", "schedule_free", base="sgd", lr=0.1).build([theta])
    for _ in range(30):
        closing(theta, loss)()
        stepper.step()
        fast.append(stepper.state[theta]["z"].clone())
    trained = theta.detach().clone()
    stepper.eval()
    assert torch.allclose(theta.detach(), torch.stack(fast).mean(0), atol=1e-12)
    assert not torch.allclose(theta.detach(), trained, atol=1e-3)
    stepper.train()
    assert torch.allclose(theta.detach(), trained, atol=1e-12)


def test_adafactor_keeps_a_row_and_a_column_of_a_matrix() -> None:
    matrix, vector = weight(30, 20), weight(30)
    stepper = make("optimizers", "adafactor").build([matrix, vector])
    matrix.grad, vector.grad = torch.ones_like(matrix), torch.ones_like(vector)
    stepper.step()
    sizes = [
        sum(value.numel() for name, value in stepper.state[theta].items() if name != "step")
        for theta in (matrix, vector)
    ]
    assert sizes == [30 + 20, 30]


def test_adafactor_is_exact_where_the_squared_gradient_has_rank_one() -> None:
    rows, columns = weight(5, seed=4).detach(), weight(3, seed=5).detach()
    gradient = rows[:, None] * columns
    theta = weight(5, 3)
    scale = 0.01 * theta.detach().square().mean().sqrt()
    assert torch.allclose(moved("adafactor", theta, gradient, lr=0.01), -scale * gradient.sign(), rtol=1e-6)


def test_lbfgs_solves_a_quadratic_in_one_step() -> None:
    def left(kind: str) -> float:
        theta = torch.from_numpy(START.copy()).requires_grad_()
        stepper = make("optimizers", kind).build([theta])
        if kind == "lbfgs":
            stepper.step(closing(theta, loss))
        else:
            for _ in range(20):
                closing(theta, loss)()
                stepper.step()
        return float(np.linalg.norm(slope(theta.detach().numpy())))

    assert left("lbfgs") < 1e-5
    assert left("gradient_descent") > 1e-3  # as many gradients without curvature


def test_soap_equals_adam_in_the_eigenbasis_of_its_first_gradient() -> None:
    gradients = [weight(5, 4, seed=30 + number).detach() for number in range(12)]
    left = torch.linalg.eigh(gradients[0] @ gradients[0].T).eigenvectors
    right = torch.linalg.eigh(gradients[0].T @ gradients[0]).eigenvectors
    theta = weight(5, 4)
    turned = (left.T @ theta.detach() @ right).requires_grad_()
    parameters = {"lr": 0.01, "beta1": 0.9, "beta2": 0.95, "eps": 1e-14}
    stepper = make("optimizers", "soap", **parameters, weight_decay=0.0, refresh=1000).build([theta])
    adam = torch.optim.Adam([turned], lr=0.01, betas=(0.9, 0.95), eps=1e-14)
    for number, gradient in enumerate(gradients):
        theta.grad = gradient.clone()
        stepper.step()
        if number:  # the first gradient gives the basis and moves nothing
            turned.grad = left.T @ gradient @ right
            adam.step()
    assert torch.allclose(left.T @ theta.detach() @ right, turned.detach(), atol=1e-9)
    assert not torch.allclose(theta, weight(5, 4), atol=1e-2)


def test_sophia_equals_its_recurrence_where_the_estimate_is_exact() -> None:
    """With a diagonal Hessian u⊙(Hu) is its diagonal, whatever the signs u."""
    bends = np.array([5.0, 1.0, 0.1, -0.5, 0.0, 20.0])
    theta = torch.from_numpy(START.copy()).requires_grad_()
    parameters = {"lr": 0.01, "beta1": 0.9, "beta2": 0.8, "gamma": 0.5, "eps": 1e-12, "weight_decay": 0.1}
    stepper = make("optimizers", "sophia", **parameters, period=3).build([theta])
    expected, momentum, curvature = START.copy(), np.zeros(6), np.zeros(6)
    for step in range(60):
        stepper.step(closing(theta, lambda at: 0.5 * (torch.from_numpy(bends) * at.square()).sum()))
        momentum = 0.9 * momentum + 0.1 * bends * expected
        if step % 3 == 0:
            curvature = 0.8 * curvature + 0.2 * bends
        expected = expected - 0.01 * 0.1 * expected
        expected = expected - 0.01 * np.clip(momentum / np.maximum(0.5 * curvature, 1e-12), -1, 1)
        assert np.abs(theta.detach().numpy() - expected).max() <= 1e-12


def test_sophia_estimates_the_diagonal_without_bias() -> None:
    torch.manual_seed(5)
    theta = torch.from_numpy(START.copy()).requires_grad_()
    stepper = make("optimizers", "sophia", lr=1e-9, beta2=0.999, period=1).build([theta])
    for _ in range(4000):
        stepper.step(closing(theta, loss))
    estimate = stepper.state[theta]["h"].numpy() / (1 - 0.999**4000)
    assert np.abs(estimate - np.diag(CURVATURE)).max() < 0.15
    assert np.abs(np.diag(CURVATURE) - np.diag(CURVATURE).mean()).max() > 0.3  # which a constant would not match


def bent(layer: nn.Module, inputs: Tensor) -> bool:
    """True when the layer's gradient can be differentiated again."""
    outputs = layer(inputs)
    outputs = outputs[0] if isinstance(outputs, tuple) else outputs
    parameters = list(layer.parameters())
    slopes = torch.autograd.grad(outputs.square().mean(), parameters, create_graph=True)
    try:
        torch.autograd.grad(slopes, parameters, [torch.ones_like(slope) for slope in slopes], materialize_grads=True)
    except RuntimeError:
        return False
    return True


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(8, 24)

    def forward(self, inputs: Tensor) -> Tensor:
        query, key, value = self.project(inputs)[:, None].chunk(3, -1)
        return nn.functional.scaled_dot_product_attention(query, key, value)


@pytest.mark.parametrize("layer", [Attention, lambda: nn.LSTM(8, 8), lambda: nn.GRU(8, 8)], ids=["sdpa", "lstm", "gru"])
def test_sophia_has_every_layer_run_a_kernel_with_a_second_derivative(layer: Callable[[], nn.Module]) -> None:
    with twice_differentiable():
        assert bent(layer(), torch.randn(5, 7, 8))


def test_the_fused_attention_has_no_second_derivative() -> None:
    assert not bent(Attention(), torch.randn(5, 7, 8))
