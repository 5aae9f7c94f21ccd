"""The sorts of data that models meet, each at its smallest, without any dataset behind them."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from worker.contracts.component import Component
from worker.contracts.families.models import Model, build
from worker.contracts.subject import Origin
from worker.data.tensors import Data, Split, Task

SAMPLES = 16


@dataclass(frozen=True)
class Sort:
    """Data of one shape, and the traits that a dataset of it provides."""

    name: str
    shape: tuple[int, ...]
    outputs: int
    traits: frozenset[str]
    words: int = 0  # different ids of texts that have classes

    @property
    def task(self) -> Task:
        return "language" if "tokens" in self.traits else "regression" if "numbers" in self.traits else "classification"

    @property
    def dtype(self) -> torch.dtype:
        return torch.float32 if "real" in self.traits else torch.int64

    def build(self, model: Model) -> nn.Module:
        """A fresh module for these data."""
        return build(Origin(model.model_dump(mode="json"), self.shape, self.outputs, tokens=self.words))

    def inputs(self, samples: int = SAMPLES) -> Tensor:
        if "tokens" in self.traits:
            return torch.randint(self.outputs, (samples, *self.shape))
        if self.words:
            ids = torch.randint(1, self.words, (samples, *self.shape))
            return ids * (torch.arange(self.shape[0]) <= torch.randint(self.shape[0], (samples, 1)))
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
        vocabulary = tuple(map(str, range(self.words)))
        return Data(*splits, outputs=self.outputs, task=self.task, unit=(1.0,) * self.outputs, vocabulary=vocabulary)


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
    Sort("reviews", (12,), 3, frozenset({"text", "sequence", "classes"}), words=30),
)


def fitting(component: type[Component]) -> list[Sort]:
    """The sorts that a model takes."""
    return [sort for sort in SORTS if set(component.needs) <= sort.traits]


def smallest(component: type[Component]) -> list[Sort]:
    """One sort of each input type that a model takes: the first, and texts."""
    sorts = fitting(component)
    return list(dict.fromkeys([sorts[0], *(sort for sort in sorts if sort.name in ("text", "reviews"))]))
