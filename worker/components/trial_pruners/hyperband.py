"""Hyperband."""

from typing import TYPE_CHECKING

from worker.contracts.component import hyperparameter
from worker.contracts.families.trial_pruners import TrialPruner

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


class Hyperband(TrialPruner):
    """Successive halving with several first rungs at once, for when early epochs may say little."""

    formula = "brackets s = 0 … ⌊log_η(R/r)⌋, each with its first rung at rηˢ"
    reference = "Li et al.: Hyperband (2018), arXiv:1603.06560"

    first: int = hyperparameter(
        1, ge=1, le=100_000, unit="epochs", description="The first rung r of the boldest bracket."
    )
    last: int = hyperparameter(
        27, ge=1, le=100_000, unit="epochs", description="R: epochs of a trial that runs to its end."
    )
    factor: int = hyperparameter(
        3, ge=2, le=100, description="η: of how many one goes on, and how much further the next rung is."
    )

    def build(self) -> "BasePruner":
        from optuna.pruners import HyperbandPruner

        last = max(self.last, self.first)
        return HyperbandPruner(min_resource=self.first, max_resource=last, reduction_factor=self.factor)
