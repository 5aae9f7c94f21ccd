"""Minimal context for a method that is measured alone."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from worker.contracts.context import Context
from worker.contracts.families.losses import Loss
from worker.contracts.subject import Subject
from worker.data.tensors import Data
from worker.engine import seed
from worker.engine.evaluate import evaluate
from worker.engine.training.mean import recalibrate


class Around(Context):
    """Holds data, counts validations and keeps the summaries; it knows no other runs."""

    def __init__(self, data: Data) -> None:
        self._data, self._loss = data, Loss.choose(Loss.default_kind)
        self.validations = 0
        self.shown: dict[str, dict[str, Any]] = {}

    def source(self, name: str) -> Subject:
        raise ValueError("A benchmark has no other run.")

    def fresh(self) -> nn.Module:
        raise ValueError("A benchmark has no run.")

    def generator(self, stream: str) -> torch.Generator:
        return seed.generator(0, stream)

    def batches(self, count: int, size: int = 128) -> Iterator[tuple[Tensor, Tensor]]:
        train = self._data.train
        for index in torch.arange(min(len(train), count * size)).split(size):
            yield train.batch(index)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return self._loss.loss(outputs, targets)

    def validate(self, module: nn.Module) -> Mapping[str, float]:
        self.validations += 1
        return evaluate(module, self._data.validation, self._loss, self._data)

    def quality(self, module: nn.Module) -> float:
        return self.validate(module)["accuracy"]

    def recalibrate(self, module: nn.Module) -> None:
        recalibrate(module, self._data.train)

    def observe(self, metrics: Mapping[str, float]) -> None:
        pass

    def log(self, text: str, level: str = "info") -> None:
        pass

    def show(self, kind: str, body: dict[str, Any]) -> None:
        self.shown[kind] = body
