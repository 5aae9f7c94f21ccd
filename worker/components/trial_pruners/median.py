"""Median rule."""

from typing import TYPE_CHECKING

from worker.contracts.component import hyperparameter
from worker.contracts.families.trial_pruners import TrialPruner

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


class Median(TrialPruner):
    """Ends a trial whose best value so far is worse than the median of the others at the same epoch."""

    formula = "end at epoch t if best(y₁…y_t) is worse than median over finished trials of y_t"
    reference = "Golovin et al.: Google Vizier (2017), section 3.2"

    startup: int = hyperparameter(
        5, ge=0, le=1000, unit="trials", description="Trials that have to finish before it begins."
    )
    warmup: int = hyperparameter(1, ge=0, le=100_000, unit="epochs", description="Epochs that every trial may take.")

    def build(self) -> "BasePruner":
        from optuna.pruners import MedianPruner

        return MedianPruner(n_startup_trials=self.startup, n_warmup_steps=self.warmup)
