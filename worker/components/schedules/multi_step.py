"""Decay at chosen moments."""

from typing import Annotated

from pydantic import Field

from worker.contracts.component import hyperparameter
from worker.contracts.families.schedules import Schedule

Share = Annotated[float, Field(gt=0, le=1)]


class MultiStep(Schedule):
    """Multiplies the rate by the same factor at each of the chosen moments, given as shares of the stage.

    `milestones: [0.5, 0.75]` drops it halfway and after three quarters of the steps. Their order plays no part.
    """

    formula = "α(t) = α₀ · γ^#{m : mT ≤ t}"
    reference = "He et al.: Deep Residual Learning for Image Recognition, section 4.2 (2016), arXiv:1512.03385"

    gamma: float = hyperparameter(0.1, gt=0, le=1, description="Factor γ of each drop.")
    milestones: list[Share] = hyperparameter(
        [0.5, 0.75], max_length=32, description="Moments m of the drops, as shares."
    )

    def factor(self, step: int, total: int) -> float:
        passed = step / total + 1e-9  # a milestone that rounding put a hair behind its step still counts
        return self.gamma ** sum(milestone <= passed for milestone in self.milestones)
