"""The quality of a model's outputs on a split: one definition for models in memory and for files."""

import math
from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor, nn

from worker.contracts.families.losses import Loss
from worker.contracts.subject import evaluating
from worker.data.tensors import Data, Split

BATCH, BATCH_BYTES = 1000, 16 << 20  # samples, so many that the cost of a call does not count; fewer of large ones


def batch_size(split: Split, most: int | None = None) -> int:
    """Samples of a batch that goes through a model without a gradient: `most`, or fewer of large ones."""
    return max(1, min(most or BATCH, BATCH_BYTES // max(1, math.prod(split.shape) * split.dtype.itemsize)))


@torch.no_grad()
def evaluate(
    module: nn.Module, split: Split, loss: Loss, data: Data, attend: Callable[[], None] = lambda: None
) -> dict[str, float]:
    """The `score` of `module` on `split`; `attend` is called between batches."""
    with evaluating(module):
        return score(_outputs(module, split, attend), split, loss, data)


def _outputs(module: nn.Module, split: Split, attend: Callable[[], None]) -> Iterator[Tensor]:
    for inputs, _ in split.batches(batch_size(split)):
        yield module(inputs)
        attend()


def score(outputs: Iterable[Tensor], split: Split, loss: Loss, data: Data) -> dict[str, float]:
    """Mean `loss` of outputs [batch, …] for the whole split, in order, and what tells their quality: `accuracy` of
    classes, also `perplexity` of texts; of numbers `r2`, the mean of all targets', and `mae` in their own unit."""
    total, place, found = torch.zeros((), dtype=torch.float64, device=split.targets.device), 0, []
    truth = true_numbers(split, data) if data.task == "regression" else split.targets
    for batch in outputs:
        rows = slice(place, place := place + len(batch))
        total += loss.loss(batch, split.targets[rows]) * len(batch)
        found.append(_found(batch, truth[rows], data))
    mean = float(total) / len(split)
    return {"loss": mean, **_quality(torch.cat(found), truth, mean, data)}


def _found(outputs: Tensor, truth: Tensor, data: Data) -> Tensor:
    """The errors of numbers [n, k], or the hits among classes [n, …]."""
    return in_own_unit(outputs, data) - truth if data.task == "regression" else outputs.argmax(-1).eq(truth)


def _quality(found: Tensor, truth: Tensor, loss: float, data: Data) -> dict[str, float]:
    if data.task == "regression":
        return {"r2": float(r2(found, truth).mean()), "mae": float(found.abs().mean())}
    accuracy = {"accuracy": float(found.double().mean())}
    return accuracy | ({"perplexity": math.exp(min(loss, 700.0))} if data.task == "language" else {})


def true_numbers(split: Split, data: Data) -> Tensor:
    """The targets [n, k] in their own unit in float64, measured from the training split's mean."""
    if split.numbers is None:
        return in_own_unit(split.targets, data)
    return split.numbers - torch.tensor(data.zero or 0.0, dtype=torch.float64, device=split.numbers.device)


def in_own_unit(outputs: Tensor, data: Data) -> Tensor:
    """A model's outputs [n, k] as `true_numbers` are."""
    return outputs.double() * torch.tensor(data.unit or 1.0, dtype=torch.float64, device=outputs.device)


def r2(error: Tensor, numbers: Tensor) -> Tensor:
    """R² of each target [k], as scikit-learn has it: of one that does not vary 1 where it is met, 0 where it is not."""
    missed, spread = error.square().sum(0), (numbers - numbers.mean(0)).square().sum(0)
    return torch.where(spread > 0, 1 - missed / spread, (missed == 0).double())
