"""Exponential moving average."""

from worker.contracts.component import hyperparameter
from worker.contracts.families.averages import Average


class EMA(Average):
    """A mean in which older steps fade: removes the noise of the last steps at no cost in training.

    The decay is lower at first, so that the random weights of the beginning are soon forgotten. It is the mean that is
    evaluated after each epoch.
    """

    formula = "θ̄ ← dθ̄ + (1 − d)θ, d = min(decay, (1 + n) / (10 + n)) at the n-th step"
    reference = "Polyak, Juditsky: Acceleration of Stochastic Approximation by Averaging (1992)"

    decay: float = hyperparameter(0.99, ge=0, lt=1, description="Share d of the mean that each step keeps.")

    def share(self, step: int, total: int, taken: int) -> float:
        return 1 - min(self.decay, (1 + taken) / (10 + taken))
