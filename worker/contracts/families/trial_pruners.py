"""Pruners of trials: they end trials of a study early."""

from abc import abstractmethod
from typing import TYPE_CHECKING

from worker.contracts.component import Component

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


class TrialPruner(Component, family="trial_pruners", default="none"):
    """Ends trials of a study early; decides after each validation.

    Published `facts`: `live`, whether it needs an objective that is known while a run trains.
    """

    facts = {"live": True}

    @abstractmethod
    def build(self) -> "BasePruner":
        """Optuna's pruner; its steps are looks at the validation split, which come after each epoch."""
