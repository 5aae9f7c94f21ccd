"""Warm-up, stable rate, decay."""

import math
from typing import Literal

from worker.contracts.component import hyperparameter
from worker.contracts.families.schedules import Schedule


class WarmupStableDecay(Schedule):
    """A short rise, a long plateau at the base rate, and a fast decay in the last part of the stage.

    As the plateau does not depend on the stage's length, it can be prolonged from any of its checkpoints. `warmup` is
    a share of the stage; `warmup_steps` come before it. Where rise and decay overlap, the lower of both holds.
    """

    formula = "α(t) = α₀ · min(1, (t + 1)/(wT), f + (1 − f) · s((1 − t/T)/d)), s(x) = x, 1 − √(1 − x) or ½(1 − cos πx)"
    reference = "Hu et al.: MiniCPM, section 4 (2024), arXiv:2404.06395"

    warmup: float = hyperparameter(0.05, ge=0, le=1, description="Share w of the stage in which the rate rises.")
    decay: float = hyperparameter(
        0.2, ge=0, le=1, description="Share d of the stage in which the rate falls at the end."
    )
    shape: Literal["linear", "sqrt", "cosine"] = hyperparameter(
        "linear", description="Along which curve s the rate falls."
    )
    floor: float = hyperparameter(0.0, ge=0, le=1, description="Share f of the base rate that is left at the end.")

    def factor(self, step: int, total: int) -> float:
        rise = (step + 1) / max(self.warmup * total, 1.0)
        return min(1.0, rise, self._fall(1 - step / total))

    def _fall(self, left: float) -> float:
        """The decay's factor when a share `left` of the stage is still to come."""
        if left >= self.decay:
            return 1.0
        x = left / self.decay
        curves = {"linear": x, "sqrt": 1 - math.sqrt(1 - x), "cosine": (1 - math.cos(math.pi * x)) / 2}
        return self.floor + (1 - self.floor) * curves[self.shape]
