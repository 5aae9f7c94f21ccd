"""A component with a bug in native code."""

import os
import signal
from collections.abc import Sequence

from torch import Tensor

from worker.contracts.families.regularizers import Regularizer


class Crash(Regularizer):
    """Ends the process as a segmentation fault does."""

    formula = "Ω = *0"
    reference = "This test."

    def penalty(self, parameters: Sequence[Tensor]) -> Tensor:
        os.kill(os.getpid(), signal.SIGSEGV)
        return parameters[0].sum()

    def add_gradients(self, parameters: Sequence[Tensor]) -> None:
        self.penalty(parameters)
