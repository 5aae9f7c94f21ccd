"""Magnitude pruning."""

from worker.components.pruners._masking import Scored
from worker.contracts.context import Context
from worker.contracts.masks import Scores, prunable_weights
from worker.contracts.subject import Subject


class Magnitude(Scored):
    """Sets the smallest weights to zero and holds them there; tensors keep their shapes.

    `sparsity` is the share of all weights of matrices and filters that are zero afterwards, those masked by an
    earlier stage included; biases and normalization are left alone. Of equal magnitudes the earlier ones go first,
    so the count is exact. In global scope a layer whose weights are small as a whole keeps at least its `floor`,
    because a network with an empty layer computes nothing. The file only gets smaller when it is compressed, and no dense kernel gets faster:
    remove channels for that.
    """

    formula = "mᵢ = 0 for the ⌊s·n⌉ smallest |θᵢ|, else 1"
    reference = "Han, Pool, Tran, Dally: Learning both Weights and Connections (2015), arXiv:1506.02626"
    needs = ("float",)

    def scores(self, subject: Subject, context: Context) -> Scores:
        return {name: weight.detach().abs() for name, weight in prunable_weights(subject.module).items()}
