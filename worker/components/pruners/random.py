"""Random pruning."""

import torch

from worker.components.pruners._masking import Scored
from worker.contracts.context import Context
from worker.contracts.masks import Scores, prunable_weights
from worker.contracts.subject import Subject


class Random(Scored):
    """Removes weights at random: the baseline that every other method must beat.

    The choice depends on the run's seed and the stage alone: a higher sparsity removes the weights of a lower one, and
    more.
    """

    formula = "mᵢ = 0 for the ⌊s·n⌉ smallest uᵢ, uᵢ ~ U[0, 1)"
    reference = "Liu et al.: The Unreasonable Effectiveness of Random Pruning (2022), arXiv:2202.02643"
    needs = ("float",)

    def scores(self, subject: Subject, context: Context) -> Scores:
        generator = context.generator("prune")
        return {
            name: torch.rand(weight.shape, generator=generator).to(weight.device)
            for name, weight in prunable_weights(subject.module).items()
        }
