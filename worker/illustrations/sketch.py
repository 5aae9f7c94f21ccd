"""A run for pictures: a few random samples of as many kinds as the layer in the picture tells apart."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from worker.contracts.families.models import Model
from worker.contracts.phases import Training, TrialContext
from worker.contracts.subject import Subject

SAMPLES = 64


class Sketch(TrialContext):
    """Nobody reads what it is told. It has no other runs: what asks for one gets no picture."""

    def __init__(self, inputs: int, outputs: int) -> None:
        self._inputs = torch.randn(SAMPLES, inputs)
        self._targets = torch.arange(SAMPLES) % outputs

    @torch.no_grad()
    def teach(self, layer: nn.Linear) -> None:
        """The layer tells the kinds apart: its weights are their means."""
        means = torch.stack([self._inputs[self._targets == kind].mean(0) for kind in range(layer.out_features)])
        layer.weight.copy_(means)
        nn.init.zeros_(layer.bias)

    def source(self, name: str, same_data: bool = False) -> Subject:
        raise ValueError("A picture has no other run.")

    def fresh(self) -> nn.Module:
        raise ValueError("A picture has no run.")

    def generator(self, stream: str) -> torch.Generator:
        return torch.Generator().manual_seed(0)

    def reinitialize(self, model: Model | None = None) -> Subject:
        raise ValueError("A picture has no run.")

    def batches(self, count: int, size: int = 128) -> Iterator[tuple[Tensor, Tensor]]:
        yield self._inputs, self._targets

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return functional.cross_entropy(outputs, targets)

    @torch.no_grad()
    def validate(self, module: nn.Module) -> Mapping[str, float]:
        outputs = module(self._inputs)
        right = (outputs.argmax(1) == self._targets).float().mean()
        return {"loss": float(self.loss(outputs, self._targets)), "accuracy": float(right)}

    def quality(self, module: nn.Module) -> float:
        return self.validate(module)["accuracy"]

    def recalibrate(self, module: nn.Module) -> None:
        pass

    def train(self, subject: Subject, training: Training) -> None:
        raise ValueError("A picture trains nothing.")

    def measure(self, subject: Subject, fields: Collection[str]) -> Mapping[str, float]:
        raise ValueError("A picture measures nothing.")

    def aside(self) -> "Sketch":
        return self

    def observe(self, metrics: Mapping[str, float]) -> None:
        pass

    def log(self, text: str, level: str = "info") -> None:
        pass

    def show(self, kind: str, body: dict[str, Any]) -> None:
        pass
