"""Averages: equal to the mean written out by hand, in its place in the training, with fresh batch statistics."""

import copy

import pytest
import torch
from torch import Tensor, nn

from tests.worker.components.registry import each, make
from worker.contracts.families.averages import Average
from worker.data.tensors import Split
from worker.engine.training.mean import RECALIBRATION_BATCH, Best, Mean, recalibrate

TOTAL = 40


def walk() -> list[Tensor]:
    """Weights [2] after each of 40 steps."""
    random = torch.Generator().manual_seed(1)
    return list(torch.randn(TOTAL, 2, generator=random, dtype=torch.float64))


def followed(average: Average, steps: list[Tensor]) -> Tensor | None:
    """The weights that a module has after its mean over `steps` was applied."""
    module = nn.Linear(2, 1, bias=False).double()
    mean = Mean(module, average)
    for number, weight in enumerate(steps, 1):
        module.weight.data.copy_(weight[None])
        mean.take(module, number, TOTAL)
    mean.apply(module, Split(torch.zeros(1, 2), torch.zeros(1)))
    return module.weight.detach()[0]


def test_swa_is_the_mean_of_its_steps() -> None:
    steps = walk()
    chosen = [
        steps[number - 1] for number in (22, 25, 28, 31, 34, 37, 40)
    ]  # after half of 40, every third, the last too
    found = followed(make("averages", "swa", start=0.5, every=3), steps)
    assert torch.allclose(found, torch.stack(chosen).mean(0), rtol=0, atol=1e-14)


def test_swa_over_everything_is_the_mean_of_everything() -> None:
    found = followed(make("averages", "swa", start=0.0, every=1), walk())
    assert torch.allclose(found, torch.stack(walk()).mean(0), rtol=0, atol=1e-14)


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.99])
def test_ema_is_its_recurrence(decay: float) -> None:
    steps = walk()
    mean = torch.zeros(2, dtype=torch.float64)
    first = make("averages", "ema", decay=decay).share(1, TOTAL, 0)
    assert first == pytest.approx(1 - min(decay, 0.1))
    module = nn.Linear(2, 1, bias=False).double()
    mean = module.weight.detach()[0].clone()
    running = Mean(module, make("averages", "ema", decay=decay))
    for number, weight in enumerate(steps):
        kept = min(decay, (1 + number) / (10 + number))
        mean = kept * mean + (1 - kept) * weight
        module.weight.data.copy_(weight[None])
        running.take(module, number + 1, TOTAL)
    with running.lend(module):
        assert torch.allclose(module.weight[0], mean, rtol=0, atol=1e-14)
    assert torch.equal(module.weight[0], steps[-1])


@each("averages")
def test_a_mean_of_equal_weights_is_those_weights(component: type[Average]) -> None:
    same = [torch.tensor([0.3, -0.7], dtype=torch.float64)] * TOTAL
    assert torch.allclose(followed(component(), same), same[0], atol=0.02)  # from its start at random, where it has one


@each("averages")
def test_shares_are_shares(component: type[Average]) -> None:
    shares = [component().share(step, TOTAL, step - 1) for step in range(1, TOTAL + 1)]
    assert all(0 <= share <= 1 for share in shares) and any(shares)


@each("averages")
def test_goes_on_from_its_state(component: type[Average]) -> None:
    module = nn.Linear(2, 1, bias=False).double()
    whole = Mean(module, component())
    resumed = Mean(copy.deepcopy(module), component())
    for number, weight in enumerate(walk(), 1):
        module.weight.data.copy_(weight[None])
        whole.take(module, number, TOTAL)
        if number == 33:
            resumed.load(copy.deepcopy(whole.state()))
        if number > 33:
            resumed.take(module, number, TOTAL)
    one, other = whole.state(), resumed.state()
    assert one["taken"] == other["taken"]
    assert torch.equal(one["values"]["weight"], other["values"]["weight"])


def test_a_mean_that_took_nothing_leaves_the_last_step() -> None:
    module = nn.Linear(2, 1)
    mean, last = Mean(module, make("averages", "swa", start=0.9)), module.weight.detach().clone()
    mean.take(module, 1, 1000)
    with mean.lend(module):
        assert torch.equal(module.weight, last)
    mean.apply(module, Split(torch.zeros(1, 2), torch.zeros(1)))
    assert torch.equal(module.weight, last)


# ---- batch statistics


def normalized() -> tuple[nn.Module, Split]:
    torch.manual_seed(3)
    module = nn.Sequential(nn.Linear(5, 7), nn.BatchNorm1d(7), nn.ReLU(), nn.Dropout(0.5), nn.Linear(7, 3)).double()
    inputs = 3 + 2 * torch.randn(4 * RECALIBRATION_BATCH, 5, dtype=torch.float64)
    return module, Split(inputs, torch.zeros(len(inputs), dtype=torch.int64))


def test_statistics_are_those_of_the_training_split() -> None:
    module, train = normalized()
    module[1].running_mean.fill_(50.0)
    recalibrate(module, train)
    hidden = module[0](train.inputs).detach()
    parts = hidden.split(RECALIBRATION_BATCH)
    assert torch.allclose(module[1].running_mean, hidden.mean(0), rtol=1e-12)
    variance = torch.stack([part.var(0, unbiased=True) for part in parts]).mean(0)
    assert torch.allclose(module[1].running_var, variance, rtol=1e-12)
    assert module.training and module[1].momentum == 0.1


def test_swa_recalibrates_and_ema_averages_the_statistics() -> None:
    for kind, recalibrated in [("swa", True), ("ema", False)]:
        module, train = normalized()
        mean = Mean(module, make("averages", kind))
        for number in range(1, TOTAL + 1):
            module[0].weight.data.mul_(0.99)
            module[1].running_mean.fill_(50.0)
            mean.take(module, number, TOTAL)
        mean.apply(module, train)
        fits = torch.allclose(module[1].running_mean, module[0](train.inputs).mean(0), rtol=1e-9)
        assert fits == recalibrated
        assert (module[1].running_mean.max() > 40) == (not recalibrated)


# ---- the best epoch


def test_the_best_is_the_lowest_loss_and_survives_a_checkpoint() -> None:
    module = nn.Linear(1, 1, bias=False)
    best = Best()
    for loss, weight in [(2.0, 1.0), (0.5, 2.0), (float("nan"), 3.0), (0.7, 4.0)]:
        nn.init.constant_(module.weight, weight)
        best.offer(module, loss)
    again = Best()
    again.load(copy.deepcopy(best.state()))
    again.offer(module, 0.6)
    again.apply(module)
    assert module.weight.item() == 2.0
