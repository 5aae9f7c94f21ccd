"""Cross-entropy."""

from torch import Tensor
from torch.nn import functional

from worker.contracts.families.losses import Loss


class CrossEntropy(Loss):
    """The negative log likelihood of the true class under the softmax of the outputs."""

    formula = "J = −log softmax(z)_y"
    reference = "Bishop: Pattern Recognition and Machine Learning, section 4.3.4 (2006)"
    needs = ("classes",)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        if outputs.ndim == 3:
            outputs, targets = outputs.flatten(0, 1), targets.flatten()
        return functional.cross_entropy(outputs, targets)
