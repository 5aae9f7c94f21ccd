"""Taylor pruning."""

from worker.components.pruners._masking import Scored
from worker.compression.importance import sensitivities
from worker.contracts.component import hyperparameter
from worker.contracts.context import Context
from worker.contracts.masks import Scores
from worker.contracts.subject import Subject


class Taylor(Scored):
    """Removes the weights whose absence changes the loss least, as its gradient predicts.

    To first order the loss changes by −θᵢ·∂J/∂θᵢ when θᵢ becomes zero. The gradient is taken on a few batches of the
    training split, in evaluation mode. Where training has gone on until the gradient vanishes it says little: magnitude does
    better there.
    """

    formula = "Iᵢ = 1/B Σ_b |θᵢ · ∂J_b/∂θᵢ|; mᵢ = 0 for the ⌊s·n⌉ smallest"
    reference = "Molchanov et al.: Pruning CNNs for Resource Efficient Inference (2016), arXiv:1611.06440; Importance Estimation for Neural Network Pruning (2019), arXiv:1906.10771"  # fmt: skip
    needs = ("float",)

    batches: int = hyperparameter(
        16,
        ge=1,
        le=10_000,
        unit="batches",
        description="Batches B of 128 training samples that the gradient is taken on.",
    )

    def scores(self, subject: Subject, context: Context) -> Scores:
        summed: Scores = {}
        for found in sensitivities(subject, context, self.batches):
            summed = {name: part.abs() + summed.get(name, 0.0) for name, part in found.items()}
        return summed
