"""Weights that share few values."""

from typing import Literal

from torch import nn

from worker.compression.weight_sharing import Codebooks, Regrouping, Sharing, check, k_means, nearest, share
from worker.contracts.callback import Callback
from worker.contracts.component import hyperparameter
from worker.contracts.context import Context
from worker.contracts.families.quantizers import Quantizer
from worker.contracts.subject import Subject
from worker.nn.grids import Stored
from worker.nn.kinds import Convolution, is_weighted


class WeightSharing(Quantizer):
    """Each layer's weights take one of few values, the centroids of clusters, which training moves as one.

    Masked weights stay zero and are no entry of the codebook. With `recover`, a cluster's gradient is the sum of its
    members' and moves its centroid; the members of a cluster stay the same, unless they `regroup`. The
    arithmetic stays in floating point: what it saves are bytes, in the `coded` file, which stores a number of few bits
    for each weight.
    """

    formula = "θᵢ ← c_{k(i)}, c = argmin Σᵢ min_k (θᵢ − c_k)²; ∂J/∂c_k = Σ_{k(i)=k} ∂J/∂θᵢ"
    reference = "Han, Mao, Dally: Deep Compression (2016), arXiv:1510.00149"
    needs = ("float",)
    removes = ("float",)

    bits: int = hyperparameter(
        5, ge=1, le=8, unit="bits", description="Bits for each weight of linear and recurrent layers."
    )
    bits_conv: int = hyperparameter(8, ge=1, le=8, unit="bits", description="Bits for each weight of convolutions.")
    bits_bias: int = hyperparameter(
        0,
        ge=0,
        le=8,
        unit="bits",
        description="Bits for each bias, where a layer has more biases than the codebook entries; 0 leaves them all.",
    )
    entries: Literal["float32", "bfloat16"] = hyperparameter(
        "float32", description="Precision of the stored centroids; bfloat16 halves the codebooks."
    )
    regroup: bool = hyperparameter(
        False,
        description="Let a weight change its cluster while `recover` trains: gradients go straight through to a value "
        "of its own, and the weight takes the nearest centroid. Loses less with few bits.",
    )

    def validate_for(self, module: nn.Module) -> None:
        for name, bits in self._codebooks().bits(module).items():
            check(name, bits, module.get_parameter(name).numel())

    def quantize(self, subject: Subject, context: Context) -> Subject:
        context.show("quantization", {"layers": share(subject, self._codebooks())})
        return subject

    def stored(self, name: str, layer: nn.Module) -> Stored | None:
        bits = self.bits_conv if isinstance(layer, Convolution) else self.bits
        if not is_weighted(layer) or layer.weight.numel() <= 2**bits:
            return None
        centroids = k_means(layer.weight.flatten(), 2**bits)
        return centroids[nearest(layer.weight, centroids).cpu()].to(layer.weight), bits

    def callback(self) -> Callback:
        return Regrouping(self._codebooks()) if self.regroup else Sharing(self._codebooks())

    def label(self) -> str:
        return f"weight sharing, {self.bits} bits"

    def _codebooks(self) -> Codebooks:
        return Codebooks(self.bits, self.bits_conv, self.bits_bias, short=self.entries == "bfloat16")
