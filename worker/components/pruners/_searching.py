"""Pruners that try masks until a bound is met."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from worker.components.pruners._masking import Masking
from worker.compression.bounded_search import Search
from worker.contracts.component import hyperparameter
from worker.contracts.context import Context
from worker.contracts.masks import prunable_weights
from worker.contracts.subject import Subject


class Searched(Masking):
    """Tries masks on the validation split until one is as far as the bound allows."""

    criterion: Literal["loss", "drop"] = hyperparameter(
        "drop",
        description="Bounded quantity: the validation loss itself, or the fall of the validation accuracy (R² for numbers) "
        "below that of the incoming model.",
    )
    bound: float = hyperparameter(0.02, ge=0, le=1e6, description="Its upper bound: ε for the loss, d for the fall.")
    budget: int = hyperparameter(
        24, ge=3, le=200, unit="evaluations", description="Passes over the validation split that the search may take."
    )

    @property
    def measured(self) -> str:
        """Name of the bounded measure."""
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
