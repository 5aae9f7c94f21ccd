"""Step decay."""

from worker.contracts.component import hyperparameter
from worker.contracts.families.schedules import Schedule


class Step(Schedule):
    """Multiplies the rate by the same factor at even distances, given as shares of the stage.

    `every: 0.4` drops it after 40 % and after 80 % of the steps, however long the stage is.
    """

    formula = "α(t) = α₀ · γ^⌊t / (nT)⌋"
    reference = "He et al.: Deep Residual Learning for Image Recognition, section 3.4 (2016), arXiv:1512.03385"

    gamma: float = hyperparameter(0.1, gt=0, le=1, description="Factor γ of each drop.")
    every: float = hyperparameter(0.4, gt=0, le=1, description="Distance n between drops, as a share of the stage.")

    def factor(self, step: int, total: int) -> float:
        drops = int(step / total / self.every + 1e-9)  # 0.3 / 0.1 is a hair less than 3
        return self.gamma**drops
