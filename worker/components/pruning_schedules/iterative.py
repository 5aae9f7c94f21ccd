"""Iterative pruning."""

from collections.abc import Sequence

from worker.contracts.component import hyperparameter
from worker.contracts.families.pruning_schedules import PruningSchedule


class Iterative(PruningSchedule):
    """Prunes in rounds, each followed by the recovery: the remaining weights adapt before more are removed.

    Each round takes the same share of what the one before left. It reaches higher sparsity than one shot at the same
    accuracy, and takes as many recoveries as there are rounds.
    """

    formula = "sᵢ = 1 − (1 − s)^(i/n), i = 1 … n"
    reference = "Han et al.: Learning both Weights and Connections (2015), arXiv:1506.02626; Frankle, Carbin: The Lottery Ticket Hypothesis (2019), arXiv:1803.03635"  # fmt: skip

    rounds: int = hyperparameter(3, ge=2, le=30, unit="rounds", description="Rounds n of pruning and recovery.")

    def shares(self, share: float) -> Sequence[float]:
        earlier = [1 - (1 - share) ** (number / self.rounds) for number in range(1, self.rounds)]
        return [*earlier, share]
