"""Neuron pruning."""

from worker.components.pruners._dependencies import Following, Group


class Neurons(Following):
    """Removes hidden neurons of linear layers: rows of one matrix and columns of the next; convolutions stay whole.

    In a transformer these are the neurons of the feed-forward layers. Each layer keeps at least one, and the output
    layer keeps its classes. Masks of an earlier stage are cut to the new shapes. The measures are those of channel
    pruning.
    """

    formula = "I(j) = mean of ‖W₁[j, :]‖ₚᵖ and ‖W₂[:, j]‖ₚᵖ, relative to its mean; the lowest ⌊r·n⌉ go"
    reference = "Fang et al.: DepGraph: Towards Any Structural Pruning (2023), arXiv:2301.12900"
    needs = ("neurons", "float")
    part, layer = "neuron", "linear"

    def takes(self, group: Group) -> bool:
        return not group.convolutional
