"""Small real trainings, looked at while they go."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from backend.domain.experiment.experiment import Diagnosis as Plan
from backend.domain.run.events import EventKind
from backend.store import chunks
from tests.worker.engine.harness import MemoryLink
from worker.contracts.callback import Callback
from worker.contracts.component import discover
from worker.contracts.context import Context
from worker.contracts.recipe import Recipe
from worker.contracts.subject import Subject
from worker.data.tensors import Data, Split
from worker.engine import seed
from worker.engine.checkpoints.checkpoint import Position
from worker.engine.diagnostics.diagnose import Diagnosis
from worker.engine.reporter import Clock, Diverged, Reporter
from worker.engine.training.trainer import Trainer
from worker.pipe.messages import Points, Summary

discover()
FEATURES, CLASSES = 8, 3


def clouds(samples: int = 256, features: int = FEATURES, noise: float = 1.0, number: int = 0) -> Data:
    """Three clouds of points; training, validation and test are drawn alike."""
    random = torch.Generator().manual_seed(number)
    centers = 2 * torch.randn(CLASSES, features, generator=random)

    def split(count: int) -> Split:
        targets = torch.randint(CLASSES, (count,), generator=random)
        return Split(centers[targets] + noise * torch.randn(count, features, generator=random), targets)

    return Data(split(samples), split(200), split(200), CLASSES)


def perceptron(*widths: int, activation: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    """Layers as torch begins them; `widths` from the features to the last hidden layer."""
    layers: list[nn.Module] = []
    for inputs, outputs in zip((FEATURES, *widths), widths, strict=False):
        layers += [nn.Linear(inputs, outputs), activation()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], CLASSES))


class Watched:
    """A training that was looked at, and all that was told of it."""

    def __init__(
        self,
        module: nn.Module,
        data: Data,
        plan: Plan | None = None,
        company: tuple[Callback, Context] | None = None,
        **recipe: Any,
    ) -> None:
        self.module, self.link = module, MemoryLink()
        self.subject = Subject(module, data.input_shape)
        callback = None
        if company:
            callback, run = company
            callback.start(self.subject, run)
        reporter = Reporter(self.link, Clock(), 0, data.task)
        reporter.start(0, 0)
        self.diagnosis = Diagnosis(plan or Plan(every=5, histograms=0))
        self.diverged = ""
        self.trainer = Trainer(
            self.subject,
            data,
            Recipe.model_validate({"batch": {"kind": "fixed", "size": 32}, **recipe}),
            0,
            Position(),
            reporter,
            lambda position, trainer: reporter.flush(),
            diagnosis=self.diagnosis,
            callback=callback,
        )
        try:
            self.trainer.run()
        except Diverged as error:
            self.diverged = str(error)

    @property
    def codes(self) -> list[str]:
        return [body["code"] for body in self.link.happened(EventKind.DIAGNOSTIC)]

    def metric(self, name: str) -> dict[int, float]:
        """Its values by step."""
        sent = [chunks.decode(points.chunk) for points in self.link.all(Points)]
        return {
            step: value
            for chunk in sent
            if name in chunk.metrics
            for step, value in zip(chunk.steps.tolist(), chunk.metrics[name].tolist(), strict=True)
        }

    def summaries(self, kind: str) -> list[Summary]:
        return [shown for shown in self.link.all(Summary) if shown.kind == kind]


def planted(*widths: int, activation: type[nn.Module] = nn.ReLU, number: int = 0) -> nn.Sequential:
    seed.plant(number, "model")
    return perceptron(*widths, activation=activation)


def sgd(lr: float, **more: Any) -> dict[str, Any]:
    return {"kind": "sgd", "lr": lr, **more}


def adam(lr: float) -> dict[str, Any]:
    return {"kind": "adam", "lr": lr}


def scaled(module: nn.Sequential, factor: float) -> nn.Sequential:
    """The same module with all weights `factor` times as large."""
    with torch.no_grad():
        for layer in linears(module):
            layer.weight.mul_(factor)
    return module


def linears(module: nn.Sequential) -> Sequence[nn.Linear]:
    return [layer for layer in module if isinstance(layer, nn.Linear)]
