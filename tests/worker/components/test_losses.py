"""Losses against arithmetic by hand and against torch."""

import math

import pytest
import torch
from torch.nn import functional

from tests.worker.components.registry import each, make
from worker.contracts.component import components
from worker.contracts.families.losses import Loss


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


def batch() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Logits [6, 4], classes [6], and shares of the classes [6, 4] that sum to 1, as mixing samples leaves them."""
    random = torch.Generator().manual_seed(2)
    outputs = torch.randn(6, 4, generator=random, dtype=torch.float64)
    targets = torch.randint(0, 4, (6,), generator=random)
    return outputs, targets, torch.rand(6, 4, generator=random, dtype=torch.float64).softmax(1)


@pytest.mark.parametrize("delta", [0.5, 1.0, 3.0])
def test_huber_by_hand_and_against_torch(delta: float) -> None:
    outputs = torch.tensor([[0.0, 2.0], [-1.0, 4.0]], dtype=torch.float64)
    targets = torch.tensor([[0.25, 0.0], [0.0, 0.0]], dtype=torch.float64)
    by_hand = [0.5 * e * e if e <= delta else delta * (e - 0.5 * delta) for e in (0.25, 2.0, 1.0, 4.0)]
    loss = make("losses", "huber", delta=delta).loss(outputs, targets).item()
    assert loss == pytest.approx(sum(by_hand) / 4)
    assert loss == pytest.approx(torch.nn.HuberLoss(delta=delta)(outputs, targets).item())


def test_bce_by_hand_and_against_torch() -> None:
    outputs, targets, shares = batch()
    sigma = 1 / (1 + (-outputs).exp())
    for goals, given in [(functional.one_hot(targets, 4).double(), targets), (shares, shares)]:
        by_hand = -(goals * sigma.log() + (1 - goals) * (1 - sigma).log()).sum(1).mean()
        loss = make("losses", "bce").loss(outputs, given).item()
        assert loss == pytest.approx(by_hand.item())
        assert loss == pytest.approx(torch.nn.BCEWithLogitsLoss(reduction="sum")(outputs, goals).item() / 6)


def test_focal_by_hand() -> None:
    outputs = torch.tensor([[1.0, 2.0, 0.0], [0.0, 0.0, 0.0]])
    right = math.exp(2) / (math.exp(1) + math.exp(2) + 1)
    by_hand = (-((1 - right) ** 3) * math.log(right) + (2 / 3) ** 3 * math.log(3)) / 2
    assert make("losses", "focal", gamma=3.0).loss(outputs, torch.tensor([1, 2])).item() == pytest.approx(by_hand)


def test_focal_without_focus_is_cross_entropy() -> None:
    outputs, targets, shares = batch()
    for given in (targets, shares):
        expected = functional.cross_entropy(outputs, given).item()
        assert make("losses", "focal", gamma=0.0).loss(outputs, given).item() == pytest.approx(expected)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 10.0])
def test_focal_has_finite_slopes_where_nothing_is_missing(gamma: float) -> None:
    outputs = torch.tensor([[200.0, 0.0, 0.0], [0.0, 200.0, 0.0]], requires_grad=True)
    make("losses", "focal", gamma=gamma).loss(outputs, torch.tensor([0, 0])).backward()
    assert outputs.grad is not None and outputs.grad.isfinite().all()


OF_CLASSES = [kind for kind, component in components("losses").items() if "classes" in component.needs]


@pytest.mark.parametrize("kind", OF_CLASSES)
def test_classes_may_be_shares(kind: str) -> None:
    """A share of 1 is the class itself, and the loss is linear in the shares."""
    outputs, targets, shares = batch()
    loss = make("losses", kind)
    pure = functional.one_hot(targets, 4).double()
    assert loss.loss(outputs, pure).item() == pytest.approx(loss.loss(outputs, targets).item())
    mixed = loss.loss(outputs, 0.3 * pure + 0.7 * shares).item()
    assert mixed == pytest.approx(0.3 * loss.loss(outputs, pure).item() + 0.7 * loss.loss(outputs, shares).item())


@pytest.mark.parametrize("kind", OF_CLASSES)
def test_texts_are_the_mean_over_their_tokens(kind: str) -> None:
    outputs, targets, _ = batch()
    loss = make("losses", kind)
    texts = loss.loss(outputs.reshape(2, 3, 4), targets.reshape(2, 3))
    assert texts.shape == () and texts.item() == pytest.approx(loss.loss(outputs, targets).item())
