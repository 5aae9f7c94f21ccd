"""One cycle."""

import math

from worker.contracts.component import hyperparameter
from worker.contracts.families.schedules import Schedule


class OneCycle(Schedule):
    """One rise to the base rate, then one long fall far below where it began, both along half a cosine.

    The base rate is the highest of the cycle, and may be several times what a constant schedule could bear. Momentum
    keeps its value.
    """

    formula = "α: α₀/d → α₀ until t = pT, then α₀ → α₀/(dD), each along ½(1 − cos π·progress)"
    reference = "Smith, Topin: Super-Convergence (2018), arXiv:1708.07120"

    peak: float = hyperparameter(0.3, ge=0, le=1, description="Share p of the stage after which the rate is highest.")
    start_divisor: float = hyperparameter(
        25.0, ge=1, le=1e6, description="Divisor d: the rate starts at the peak divided by d."
    )
    end_divisor: float = hyperparameter(
        1e4, ge=1, le=1e9, description="Divisor D: the rate ends at its start divided by D."
    )

    def factor(self, step: int, total: int) -> float:
        top, first = self.peak * total, 1 / self.start_divisor
        if step < top:
            return _between(first, 1.0, step / top)
        return _between(1.0, first / self.end_divisor, (step - top) / (total - top) if total > top else 0.0)


def _between(begin: float, end: float, progress: float) -> float:
    return end + (begin - end) * (1 + math.cos(math.pi * progress)) / 2
