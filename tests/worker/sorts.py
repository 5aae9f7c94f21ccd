"""The sorts of data that models meet, each at its smallest, without any dataset behind them."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from worker.contracts.component import Component
from worker.data.tensors import Data, Split, Task

SAMPLES = 16


@dataclass(frozen=True)
class Sort:
    """Data of one shape, and the traits that a dataset of it provides."""

    name: str
    shape: tuple[int, ...]
    outputs: int
    traits: frozenset[str]

    @property
    def task(self) -> Task:
        return "language" if "tokens" in self.traits else "regression" if "numbers" in self.traits else "classification"

    @property
    def dtype(self) -> torch.dtype:
        return torch.int64 if "tokens" in self.traits else torch.float32

    def inputs(self, samples: int = SAMPLES) -> Tensor:
        if "tokens" in self.traits:
            return torch.randint(self.outputs, (samples, *self.shape))
        return torch.randn(samples, *self.shape)

    def targets(self, samples: int = SAMPLES) -> Tensor:
        if "numbers" in self.traits:
            return torch.randn(samples, self.outputs)
        places = self.shape if "tokens" in self.traits else ()
        return torch.randint(self.outputs, (samples, *places))

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        if "numbers" in self.traits:
            return nn.functional.mse_loss(outputs, targets)
        return nn.functional.cross_entropy(outputs.flatten(0, -2), targets.flatten())

    def data(self, samples: int = SAMPLES) -> Data:
        splits = [Split(self.inputs(samples), self.targets(samples)) for _ in range(3)]
        return Data(*splits, outputs=self.outputs, task=self.task, unit=(1.0,) * self.outputs)


_IMAGE = {"real", "image", "sequence"}
SORTS = (
    Sort("digits", (1, 8, 8), 10, frozenset(_IMAGE | {"classes"})),
    Sort("odd", (2, 9, 11), 3, frozenset(_IMAGE | {"classes"})),
    Sort("clothes", (1, 28, 28), 10, frozenset(_IMAGE | {"classes", "image_28"})),
    Sort("colours", (3, 32, 32), 10, frozenset(_IMAGE | {"classes", "image_28"})),
    Sort("ages", (1, 8, 8), 1, frozenset(_IMAGE | {"numbers"})),
    Sort("table", (20,), 4, frozenset({"real", "classes"})),
    Sort("numbers", (6,), 2, frozenset({"real", "numbers"})),
    Sort("text", (12,), 30, frozenset({"tokens", "sequence", "classes"})),
)


def fitting(component: type[Component]) -> list[Sort]:
    """The sorts that a model takes."""
    return [sort for sort in SORTS if set(component.needs) <= sort.traits]


def smallest(component: type[Component]) -> list[Sort]:
    """One sort of each input type that a model takes: the first, and text."""
    sorts = fitting(component)
    return list(dict.fromkeys([sorts[0], *(sort for sort in sorts if sort.name == "text")]))
