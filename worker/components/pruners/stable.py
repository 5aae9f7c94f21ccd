"""Stable pruning."""

import torch
from torch import Tensor

from worker.components.pruners._masking import apply_masks
from worker.components.pruners._searching import Searched
from worker.contracts.component import hyperparameter
from worker.contracts.context import Context
from worker.contracts.masks import lowest
from worker.contracts.subject import Subject


class Stable(Searched):
    """Keeps the largest norm of weights with which the model still meets a bound, at a given sparsity.

    Of all masks with the same number of weights the one that lets all layers compete keeps the largest norm, and it may starve
    a layer. A floor, the least part that each layer keeps of its even share, costs norm and buys stability: the
    lowest floor that meets the bound is searched, each on the weights as they came, without recovery.
    """

    formula = "max ‖m ⊙ θ‖₂  subject to  J(m ⊙ θ) ≤ ε, ‖m‖₀ = (1 − s) n"
    reference = "Lee et al.: Layer-adaptive Sparsity for the Magnitude-based Pruning (2021), arXiv:2010.07611"
    needs = ("float",)

    share_field = "sparsity"

    sparsity: float = hyperparameter(0.5, ge=0, lt=1, description="Share of the weights that are zero afterwards.")

    def prune(self, subject: Subject, context: Context) -> Subject:
        weights, scores = self.prunable(subject.module), self.magnitudes(subject)

        def at(floor: float) -> dict[str, Tensor]:
            return lowest(scores, self.sparsity, "global", floor)

        search = self._search(subject, context, at)
        floor = search.furthest(1.0, 0.0)
        context.show("search", search.body("floor", self.measured, floor))
        if floor is None:
            raise ValueError(self._unmet(search.tried))
        masks = at(floor)
        context.log(
            f"The lowest floor within a {self.measured} of {self.bound:g} is {floor:.3g}, found in {len(search.tried)} "
            f"evaluations: {_norm(weights, masks) / _norm(weights, at(0.0)):.2%} of the norm that remains without a floor."
        )
        return apply_masks(subject, masks, lambda name: f"`{name}` was emptied")

    def label(self) -> str:
        return f"stable {100 * self.sparsity:.4g} %"

    def _unmet(self, tried: list[dict[str, float]]) -> str:
        if not tried:
            return f"At sparsity {self.sparsity:g} no weight of the smallest layer is left: lower the sparsity"
        return (
            f"At sparsity {self.sparsity:g} even equal shares of all layers have a {self.measured} of "
            f"{tried[0]['measured']:.4g}, more than the bound of {self.bound:g}: lower the sparsity or raise the bound"
        )


def _norm(weights: dict[str, Tensor], masks: dict[str, Tensor]) -> float:
    return float(torch.stack([(weight.detach() * masks[name]).norm() for name, weight in weights.items()]).norm())
