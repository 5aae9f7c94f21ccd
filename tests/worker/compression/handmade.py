"""A model whose weights are set by hand, and runs around it that say what they are to say."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from tests.worker.compression.alone import Alone
from worker.contracts.subject import Subject


def two_layers() -> Subject:
    """Weights 1…6 and 0.1…0.4, signs mixed; biases smaller than all of them."""
    module = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 2))
    with torch.no_grad():
        module[0].weight.copy_(torch.tensor([[1.0, -2.0, 3.0], [-4.0, 5.0, -6.0]]))
        module[2].weight.copy_(torch.tensor([[0.4, -0.3], [0.2, 0.1]]))
        module[0].bias.fill_(1e-3)
        module[2].bias.fill_(1e-3)
    return Subject(module, (3,))


def mask(rows: list[list[int]]) -> Tensor:
    return torch.tensor(rows, dtype=torch.bool)


class Batches(Alone):
    """Trains a linear layer on given batches, by the sum of its outputs times the targets."""

    def __init__(self, *batches: tuple[Tensor, Tensor]) -> None:
        super().__init__()
        self._batches = batches

    def batches(self, count: int, size: int = 128) -> Iterator[tuple[Tensor, Tensor]]:
        yield from self._batches[:count]

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs * targets).sum()


class Judge(Alone):
    """Validates by the weights themselves: the loss is what `judge` makes of them."""

    def __init__(self) -> None:
        super().__init__()
        self.requested: list[float] = []

    @torch.no_grad()
    def judge(self, module: nn.Module) -> float:
        """The share of the squared norm that is missing of 100."""
        return 1 - sum(float((weight**2).sum()) for weight in module.parameters() if weight.dim() > 1) / 100

    def validate(self, module: nn.Module) -> Mapping[str, float]:
        self.requested.append(self.judge(module))
        return {"loss": self.requested[-1]}

    def quality(self, module: nn.Module) -> float:
        return 1 - self.validate(module)["loss"]
