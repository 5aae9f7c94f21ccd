"""Mean squared error."""

from torch import Tensor
from torch.nn import functional

from worker.contracts.families.losses import Loss


class MSE(Loss):
    """The squared distance of each number from its target; large errors weigh most."""

    formula = "J = mean (z − y)²"
    reference = "Bishop: Pattern Recognition and Machine Learning, section 3.1.1 (2006)"
    needs = ("numbers",)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return functional.mse_loss(outputs, targets)
