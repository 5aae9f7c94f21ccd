"""No pruning."""

from typing import TYPE_CHECKING

from worker.contracts.families.trial_pruners import TrialPruner

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


class NoPruner(TrialPruner):
    """Every trial runs to its end."""

    formula = "keep"
    reference = "Optuna manual: NopPruner"
    facts = {}

    def build(self) -> "BasePruner":
        from optuna.pruners import NopPruner

        return NopPruner()
