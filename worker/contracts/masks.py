"""Pruning masks: making them from scores, and counting the weights that they keep."""

import math
from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn

from worker.contracts.subject import Subject
from worker.nn.kinds import Prunable

Scope = Literal["global", "local"]
Scores = dict[str, Tensor]  # parameter name -> how much the weight matters, GONE where it was masked before

REMOVED = -math.inf


def prunable_weights(module: nn.Module) -> dict[str, Tensor]:
    """The weight matrices and filters by parameter name: no biases, no normalization, no embeddings."""
    return {
        f"{path}.{name}" if path else name: weight
        for path, layer in module.named_modules()
        if isinstance(layer, Prunable)
        for name, weight in layer.named_parameters()
        if name.startswith("weight")
    }


def below_all(scores: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> Scores:
    """Gives masked weights lower scores than any other weight, a true zero included."""
    return {
        name: torch.where(masks[name], score.detach(), REMOVED) if name in masks else score.detach()
        for name, score in scores.items()
    }


def lowest(scores: Scores, sparsity: float, scope: Scope, floor: float) -> dict[str, Tensor]:
    """Masks that are False for the share `sparsity` with the lowest scores.

    In local scope each layer loses that share. In global scope the layers compete, but each keeps at least the part
    `floor` of what it would keep in local scope.
    """
    if scope == "local":
        return {name: keep_largest(score, sparsity) for name, score in scores.items()}
    flat = [_protect(score.flatten(), floor * (1 - sparsity)) for score in scores.values()]
    parts = torch.split(keep_largest(torch.cat(flat), sparsity), [len(score) for score in flat])
    return {name: part.view_as(scores[name]) for name, part in zip(scores, parts, strict=True)}


def keep_largest(scores: Tensor, sparsity: float) -> Tensor:
    """Mask in the shape of `scores`: False for the round(sparsity · n) lowest, the first ones of equals, and for all
    that is gone."""
    order = scores.flatten().argsort(stable=True)
    mask = torch.ones_like(order, dtype=torch.bool)
    mask[order[: round(sparsity * len(order))]] = False
    return mask.view_as(scores) & (scores > REMOVED)


def _protect(scores: Tensor, share: float) -> Tensor:
    """`scores` [n] with the largest `share` of them beyond all competition; what is gone stays gone."""
    strongest = scores.argsort(descending=True, stable=True)[: math.ceil(share * len(scores))]
    return torch.where(scores > REMOVED, scores.index_fill(0, strongest, math.inf), scores)


def count_remaining(subject: Subject) -> dict[str, int]:
    """Number of weights that each matrix or filter keeps."""
    return {
        name: int(subject.masks[name].sum()) if name in subject.masks else weight.numel()
        for name, weight in prunable_weights(subject.module).items()
    }


def sizes(module: nn.Module) -> dict[str, int]:
    """Number of weights of each matrix or filter, masked or not."""
    return {name: weight.numel() for name, weight in prunable_weights(module).items()}


def removed_share(subject: Subject) -> float:
    """Share of masked weights."""
    total = sum(sizes(subject.module).values())
    return 1 - sum(count_remaining(subject).values()) / total if total else 0.0


def census(subject: Subject, totals: Mapping[str, int]) -> dict[str, Any]:
    """The summary `sparsity`: {layers: [{name, kept, total}]}; `totals` are the weights before the pruning."""
    left = count_remaining(subject)
    layers = [
        {"name": name.removesuffix(".weight"), "kept": left.get(name, 0), "total": total}
        for name, total in totals.items()
    ]
    return {"layers": layers}
