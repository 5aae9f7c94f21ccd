"""Asynchronous successive halving."""

from typing import TYPE_CHECKING

from worker.contracts.component import hyperparameter
from worker.contracts.families.trial_pruners import TrialPruner

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


class Asha(TrialPruner):
    """Few epochs for all, more for the best: at each rung only the best share goes on, without waiting for the others."""

    formula = "at epochs r, rη, rη², …: go on if among the best 1/η of those that have come so far"
    reference = "Li et al.: A system for massively parallel hyperparameter tuning (2020), arXiv:1810.05934"

    first: int = hyperparameter(
        1, ge=1, le=100_000, unit="epochs", description="The first rung r: epochs that every trial may take."
    )
    factor: int = hyperparameter(
        3, ge=2, le=100, description="η: of how many one goes on, and how much further the next rung is."
    )

    def build(self) -> "BasePruner":
        from optuna.pruners import SuccessiveHalvingPruner

        return SuccessiveHalvingPruner(min_resource=self.first, reduction_factor=self.factor)
