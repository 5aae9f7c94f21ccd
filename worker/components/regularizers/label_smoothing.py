"""Label smoothing."""

from torch import Tensor
from torch.nn import functional

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.regularizers import Regularizer


class LabelSmoothing(Regularizer):
    """Moves a share of each target from its class to all classes alike: no output needs to grow without limit.

    Together with `cross_entropy` the loss is exactly the cross-entropy against the smoothed targets. The reported loss
    leaves it out, so that it compares with the validation loss.
    """

    formula = "Ω = ε (1/K Σₖ ℓₖ − Σₖ yₖ ℓₖ), ℓₖ = −log softmax(z)ₖ: targets become (1 − ε) y + ε/K"
    reference = "Szegedy et al.: Rethinking the Inception Architecture, section 7 (2016), arXiv:1512.00567"
    needs = ("classes",)

    smoothing: float = hyperparameter(
        0.1, ge=0, le=1, marks=Mark.LIVE, description="Share ε of each target that all classes share."
    )

    def output_penalty(self, outputs: Tensor, targets: Tensor) -> Tensor:
        costs = -functional.log_softmax(outputs, dim=-1)
        if targets.is_floating_point():
            true = (targets * costs).sum(-1)
        else:
            true = costs.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
        return self.smoothing * (costs.mean(-1) - true).mean()
