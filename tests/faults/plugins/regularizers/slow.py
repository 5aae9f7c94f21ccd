"""A component that an operator might drop in: it only takes time."""

import time
from collections.abc import Sequence

from torch import Tensor

from worker.contracts.component import hyperparameter
from worker.contracts.families.regularizers import Regularizer


class Slow(Regularizer):
    """Waits in every step and changes nothing."""

    formula = "Ω = 0"
    reference = "This test."

    milliseconds: float = hyperparameter(5.0, ge=0, le=60_000, description="Wait in each step, milliseconds.")

    def penalty(self, parameters: Sequence[Tensor]) -> Tensor:
        return 0.0 * parameters[0].sum()

    def add_gradients(self, parameters: Sequence[Tensor]) -> None:
        time.sleep(self.milliseconds / 1000)
