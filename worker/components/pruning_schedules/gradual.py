"""Gradual pruning."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from worker.contracts.component import hyperparameter
from worker.contracts.families.pruning_schedules import PruningSchedule


class Gradual(PruningSchedule):
    """Masks more and more weights while the model trains: fast at first, when many are dispensable, slower and slower later.

    It starts from the existing masks, and the masks grow during the recovery; the rest of the recovery then trains with
    the final masks. An epoch before the masks are whole does not count as the best one.
    """

    formula = "s_t = s_f + (s_i − s_f)(1 − (t − t₀)/(n Δt))³, renewed every Δt steps"
    reference = "Zhu, Gupta: To prune, or not to prune (2017), arXiv:1710.01878"
    grows: ClassVar[bool] = True
    try_with: ClassVar[Mapping[str, Any]] = {"recover": {}}

    every: int = hyperparameter(
        20, ge=1, le=1_000_000, unit="steps", description="Steps Δt from one renewal of the masks to the next."
    )
    share: float = hyperparameter(
        0.7, gt=0, le=1, description="Share of the training's steps after which all that is to go is gone."
    )

    def grow(self, first: float, last: float, done: int, total: int) -> float | None:
        end = max(1, math.ceil(self.share * total))
        if done >= end:
            return last
        if done % self.every:
            return None
        return last + (first - last) * (1 - done / end) ** 3
