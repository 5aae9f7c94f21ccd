"""Channel pruning."""

from worker.components.pruners._dependencies import Following, Group


class Channels(Following):
    """Removes whole channels and neurons: tensors shrink, so files get smaller and there is less to compute.

    Channels that depend on each other (through a sum, a normalization, the next layer's inputs) go together; the
    output layer keeps its classes, and each layer keeps at least one channel. So do layers that a model says must keep
    their width (`keeps`): a residual network without projections is thinned inside its blocks, a transformer in its
    feed-forward layers. Masks of an earlier stage are cut to the new shapes. Removing half of the channels of each
    layer leaves about a quarter of the work.

    `l1` and `l2` are relative to the layer's mean, so that layers can compete; `taylor` (Molchanov et al. 2019) is the
    first-order change of the loss, over 16 batches of the training split, summed over all that is coupled; `bn_scale`
    is the scale |γ| of the channel's batch normalization (Liu et al. 2017), which an L1 penalty in training makes telling.
    ONNX Runtime's fast convolutions take channels in blocks of 16 (AVX-512) or 8 (AVX2): other numbers can be slower
    than the unpruned model, so set `round_to`.
    """

    formula = (
        "I(c) = mean over coupled layers of ‖W_c‖ₚᵖ, relative to its mean; or mean over batches of |Σ θ · ∂J/∂θ| over "
        "c's weights; or |γ_c|; the lowest ⌊r·C⌉ go"
    )
    reference = "Fang et al.: DepGraph: Towards Any Structural Pruning (2023), arXiv:2301.12900"
    needs = ("channels", "float")
    part, layer = "channel", "convolution or linear"

    def takes(self, group: Group) -> bool:
        return True
