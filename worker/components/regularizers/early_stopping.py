"""Early stopping."""

from collections.abc import Sequence

from worker.contracts.component import hyperparameter
from worker.contracts.families.regularizers import Regularizer
from worker.contracts.plateau import plateaus


class EarlyStopping(Regularizer):
    """Ends the training once the validation loss has stopped falling, and goes back to the best epoch's weights."""

    formula = "end after epoch e when Jᵥ(i) ≥ min Jᵥ − δ for the last n epochs i"
    reference = "Prechelt: Early Stopping – But When? (1998)"

    patience: int = hyperparameter(
        5, ge=1, le=1000, unit="epochs", description="Epochs n in a row without improvement that end the training."
    )
    min_delta: float = hyperparameter(
        0.0,
        ge=0,
        le=1e6,
        description="Least fall δ of the loss below its lowest value so far that counts as an improvement.",
    )
    keep_best: bool = hyperparameter(
        True, description="Leave the weights of the epoch with the lowest validation loss."
    )

    def ends(self, history: Sequence[float]) -> bool:
        return plateaus(history, self.patience, self.min_delta) > 0

    @property
    def keeps_best(self) -> bool:
        return self.keep_best
