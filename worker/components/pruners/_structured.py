"""Common parts of the pruners that remove whole structures: choosing them, and keeping every layer from emptying."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import torch
from torch import Tensor

from worker.contracts.component import hyperparameter
from worker.contracts.families.pruners import Pruner


class Structured(Pruner):
    """Removes a share of a model's channels, neurons or heads."""

    structured: ClassVar[bool] = True
    """True when tensors shrink; otherwise weights are masked."""

    share_field = "ratio"

    ratio: float = hyperparameter(
        0.5, gt=0, lt=1, description="Share that is removed, of each layer's or of all together."
    )
    scope: Literal["local", "global"] = hyperparameter(
        "local", description="Scope of the comparison: each layer loses the same share, or all layers compete."
    )

    @property
    def share(self) -> float:
        """Removed share of what was there before."""
        return self.ratio

    def step(self, before: float, after: float) -> Self:
        """The pruner that takes a model which has lost the share `before` to one that has lost `after` of the first."""
        return self.at(1 - (1 - after) / (1 - before))

    def label(self) -> str:
        return f"{self.kind} {100 * self.ratio:.4g} %"

    def choose_parts(self, layers: Sequence["Layer"]) -> list[list[int]]:
        """For each layer the parts that go."""
        if self.scope == "local":
            counts = [round(self.ratio * len(layer.scores)) for layer in layers]
        else:
            joined = torch.cat([layer.scores for layer in layers])
            losers = joined.argsort(stable=True)[: round(self.ratio * len(joined))]
            removed = torch.zeros_like(joined, dtype=torch.bool).index_fill_(0, losers, True)
            counts = [int(part.sum()) for part in torch.split(removed, [len(layer.scores) for layer in layers])]
        return [layer.lowest(count) for layer, count in zip(layers, counts, strict=True)]


@dataclass(frozen=True)
class Layer:
    """Parts [n] of a layer with their importance; each of `divisions` equal ranges of them must lose as many.

    A multiple of `round_to` stays. Of normalized ranges each keeps two parts, because a single number has no spread.
    """

    scores: Tensor
    round_to: int = 1
    divisions: int = 1
    normalized: bool = False

    def lowest(self, count: int) -> list[int]:
        """The about `count` least important parts; at least one stays, whatever is asked for."""
        parts = len(self.scores)
        step = math.lcm(self.round_to, self.divisions)
        least = max(step, 2 * self.divisions) if self.normalized else step
        kept = max(math.ceil(least / step), round((parts - count) / step)) * step
        if kept >= parts:
            return []
        ranges = self.scores.view(self.divisions, -1)
        going = ranges.argsort(dim=1, stable=True)[:, : (parts - kept) // self.divisions]
        offsets = torch.arange(0, parts, ranges.shape[1], device=going.device).unsqueeze(1)
        return sorted((going + offsets).flatten().tolist())
