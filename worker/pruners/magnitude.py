"""Magnitude pruning."""

import math
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from worker.component import knob
from worker.context import Context
from worker.pruners import Pruner, prunable_weights
from worker.subject import Subject


class Magnitude(Pruner):
    """Sets the smallest weights to zero and holds them there; tensors keep their shapes.

    `sparsity` is the share of all weights of matrices and filters that are zero afterwards, those masked by an
    earlier stage included; biases and normalization are left alone. Of equal magnitudes the earlier ones go first,
    so the count is exact. In global scope a layer whose weights are small as a whole keeps at least its `floor`,
    because a network with an empty layer computes nothing. The file only gets smaller when it is compressed, and no dense kernel gets faster:
    remove channels for that.
    """

    formula = "mᵢ = 0 for the ⌊s·n⌉ smallest |θᵢ|, else 1"
    reference = "Han, Pool, Tran, Dally: Learning both Weights and Connections (2015), arXiv:1506.02626"
    needs = ("float",)

    sparsity: float = knob(0.9, ge=0, lt=1, description="Share of the weights that are zero afterwards.")
    scope: Literal["global", "local"] = knob(
        "global", description="Whether weights compete over all layers, or each layer loses the same share."
    )
    floor: float = knob(
        0.75,
        ge=0,
        le=1,
        description="Global scope: least part that a layer keeps of what it would keep in local scope. Zero lets a "
        "layer with small weights lose them all, which is refused.",
    )

    def prune(self, subject: Subject, context: Context) -> Subject:
        weights = prunable_weights(subject.module)
        if not weights:
            raise ValueError("magnitude pruning found no linear or convolution layer in this model")
        scores = {name: _scores(weight, subject.masks.get(name)) for name, weight in weights.items()}
        masks = self._globally(scores) if self.scope == "global" else self._locally(scores)
        for name, mask in masks.items():
            if not mask.any():
                remedy = "raise the floor or take `scope: local`" if self.scope == "global" else "lower the sparsity"
                raise ValueError(
                    f"magnitude pruning at sparsity {self.sparsity:g} leaves no weight of `{name}`; {remedy}"
                )
        pruned = replace(subject, masks={**subject.masks, **masks})
        pruned.apply_masks()
        return pruned

    def _locally(self, scores: dict[str, Tensor]) -> dict[str, Tensor]:
        return {name: keep_largest(score, self.sparsity) for name, score in scores.items()}

    def _globally(self, scores: dict[str, Tensor]) -> dict[str, Tensor]:
        flat = [_protect(score.flatten(), self.floor * (1 - self.sparsity)) for score in scores.values()]
        parts = torch.split(keep_largest(torch.cat(flat), self.sparsity), [len(score) for score in flat])
        return {name: part.view_as(scores[name]) for name, part in zip(scores, parts, strict=True)}

    def label(self) -> str:
        return f"magnitude {100 * self.sparsity:.4g} %"


def _scores(weight: Tensor, mask: Tensor | None) -> Tensor:
    """Magnitudes; what is masked already scores below any weight, a true zero included."""
    magnitude = weight.detach().abs()
    return magnitude if mask is None else torch.where(mask, magnitude, -1.0)


def keep_largest(scores: Tensor, sparsity: float) -> Tensor:
    """Mask in the shape of `scores`: False for the round(sparsity · n) smallest and for every negative score."""
    order = scores.flatten().argsort(stable=True)
    mask = torch.ones_like(order, dtype=torch.bool)
    mask[order[: round(sparsity * len(order))]] = False
    return mask.view_as(scores) & (scores >= 0)


def _protect(scores: Tensor, share: float) -> Tensor:
    """`scores` [n] with the largest `share` of them beyond all competition; what is masked already stays masked."""
    strongest = scores.argsort(descending=True, stable=True)[: math.ceil(share * len(scores))]
    return torch.where(scores < 0, scores, scores.index_fill(0, strongest, torch.inf))
