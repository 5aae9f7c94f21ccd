"""The run around a method that is tried by itself."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from worker.contracts.component import find
from worker.contracts.families.losses import Loss
from worker.data.tensors import Data
from worker.engine.evaluate import evaluate
from worker.illustrations.sketch import Sketch


class Alone(Sketch):
    """A run that has `data` and keeps what it is told and shown; there is nothing else to it."""

    def __init__(self, data: Data | None = None) -> None:
        self._data = data
        self._loss: Loss = find("losses", Loss.default_kind)()  # type: ignore[assignment]
        self.reported: list[str] = []
        self.shown: dict[str, dict[str, Any]] = {}

    def batches(self, count: int, size: int = 128) -> Iterator[tuple[Tensor, Tensor]]:
        train = self.data.train
        for index in torch.arange(min(len(train), count * size)).split(size):
            yield train.batch(index)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return self._loss.loss(outputs, targets)

    def validate(self, module: nn.Module) -> Mapping[str, float]:
        return evaluate(module, self.data.validation, self._loss, self.data)

    def aside(self) -> "Alone":
        return Alone(self._data)

    def log(self, text: str, level: str = "info") -> None:
        self.reported.append(text)

    def show(self, kind: str, body: dict[str, Any]) -> None:
        self.shown[kind] = body

    @property
    def data(self) -> Data:
        assert self._data is not None, "this method was not expected to need the data"
        return self._data


ALONE = Alone()
"""For methods that need nothing but the model."""
