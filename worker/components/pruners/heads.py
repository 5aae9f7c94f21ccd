"""Head pruning."""

from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor, nn

from worker.components.pruners._structured import Layer, Structured
from worker.compression.importance import mean_magnitudes
from worker.contracts.component import hyperparameter
from worker.contracts.context import Context
from worker.contracts.subject import Subject, evaluating
from worker.nn.attention import Attention
from worker.nn.freezing import thaw

_NORMS = {"l1": 1, "l2": 2}


class Heads(Structured):
    """Removes whole attention heads: their queries, keys, values and the output's columns.

    The width of the stream stays, and each block keeps at least one head. `l1` and `l2` are norms of a head's weights,
    relative to the mean of its block, so that blocks can compete; `taylor` is the first-order change of the loss over 16
    batches of the training split. Masks of an earlier stage are cut to the new shapes.
    """

    formula = "I(h) = ‖θ_h‖ₚᵖ relative to its mean, or mean over batches of |Σ θ · ∂J/∂θ| over h's weights; the lowest ⌊r·H⌉ go"
    reference = "Michel, Levy, Neubig: Are Sixteen Heads Really Better than One? (2019), arXiv:1905.10650"
    needs = ("heads", "float")

    importance: Literal["l1", "l2", "taylor"] = hyperparameter(
        "taylor", description="Importance of a head: a norm of its weights, or the change of the loss without it."
    )

    def prune(self, subject: Subject, context: Context) -> Subject:
        found = {name: layer for name, layer in subject.module.named_modules() if isinstance(layer, Attention)}
        if not found:
            raise ValueError("there is no head to remove: the model has no attention")
        layers = [Layer(score) for score in self._scores(subject.module, list(found.values()), context)]
        doomed = self.choose_parts(layers)
        if not any(doomed):
            raise ValueError(
                f"head pruning at ratio {self.ratio:g} removes no head of this model, of which each block keeps at least "
                "one; raise the ratio, or build the model with more heads"
            )
        masks = dict(subject.masks)
        for (name, attention), heads in zip(found.items(), doomed, strict=True):
            if heads:
                _remove(name, attention, heads, masks)
        return replace(subject, masks=masks)

    def _scores(self, module: nn.Module, found: list[Attention], context: Context) -> list[Tensor]:
        """Of each block the importance of its heads [H]."""
        if self.importance == "taylor":
            with thaw(module), evaluating(module):
                return mean_magnitudes(
                    module,
                    context,
                    lambda saliency: [
                        _of_heads(one, {name: saliency[weight] for name, weight in one.named_parameters()})
                        for one in found
                    ],
                )
        norms = [
            _of_heads(one, {name: weight.detach().abs() ** _NORMS[self.importance] for name, weight in _matrices(one)})
            for one in found
        ]
        return [norm / norm.mean().clamp_min(torch.finfo(norm.dtype).tiny) for norm in norms]


def _matrices(attention: Attention) -> list[tuple[str, Tensor]]:
    return [(name, weight) for name, weight in attention.named_parameters() if weight.ndim > 1]


def _of_heads(attention: Attention, values: dict[str, Tensor]) -> Tensor:
    """Sums over each head's weights [H] of `values`, by the names of the weights. The output's bias is nobody's."""
    total = torch.zeros(attention.heads, device=attention.query.weight.device)
    for name, value in values.items():
        if name != "output.bias":
            features = value.transpose(0, 1) if name == "output.weight" else value
            total = total + features.reshape(attention.heads, -1).sum(1)
    return total


def _remove(name: str, attention: Attention, heads: list[int], masks: dict[str, Tensor]) -> None:
    """Cut the heads out of the module and of its `masks`."""
    device = attention.query.weight.device
    remaining = torch.tensor([head for head in range(attention.heads) if head not in heads], device=device)
    features = attention.features(remaining)
    for weight, _ in attention.named_parameters():
        path = f"{name}.{weight}" if name else weight
        if path in masks and weight != "output.bias":
            masks[path] = masks[path].index_select(int(weight == "output.weight"), features)
    attention.keep(remaining)
