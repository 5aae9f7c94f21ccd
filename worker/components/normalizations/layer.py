"""Layer normalization."""

from torch import nn

from worker.contracts.component import hyperparameter
from worker.contracts.families.normalizations import Normalization


class Layer(Normalization):
    """Each sample gets mean 0 and variance 1 over all its values, then each channel a scale and a shift.

    Training and evaluation do the same, whatever the batch; nothing can be folded. Of an image the mean is taken over
    channels and pixels.
    """

    formula = "y = γ (x − μ) / √(σ² + ε) + β, with μ, σ² of a sample over its channels and pixels"
    reference = "Ba, Kiros, Hinton: Layer Normalization (2016), arXiv:1607.06450"

    eps: float = hyperparameter(1e-5, ge=1e-8, le=0.1, description="Constant ε that is added to the variance.")

    def build(self, channels: int, image: bool) -> nn.Module:
        # over channels and pixels at once, with γ and β of a channel: what one group of all channels does
        return nn.GroupNorm(1, channels, eps=self.eps) if image else nn.LayerNorm(channels, eps=self.eps)
