"""Stochastic weight averaging."""

from typing import ClassVar

from worker.contracts.component import hyperparameter
from worker.contracts.families.averages import Average


class SWA(Average):
    """The plain mean of steps from the last part of a stage: ends in the middle of a flat valley, not at its edge.

    Works best with a rate that stays high to the end (`constant`, `cyclic`). Batch normalization's statistics are
    taken again over the training split, since those of the single models do not fit their mean.
    """

    formula = "θ̄ ← θ̄ + (θ − θ̄) / (n + 1), every k steps from share s of the stage on"
    reference = (
        "Izmailov et al.: Averaging Weights Leads to Wider Optima and Better Generalization (2018), arXiv:1803.05407"
    )
    recalibrates: ClassVar[bool] = True

    start: float = hyperparameter(0.75, ge=0, lt=1, description="Share s of the stage after which averaging begins.")
    every: int = hyperparameter(
        10, ge=1, le=100_000, unit="steps", description="Distance k between two steps that count."
    )

    def share(self, step: int, total: int, taken: int) -> float:
        begin = int(self.start * total)
        return 1 / (taken + 1) if step > begin and (total - step) % self.every == 0 else 0.0
