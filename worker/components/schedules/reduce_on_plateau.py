"""Reduction on a plateau."""

from collections.abc import Sequence

from worker.contracts.component import hyperparameter
from worker.contracts.families.schedules import Schedule
from worker.contracts.plateau import plateaus


class ReduceOnPlateau(Schedule):
    """Lowers the rate whenever the validation loss has stopped falling; until then it stays as it is."""

    formula = "α(t) = α₀ · max(f, γⁿ), n plateaus so far"
    reference = "He et al.: Deep Residual Learning for Image Recognition, section 3.4 (2016), arXiv:1512.03385"

    gamma: float = hyperparameter(0.1, gt=0, le=1, description="Factor γ of each reduction.")
    patience: int = hyperparameter(
        3, ge=1, le=1000, unit="epochs", description="Epochs in a row without improvement that lower the rate."
    )
    min_delta: float = hyperparameter(
        1e-4,
        ge=0,
        le=1e6,
        description="Least fall of the loss below its lowest value so far that counts as an improvement.",
    )
    floor: float = hyperparameter(0.0, ge=0, le=1, description="Share f of the base rate that is always left.")

    def factor(self, step: int, total: int) -> float:
        return 1.0

    def damping(self, history: Sequence[float]) -> float:
        return max(self.floor, self.gamma ** plateaus(history, self.patience, self.min_delta))
