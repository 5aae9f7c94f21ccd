"""Threshold pruning."""

from worker.components.pruners._masking import Masking, apply_masks
from worker.contracts.component import hyperparameter
from worker.contracts.context import Context
from worker.contracts.subject import Subject


class Threshold(Masking):
    """Sets every weight that is smaller than a threshold to zero and holds it there.

    The weights decide how many are removed: after training with an L1 penalty many lie next to zero,
    without one hardly any.
    """

    formula = "mᵢ = 0 where |θᵢ| < ε, else 1"
    reference = "Han, Pool, Tran, Dally: Learning both Weights and Connections (2015), arXiv:1506.02626"
    needs = ("float",)

    threshold: float = hyperparameter(0.01, ge=0, le=1e6, description="ε: weights whose magnitude is less go.")

    def prune(self, subject: Subject, context: Context) -> Subject:
        scores = self.magnitudes(subject)
        return apply_masks(subject, {name: score >= self.threshold for name, score in scores.items()}, self._refusal)

    def label(self) -> str:
        return f"threshold {self.threshold:g}"

    def _refusal(self, name: str) -> str:
        return f"threshold pruning at {self.threshold:g} leaves no weight of `{name}`; lower the threshold"
