"""Exponential decay."""

from worker.contracts.component import hyperparameter
from worker.contracts.families.schedules import Schedule


class Exponential(Schedule):
    """Multiplies the rate by the same factor after every step: it halves at even distances.

    t counts steps, not epochs: an epoch of n steps multiplies the rate by γⁿ. With γ = 0.999 the rate halves every 693
    steps; to decay by γₑ an epoch, choose γ = γₑ^(1/n). The length of the stage plays no part.
    """

    formula = "α(t) = α₀ · γᵗ"
    reference = "Li, Arora: An Exponential Learning Rate Schedule for Deep Learning (2020), arXiv:1910.07454"

    gamma: float = hyperparameter(0.999, gt=0, le=1, description="Factor γ of each step.")

    def factor(self, step: int, total: int) -> float:
        return self.gamma**step
