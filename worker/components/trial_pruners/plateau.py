"""Plateau rule."""

from typing import TYPE_CHECKING

from worker.contracts.component import hyperparameter
from worker.contracts.families.trial_pruners import TrialPruner

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


class Plateau(TrialPruner):
    """Ends a trial that has not got better for some epochs, whatever the others do."""

    formula = "end at epoch t if best(y_{t−p}…y_t) is no better than best(y₁…y_{t−p−1}) by δ"
    reference = "Prechelt: Early stopping – but when? (1998)"

    patience: int = hyperparameter(3, ge=1, le=100_000, unit="epochs", description="p: epochs without getting better.")
    threshold: float = hyperparameter(0.0, ge=0, le=1e6, description="δ: what counts as better.")

    def build(self) -> "BasePruner":
        from optuna.pruners import PatientPruner

        return PatientPruner(None, patience=self.patience, min_delta=self.threshold)
