"""The run around a method that is tried by itself."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from worker.component import find
from worker.context import Context
from worker.data import Data
from worker.engine.evaluate import evaluate
from worker.losses import Loss
from worker.models import Model
from worker.phases import Training
from worker.subject import Subject


class Alone(Context):
    """A run that has `data` and keeps what it is told and shown; what else is asked of it is a mistake."""

    def __init__(self, data: Data | None = None) -> None:
        self._data = data
        self._loss: Loss = find("losses", Loss.default_kind)()  # type: ignore[assignment]
        self.told: list[str] = []
        self.shown: dict[str, dict[str, Any]] = {}

    def source(self, name: str, same_data: bool = False) -> Subject:
        raise NotImplementedError

    def fresh(self) -> nn.Module:
        raise NotImplementedError

    def generator(self, stream: str) -> torch.Generator:
        return torch.Generator().manual_seed(0)

    def anew(self, model: Model | None = None) -> Subject:
        raise NotImplementedError

    def batches(self, count: int, size: int = 128) -> Iterator[tuple[Tensor, Tensor]]:
        train = self.data.train
        for index in torch.arange(min(len(train), count * size)).split(size):
            yield train.batch(index)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return self._loss.loss(outputs, targets)

    def validate(self, module: nn.Module) -> Mapping[str, float]:
        return evaluate(module, self.data.validation, self._loss, self.data)

    def quality(self, module: nn.Module) -> float:
        return self.validate(module)["accuracy"]

    def recalibrate(self, module: nn.Module) -> None:
        raise NotImplementedError

    def train(self, subject: Subject, training: Training) -> None:
        raise NotImplementedError

    def measure(self, subject: Subject, fields: Collection[str]) -> Mapping[str, float]:
        raise NotImplementedError

    def aside(self) -> "Alone":
        return Alone(self._data)

    def observe(self, metrics: Mapping[str, float]) -> None:
        pass

    def tell(self, text: str, level: str = "info") -> None:
        self.told.append(text)

    def show(self, kind: str, body: dict[str, Any]) -> None:
        self.shown[kind] = body

    @property
    def data(self) -> Data:
        assert self._data is not None, "this method was not expected to need the data"
        return self._data


ALONE = Alone()
"""For methods that need nothing but the model."""
