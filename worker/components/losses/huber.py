"""Huber loss."""

from torch import Tensor
from torch.nn import functional

from worker.contracts.component import hyperparameter
from worker.contracts.families.losses import Loss


class Huber(Loss):
    """Squares small errors and takes the absolute value of large ones: outliers pull with limited strength."""

    formula = "J = mean of ½e² where |e| ≤ δ, else δ(|e| − ½δ); e = z − y"
    reference = "Huber: Robust Estimation of a Location Parameter (1964)"
    needs = ("numbers",)

    delta: float = hyperparameter(
        1.0, gt=0, le=1e6, description="Error δ from which on the loss is straight, in standardized targets."
    )

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return functional.huber_loss(outputs, targets, delta=self.delta)
