"""Pruners that mask weights: by their scores, at once or little by little."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Self

from torch import Tensor, nn

from worker.compression.gradual_masking import Growing
from worker.contracts.callback import Callback
from worker.contracts.component import hyperparameter
from worker.contracts.context import Context
from worker.contracts.families.pruners import Plan, Pruner
from worker.contracts.masks import Scope, Scores, below_all, lowest, prunable_weights
from worker.contracts.subject import Subject


class Masking(Pruner):
    """Masks weights; no tensor shrinks."""

    observes = ("sparsity",)

    def prunable(self, module: nn.Module) -> dict[str, Tensor]:
        """The weights that can be masked, by parameter name. Raises ValueError when there are none."""
        weights = prunable_weights(module)
        if not weights:
            raise ValueError(f"{self.kind} pruning found no linear or convolution layer in this model")
        return weights

    def magnitudes(self, subject: Subject) -> Scores:
        """|θ| of the weights that can be masked; what is masked already lies below all."""
        weights = self.prunable(subject.module)
        return below_all({name: weight.abs() for name, weight in weights.items()}, subject.masks)

    def growing(self, plan: Plan) -> Callback:
        return Growing(self, plan)


def apply_masks(subject: Subject, masks: dict[str, Tensor], refusal: Callable[[str], str]) -> Subject:
    """The subject with these masks beside those of other weights. Raises ValueError with the `refusal` of the first layer
    of which nothing is left."""
    for name, mask in masks.items():
        if not mask.any():
            raise ValueError(refusal(name))
    pruned = replace(subject, masks={**subject.masks, **masks})
    pruned.apply_masks()
    return pruned


class Scored(Masking):
    """Masks the weights with the lowest scores; a component tells the `scores`."""

    share_field = "sparsity"

    sparsity: float = hyperparameter(0.9, ge=0, lt=1, description="Share of the weights that are zero afterwards.")
    scope: Scope = hyperparameter(
        "global",
        description="Scope of the comparison: weights compete over all layers, or each layer loses the same share.",
    )
    floor: float = hyperparameter(
        0.75,
        ge=0,
        le=1,
        description="Global scope: least part that a layer keeps of what it would keep in local scope. Zero lets a "
        "layer with small weights lose them all, which is refused.",
    )

    @abstractmethod
    def scores(self, subject: Subject, context: Context) -> Scores:
        """Importance of each weight, by parameter name, in the weights' shapes; only relations count."""

    def prune(self, subject: Subject, context: Context) -> Subject:
        self.prunable(subject.module)
        return self.mask(subject, self.scores(subject, context))

    def mask(self, subject: Subject, scores: Scores) -> Subject:
        """The subject without the weights that score lowest."""
        masks = lowest(below_all(scores, subject.masks), self.sparsity, self.scope, self.floor)
        return apply_masks(subject, masks, self._refusal)

    @property
    def share(self) -> float:
        return self.sparsity

    def step(self, before: float, after: float) -> Self:
        return self.at(after)

    def label(self) -> str:
        return f"{super().label()} {100 * self.sparsity:.4g} %"

    def _refusal(self, name: str) -> str:
        remedy = "raise the floor or take `scope: local`" if self.scope == "global" else "lower the sparsity"
        return f"{self.kind} pruning at sparsity {self.sparsity:g} leaves no weight of `{name}`; {remedy}"
