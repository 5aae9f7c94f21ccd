"""Linear decay."""

from worker.contracts.component import hyperparameter
from worker.contracts.families.schedules import Schedule


class Linear(Schedule):
    """Falls by the same amount with every step, down to a floor at the end of the stage."""

    formula = "α(t) = α₀ · (f + (1 − f) · (1 − t/T))"
    reference = "Defazio et al.: Optimal Linear Decay Learning Rate Schedules (2023), arXiv:2310.07831"

    floor: float = hyperparameter(0.0, ge=0, le=1, description="Share f of the base rate that is left at the end.")

    def factor(self, step: int, total: int) -> float:
        return self.floor + (1 - self.floor) * (1 - step / total)
