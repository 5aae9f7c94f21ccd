"""Polynomial decay."""

import math

from worker.contracts.component import hyperparameter
from worker.contracts.families.schedules import Schedule


class Polynomial(Schedule):
    """Falls along a power of what is left of the stage: above 1 fast at first, below 1 fast at the end."""

    formula = "α(t) = α₀ · (f + (1 − f) · (1 − t/T)ᵖ)"
    reference = "Chen et al.: DeepLab, section 4.1.2 (2017), arXiv:1606.00915"

    power: float = hyperparameter(2.0, gt=0, le=10, description="Power p; 1 is a linear decay.")
    floor: float = hyperparameter(0.0, ge=0, le=1, description="Share f of the base rate that is left at the end.")

    def factor(self, step: int, total: int) -> float:
        return self.floor + (1 - self.floor) * math.pow(1 - step / total, self.power)
