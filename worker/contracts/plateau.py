"""Detects plateaus of a validation loss: a pure function of its history."""

import math
from collections.abc import Sequence


def plateaus(history: Sequence[float], patience: int, min_delta: float) -> int:
    """Number of times that `patience` epochs in a row brought no improvement; after each plateau the count restarts.

    `history` are the validation losses of the epochs so far. An improvement falls below the lowest loss by more than
    `min_delta`; a loss that is not a number never is one.
    """
    lowest, waited, found = math.inf, 0, 0
    for loss in history:
        if loss < lowest - min_delta:
            lowest, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            found, waited = found + 1, 0
    return found
