"""Triangular cycles."""

from typing import Literal

from worker.contracts.component import hyperparameter
from worker.contracts.families.schedules import Schedule


class Cyclic(Schedule):
    """Rises and falls along straight lines, several times: high rates escape sharp minima, low ones converge.

    `triangular` reaches the base rate in every cycle; with `triangular2` each rise is half as high as the one before.
    """

    formula = "α(t) = α₀ · (f + (1 − f) · h · (1 − |2x − 1|)), x = ct/T − k in cycle k; h = 1 or 2⁻ᵏ"
    reference = "Smith: Cyclical Learning Rates for Training Neural Networks (2017), arXiv:1506.01186"

    shape: Literal["triangular", "triangular2"] = hyperparameter(
        "triangular", description="Height of the peaks: constant, or halved in each cycle."
    )
    cycles: int = hyperparameter(4, ge=1, le=1000, unit="cycles", description="Cycles c in the stage.")
    floor: float = hyperparameter(0.25, ge=0, le=1, description="Share f of the base rate between two cycles.")

    def factor(self, step: int, total: int) -> float:
        cycle, within = divmod(step * self.cycles, total)  # whole numbers: no cycle begins late by rounding
        height = 2.0**-cycle if self.shape == "triangular2" else 1.0
        return self.floor + (1 - self.floor) * height * (1 - abs(2 * within / total - 1))
