"""Binary cross-entropy."""

from torch import Tensor
from torch.nn import functional

from worker.contracts.families.losses import Loss, shares


class BCE(Loss):
    """Decides for each class alone whether it is present: one against the rest, with a sigmoid instead of a softmax.

    Summed over the classes, so that its gradient is of the size of `cross_entropy`'s.
    """

    formula = "J = −Σₖ [yₖ log σ(zₖ) + (1 − yₖ) log(1 − σ(zₖ))]"
    reference = "Bishop: Pattern Recognition and Machine Learning, section 4.3.2 (2006)"
    needs = ("classes",)
    head = "sigmoid"

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        classes = outputs.shape[-1]
        return functional.binary_cross_entropy_with_logits(outputs, shares(outputs, targets)) * classes
