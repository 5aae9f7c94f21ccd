"""Cosine decay."""

import math

from worker.contracts.component import hyperparameter
from worker.contracts.families.schedules import Schedule


class Cosine(Schedule):
    """Falls along half a cosine: slowly at first, fastest in the middle, slowly at the end."""

    formula = "α(t) = α₀ · (f + (1 − f) · ½(1 + cos(πt/T)))"
    reference = "Loshchilov, Hutter: SGDR (2017), arXiv:1608.03983"

    floor: float = hyperparameter(0.0, ge=0, le=1, description="Share f of the base rate that is left at the end.")

    def factor(self, step: int, total: int) -> float:
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * step / total)) / 2
