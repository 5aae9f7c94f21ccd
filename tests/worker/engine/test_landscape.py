"""The loss around a solution, where it can be written down: a quadratic."""

import copy
import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from backend.domain.catalog import Catalog
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from tests.worker.engine.harness import assignment, run
from tests.worker.engine.training import clouds, planted
from worker.contracts.families.losses import Loss
from worker.contracts.subject import Subject
from worker.data.tensors import Split
from worker.engine.diagnostics.sharpness import sharpness
from worker.engine.summaries.landscape import SIDE, directions, landscape, plane
from worker.pipe.messages import Summary

MSE, ENTROPY = Loss.choose("mse"), Loss.choose("cross_entropy")


def random(number: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def least_squares(samples: int = 80, features: int = 12) -> tuple[Subject, Split]:
    """Linear regression: J(w) = |Xw − y|²/n, whose Hessian is 2XᵀX/n everywhere."""
    scales = torch.linspace(0.3, 2.0, features)
    inputs = torch.randn(samples, features, generator=random(1)) * scales
    torch.manual_seed(0)
    module = nn.Linear(features, 1, bias=False)
    return Subject(module, (features,)), Split(inputs, torch.randn(samples, 1, generator=random(2)))


def test_the_sharpness_of_a_quadratic_is_its_top_eigenvalue() -> None:
    subject, split = least_squares()
    hessian = 2 * split.inputs.double().T @ split.inputs.double() / len(split)
    expected = float(torch.linalg.eigvalsh(hessian)[-1])
    assert landscape(subject, split, MSE, random())["sharpness"] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    "eigenvalues", [[3.0, 2.9, 1.0, -0.5], [1.0, 0.5, -4.0, 0.2], [-1.0, -2.0, -5.0, -3.0], [2.0] * 4]
)
def test_the_top_is_found_whatever_lies_below_it(eigenvalues: Sequence[float]) -> None:
    """Also where another eigenvalue is larger in magnitude, and negative."""
    basis = torch.linalg.qr(torch.randn(4, 4, generator=random(3), dtype=torch.float64)).Q
    matrix = basis @ torch.diag(torch.tensor(eigenvalues, dtype=torch.float64)) @ basis.T
    one, other = (torch.randn(2, dtype=torch.float64, requires_grad=True) for _ in range(2))

    def measure() -> Tensor:
        theta = torch.cat([one, other])
        return theta @ matrix @ theta / 2

    assert sharpness(measure, [one, other], random()) == pytest.approx(max(eigenvalues), rel=1e-3)


def test_the_sharpness_of_a_network_is_that_of_its_whole_hessian() -> None:
    module, data = planted(6), clouds(samples=64)
    weights = dict(module.named_parameters())

    def loss(values: dict[str, Tensor]) -> Tensor:
        outputs = torch.func.functional_call(module, values, (data.train.inputs,))
        return ENTROPY.loss(outputs, data.train.targets)

    blocks = torch.func.jacrev(torch.func.jacrev(loss))({name: value.detach() for name, value in weights.items()})
    rows = [torch.cat([blocks[a][b].reshape(weights[a].numel(), -1) for b in weights], 1) for a in weights]
    expected = float(torch.linalg.eigvalsh(torch.cat(rows))[-1])

    def measure() -> Tensor:
        return ENTROPY.loss(module(data.train.inputs), data.train.targets)

    assert sharpness(measure, list(weights.values()), random()) == pytest.approx(expected, rel=1e-3)


def test_a_loss_that_is_linear_has_no_curvature() -> None:
    weight = torch.ones(3, requires_grad=True)
    assert sharpness(lambda: weight.sum(), [weight], random()) == 0.0


def test_the_slice_of_a_quadratic_is_its_paraboloid() -> None:
    """J(w + a·d₁ + b·d₂) = J + a g·d₁ + b g·d₂ + ½(a² d₁Hd₁ + 2ab d₁Hd₂ + b² d₂Hd₂)."""
    subject, split = least_squares()
    weight = subject.module.get_parameter("weight")
    one, other = directions([weight], random(4)), directions([weight], random(5))
    at = torch.linspace(-1, 1, 9).tolist()

    def measure() -> Tensor:
        return MSE.loss(subject.module(split.inputs), split.targets)

    found = np.array(plane(measure, [weight], one, other, at))
    x, y, w = split.inputs.double(), split.targets.double(), weight.detach().double().T
    d1, d2 = one[0].double().T, other[0].double().T
    residual = x @ w - y
    for row, b in enumerate(at):
        for column, a in enumerate(at):
            exact = float((residual + x @ (a * d1 + b * d2)).square().mean())
            assert found[row, column] == pytest.approx(exact, rel=1e-5)
    second = np.diff(found, 2, axis=1)  # of a parabola constant
    assert second == pytest.approx(np.full_like(second, second.mean()), rel=1e-2)


def test_directions_are_as_long_as_each_filter_and_leave_biases_alone() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(8, 5))
    weights = list(module.parameters())
    for weight, drawn in zip(weights, directions(weights, random()), strict=True):
        if weight.ndim < 2:
            assert not drawn.any()
        else:
            assert torch.allclose(drawn.flatten(1).norm(dim=1), weight.detach().flatten(1).norm(dim=1))


def test_what_is_dead_stays_dead() -> None:
    weight = torch.zeros(2, 3)
    assert not directions([weight], random())[0].any()


def test_nothing_of_the_model_or_of_the_randomness_changes() -> None:
    module = planted(6, 5)
    module.insert(1, nn.BatchNorm1d(6))
    module.insert(3, nn.Dropout(0.5))
    module.train()
    module[0].weight.grad = torch.ones(6, 8)  # type: ignore[assignment]
    before, generator = copy.deepcopy(module.state_dict()), torch.get_rng_state()
    data = clouds()
    body = landscape(Subject(module, (8,)), data.validation, ENTROPY, random())
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert torch.equal(torch.get_rng_state(), generator)
    assert module.training and torch.equal(module.get_parameter("0.weight").grad, torch.ones(6, 8))  # type: ignore[arg-type]
    again = landscape(Subject(module, (8,)), data.validation, ENTROPY, random())
    assert body == again


def test_weights_are_put_back_to_the_bit_also_when_it_is_broken_off() -> None:
    module = planted(6)
    weights, before = list(module.parameters()), copy.deepcopy(module.state_dict())
    step = directions(weights, random())

    class Enough(Exception):
        pass

    def measure() -> Tensor:
        if not torch.equal(module.get_parameter("0.weight"), before["0.weight"]):
            raise Enough
        return torch.zeros(())

    with pytest.raises(Enough):
        plane(measure, weights, step, step, [0.0, 0.3])
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())


def test_the_middle_is_the_solution_and_what_is_not_finite_is_null() -> None:
    module, data = planted(6), clouds()
    with torch.no_grad():
        module.get_parameter("2.weight").fill_(1e38)
    body = landscape(Subject(module, (8,)), data.validation, ENTROPY, random())
    assert body["slice"]["losses"][SIDE // 2][SIDE // 2] == body["loss"]
    values = [value for row in body["slice"]["losses"] for value in row]
    assert len(values) == SIDE**2 and None in values
    assert all(value is None or math.isfinite(value) for value in values)


class Attention(nn.Module):
    """Layers whose usual kernels can be derived once only."""

    def __init__(self) -> None:
        super().__init__()
        self.cells = nn.LSTM(4, 8, batch_first=True)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        states = self.cells(inputs)[0]
        mixed = nn.functional.scaled_dot_product_attention(states, states, states)
        scores: Tensor = self.head(self.attention(mixed, mixed, mixed, need_weights=False)[0].mean(1))
        return scores


def test_recurrent_and_attending_models_have_a_sharpness_too() -> None:
    torch.manual_seed(0)
    inputs = torch.randn(64, 5, 4, generator=random(1))
    body = landscape(Subject(Attention(), (5, 4)), Split(inputs, torch.arange(64) % 3), ENTROPY, random())
    assert body["sharpness"] > 0


def test_on_request_a_run_shows_it_before_and_after_each_stage(catalog: Catalog, settings: Settings) -> None:
    train = {"kind": "train", "epochs": 1, "optimizer": "adam"}
    spec = {"dataset": "digits", "model": {"kind": "mlp", "hidden": [8]}, "stages": [train, train]}
    link = run(assignment({**spec, "diagnosis": {"landscape": True}}, catalog), settings)
    assert link.finished.state is RunState.SUCCEEDED
    shown = [(one.kind, one.stage) for one in link.all(Summary) if one.kind.startswith("landscape")]
    assert shown == [("landscape_before", 0), ("landscape", 0), ("landscape", 1)]
    plain = run(assignment(spec, catalog, run_id="plain"), settings)
    assert not any(one.kind.startswith("landscape") for one in plain.all(Summary))
    assert [done.result.weights_sha256 for done in link.done()] == [done.result.weights_sha256 for done in plain.done()]
