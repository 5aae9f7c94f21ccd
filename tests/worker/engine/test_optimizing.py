"""Optimizers that ask more of the trainer than a gradient: several of them, the whole split, other weights to evaluate."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.worker.engine.harness import MemoryLink
from worker.contracts.component import components, discover
from worker.contracts.families.models import Model
from worker.contracts.families.optimizers import Closure, Optimizer
from worker.contracts.recipe import Recipe
from worker.contracts.subject import Subject
from worker.data.tensors import Data
from worker.engine import seed
from worker.engine.checkpoints.checkpoint import Position
from worker.engine.input.load import Wanted, load
from worker.engine.reporter import Clock, Reporter
from worker.engine.training.trainer import Trainer

discover()

CNN = {"kind": "cnn", "width": 8}
DROPOUT = {"kind": "mlp", "hidden": [32], "dropout": 0.3}
# optimizer, epochs, and the share of the validation split that is to be right by then; chance is 0.1
TRAINED: list[tuple[dict[str, Any], int, float]] = [
    ({"kind": "gradient_descent", "lr": 1.0}, 30, 0.6),
    ({"kind": "lbfgs", "iterations": 10}, 6, 0.9),
    ({"kind": "muon"}, 3, 0.9),
    ({"kind": "sam"}, 3, 0.9),
    ({"kind": "schedule_free", "lr": 0.01}, 4, 0.9),
    ({"kind": "soap"}, 3, 0.9),
    ({"kind": "sophia"}, 6, 0.9),
]
OTHERS = [{"kind": kind} for kind in sorted(components("optimizers"))]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return load(Wanted.default({"kind": "digits"}), tmp_path_factory.mktemp("data"), 0, "cpu")


def subject(data: Data, model: dict[str, Any]) -> Subject:
    seed.plant(0, "model")
    return Subject(Model.choose(model).build(data.input_shape, data.outputs), data.input_shape)


def trainer(data: Data, trained: Subject, **recipe: Any) -> Trainer:
    fields = {"batch": {"kind": "fixed", "size": 64}, **recipe}
    reporter = Reporter(MemoryLink(), Clock(), 1)
    return Trainer(trained, data, Recipe.model_validate(fields), 0, Position(), reporter, lambda *_: reporter.flush())


def accuracy(data: Data, module: nn.Module) -> float:
    with torch.no_grad():
        return float(module.eval()(data.validation.inputs).argmax(1).eq(data.validation.targets).float().mean())


@pytest.mark.parametrize(("optimizer", "epochs", "share"), TRAINED, ids=[row[0]["kind"] for row in TRAINED])
def test_trains(digits: Data, optimizer: dict[str, Any], epochs: int, share: float) -> None:
    trained = subject(digits, CNN)
    assert accuracy(digits, trained.module) < 0.3
    trainer(digits, trained, optimizer=optimizer, epochs=epochs).run()
    assert accuracy(digits, trained.module) >= share


@pytest.mark.parametrize("optimizer", OTHERS, ids=lambda optimizer: optimizer["kind"])
def test_combines_with_all_else_that_touches_a_step(digits: Data, optimizer: dict[str, Any]) -> None:
    """Penalties, parts of a batch, dropout, a mean of the weights, a warm-up; and what is pruned stays zero."""
    trained = subject(digits, DROPOUT)
    layer = next(layer for layer in trained.module.modules() if isinstance(layer, nn.Linear))
    name = next(name for name, weight in trained.module.named_parameters() if weight is layer.weight)
    trained.masks[name] = torch.rand(layer.weight.shape) < 0.5
    trained.apply_masks()
    before = layer.weight.detach().clone()
    recipe = {"micro_batches": 2, "regularizers": ["l2"], "average": "ema", "schedule": {"warmup_steps": 2}}
    recipe["schedule"]["kind"] = "cosine"  # type: ignore[index]
    trainer(digits, trained, optimizer=optimizer, epochs=2, **recipe).run()
    assert not layer.weight[~trained.masks[name]].any()
    assert not torch.equal(layer.weight, before)
    assert all(weight.isfinite().all() for weight in trained.module.parameters())


def test_schedule_free_leaves_the_mean_with_what_is_pruned_at_zero(digits: Data) -> None:
    """Its fast weights know no mask: they move off zero, and the mean with them."""
    trained = subject(digits, DROPOUT)
    name, weight = next((name, weight) for name, weight in trained.module.named_parameters() if weight.ndim == 2)
    trained.masks[name] = torch.rand(weight.shape) < 0.5
    training = trainer(digits, trained, optimizer="schedule_free", epochs=1)
    training.run()
    fast = training.step.optimizer.state[weight]["z"]
    assert fast[~trained.masks[name]].any()
    assert not weight[~trained.masks[name]].any()


class Spy(torch.optim.Optimizer):
    """Asks for the gradient twice and moves nothing."""

    def __init__(self, parameters: list[Tensor]) -> None:
        super().__init__(parameters, {"lr": 0.0})
        self.losses: list[float] = []
        self.gradients: list[list[Tensor]] = []

    def step(self, closure: Closure) -> None:  # type: ignore[override]
        for _ in range(2):
            self.losses.append(float(closure()))
            weights = self.param_groups[0]["params"]
            self.gradients.append([weight.grad.clone() for weight in weights])


def spied(digits: Data, monkeypatch: pytest.MonkeyPatch, **recipe: Any) -> tuple[Spy, Subject]:
    """Answers of a closure that is called twice in each step of an epoch."""
    sam = type(Optimizer.choose("sam"))
    monkeypatch.setattr(sam, "build", lambda self, parameters: Spy(list(parameters)))
    trained = subject(digits, DROPOUT)
    name, weight = next((name, weight) for name, weight in trained.module.named_parameters() if weight.ndim == 2)
    trained.masks[name] = torch.rand(weight.shape) < 0.5
    trained.apply_masks()
    training = trainer(digits, trained, optimizer="sam", epochs=1, **recipe)
    training.run()
    assert isinstance(training.step.optimizer, Spy)
    return training.step.optimizer, trained


def test_a_closure_measures_one_function_within_a_step(digits: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    spy, trained = spied(digits, monkeypatch)
    assert spy.losses[0::2] == spy.losses[1::2]
    assert all(
        torch.equal(one, other)
        for first, second in zip(spy.gradients[0::2], spy.gradients[1::2], strict=True)
        for one, other in zip(first, second, strict=True)
    )
    assert len(set(spy.losses)) == len(spy.losses) / 2  # from step to step dropout and batch change
    (mask,) = trained.masks.values()
    assert not spy.gradients[0][0][~mask].any() and spy.gradients[0][0][mask].any()


def test_without_the_same_random_numbers_it_would_not(digits: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seed, "restore", lambda state: None)
    spy, _ = spied(digits, monkeypatch)
    assert spy.losses[0::2] != spy.losses[1::2]


def test_a_closure_counts_the_penalties(digits: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, _ = spied(digits, monkeypatch)
    penalized, trained = spied(digits, monkeypatch, regularizers=[{"kind": "l2", "strength": 0.5}])
    penalty = 0.25 * sum(float(weight.detach().square().sum()) for weight in trained.module.parameters())
    assert penalized.losses[0] - plain.losses[0] == pytest.approx(penalty, rel=1e-4)


@pytest.mark.parametrize(("optimizer", "steps"), [("gradient_descent", 3), ("lbfgs", 3), ("sgd", 3 * 23)])
def test_the_whole_split_is_one_step_an_epoch(digits: Data, optimizer: str, steps: int) -> None:
    trained = trainer(digits, subject(digits, DROPOUT), optimizer=optimizer, epochs=3)
    assert trained.run() == steps == trained.progress.total
