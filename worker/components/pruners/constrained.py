"""Constrained pruning."""

from worker.components.pruners._masking import apply_masks
from worker.components.pruners._searching import Searched
from worker.contracts.component import hyperparameter
from worker.contracts.context import Context
from worker.contracts.masks import Scope, lowest
from worker.contracts.subject import Subject

MOST = 0.999  # the share that may be gone at most


class Constrained(Searched):
    """Finds the sparsest model that still meets a bound on the validation split.

    The smallest weights go, and the share that goes is searched: evenly spaced shares from the highest down until one
    meets the bound, then between those and beyond, where the bound is most likely met. Each is tried on the weights as they
    came, without recovery. The validation split has then been used to choose: the test split tells how good the
    model is. An accuracy counts samples: on a small split few of them decide, and a bound on the loss is steadier.
    """

    formula = "max s  subject to  J(m_s ⊙ θ) ≤ ε"
    reference = "Carreira-Perpiñán, Idelbayev: Learning-Compression Algorithms for Neural Net Pruning (2018), CVPR"
    needs = ("float",)

    scope: Scope = hyperparameter(
        "global",
        description="Scope of the comparison: weights compete over all layers, or each layer loses the same share.",
    )
    floor: float = hyperparameter(
        0.75,
        ge=0,
        le=1,
        description="Global scope: least part that a layer keeps of what it would keep in local scope.",
    )

    def prune(self, subject: Subject, context: Context) -> Subject:
        scores = self.magnitudes(subject)
        search = self._search(subject, context, lambda share: lowest(scores, share, self.scope, self.floor))
        sparsity = search.furthest(0.0, MOST)
        context.show("search", search.body("sparsity", self.measured, sparsity))
        if sparsity is None:
            raise ValueError(
                f"Even the incoming model has a {self.measured} of {search.tried[0]['measured']:.4g}, more than the "
                f"bound of {self.bound:g}: raise the bound, or train for longer"
            )
        context.log(
            f"The sparsest model within a {self.measured} of {self.bound:g} has {sparsity:.1%} of its weights removed, "
            f"found in {len(search.tried)} evaluations."
        )
        return apply_masks(
            subject, lowest(scores, sparsity, self.scope, self.floor), lambda name: f"`{name}` was emptied"
        )

    def label(self) -> str:
        return f"constrained, {self.criterion} ≤ {self.bound:g}"
