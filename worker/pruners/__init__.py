"""Pruners: which weights or channels go."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar, Literal, Self

import torch
from torch import Tensor, nn

from worker.companion import Companion
from worker.component import Component, knob
from worker.context import Context
from worker.growing import Growing, Plan
from worker.masks import Scope, Scores, below_all, census, lowest, prunable_weights, sizes
from worker.phases import Phase, Transform
from worker.searching import Search
from worker.subject import Subject


class Pruner(Component, family="pruners", default="magnitude"):
    """Which weights or channels go."""

    structured: ClassVar[bool] = False
    """Whether tensors shrink; else weights are masked."""

    @abstractmethod
    def prune(self, subject: Subject, context: Context) -> Subject:
        """Mask weights (unstructured) or really remove them (structured); the module may be changed in place.

        Raises ValueError in one sentence when nothing would be left of a layer.
        """

    @classmethod
    def nature(cls) -> tuple[str, ...]:
        return tuple(["structured"] * cls.structured + ["open"] * (cls.share is Pruner.share))

    def foresee(self, module: nn.Module) -> None:
        """Raises ValueError in one sentence where the layers' shapes tell already that nothing can go."""

    def phases(self) -> Sequence[Phase]:
        """What the pruning takes: `prune` at once, unless what goes shows in a training alone."""
        return [Transform(self._shown)]

    @property
    def share(self) -> float | None:
        """The share of the weights, or of the channels, that is gone afterwards; None where only the weights tell."""
        return None

    def step(self, before: float, after: float) -> Self:
        """The pruner that goes on from where the share `before` is gone to where `after` is; where there is a `share`."""
        raise AssertionError("a pruner without a share is not asked to take steps")

    def growing(self, plan: Plan) -> Companion:
        """Goes along with a training and masks more and more weights, as `plan` says; where there is a `share`."""
        assert not self.structured
        return Growing(self, plan)

    def label(self) -> str:
        """How it is called on the timeline, with what matters most of its parameters."""
        return self.kind.replace("_", " ")

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

    def _shown(self, subject: Subject, context: Context) -> Subject:
        totals = sizes(subject.module)
        pruned = self.prune(subject, context)
        context.show("sparsity", census(pruned, totals))
        return pruned


def masked(subject: Subject, masks: dict[str, Tensor], refusal: Callable[[str], str]) -> Subject:
    """The subject with these masks beside those of other weights. Raises ValueError with the `refusal` of the first layer
    of which nothing is left."""
    for name, mask in masks.items():
        if not mask.any():
            raise ValueError(refusal(name))
    pruned = replace(subject, masks={**subject.masks, **masks})
    pruned.apply_masks()
    return pruned


class Scored(Pruner):
    """Masks the weights with the lowest scores; a component tells the `scores`."""

    sparsity: float = knob(0.9, ge=0, lt=1, description="Share of the weights that are zero afterwards.")
    scope: Scope = knob(
        "global", description="Whether weights compete over all layers, or each layer loses the same share."
    )
    floor: float = knob(
        0.75,
        ge=0,
        le=1,
        description="Global scope: least part that a layer keeps of what it would keep in local scope. Zero lets a "
        "layer with small weights lose them all, which is refused.",
    )

    @abstractmethod
    def scores(self, subject: Subject, context: Context) -> Scores:
        """How much each weight matters, by parameter name, in the weights' shapes; only relations count."""

    def prune(self, subject: Subject, context: Context) -> Subject:
        self.prunable(subject.module)
        return self.mask(subject, self.scores(subject, context))

    def mask(self, subject: Subject, scores: Scores) -> Subject:
        """The subject without the weights that score lowest."""
        masks = lowest(below_all(scores, subject.masks), self.sparsity, self.scope, self.floor)
        return masked(subject, masks, self._refusal)

    @property
    def share(self) -> float:
        return self.sparsity

    def step(self, before: float, after: float) -> Self:
        return self.model_copy(update={"sparsity": after})

    def label(self) -> str:
        return f"{super().label()} {100 * self.sparsity:.4g} %"

    def _refusal(self, name: str) -> str:
        remedy = "raise the floor or take `scope: local`" if self.scope == "global" else "lower the sparsity"
        return f"{self.kind} pruning at sparsity {self.sparsity:g} leaves no weight of `{name}`; {remedy}"


class Searched(Pruner):
    """Tries masks on the validation split until one is as far as the bound allows."""

    criterion: Literal["loss", "drop"] = knob(
        "drop",
        description="What is bounded: the validation loss itself, or how far the validation accuracy (R² of numbers) "
        "falls below that of the model as it came.",
    )
    bound: float = knob(0.02, ge=0, le=1e6, description="The most that it may be: ε of the loss, d of the drop.")
    budget: int = knob(
        24, ge=3, le=200, unit="evaluations", description="Passes over the validation split that the search may take."
    )

    @property
    def measured(self) -> str:
        """What is bounded, in words."""
        return "validation loss" if self.criterion == "loss" else "drop in validation quality"

    def _search(self, subject: Subject, context: Context, masks: Callable[[float], dict[str, Tensor]]) -> Search:
        """The search over a value that `masks` are made of; a value that empties a layer is refused."""
        weights = prunable_weights(subject.module)
        own = {name: weight.detach().clone() for name, weight in weights.items()}
        reference = context.quality(subject.module) if self.criterion == "drop" else 0.0

        @torch.no_grad()
        def measure(value: float) -> float | None:
            found = masks(value)
            if not all(mask.any() for mask in found.values()):
                return None
            for name, mask in found.items():
                weights[name].mul_(mask)
            try:
                if self.criterion == "loss":
                    return context.validate(subject.module)["loss"]
                return reference - context.quality(subject.module)
            finally:
                for name, weight in own.items():
                    weights[name].copy_(weight)

        return Search(measure, self.bound, self.budget)
