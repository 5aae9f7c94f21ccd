"""Weights alone in 4 bits."""

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from worker.component import knob
from worker.fake_quantization import ActsQuantized
from worker.grids import Stored, by_block, by_channel, is_weighted, levels
from worker.onnx_weights import Packing, pack
from worker.quantizers import Quantizer
from worker.subject import Subject

BITS = 4
MOST = levels(BITS)


class WeightOnlyInt4(Quantizer):
    """Weights in 4 bits, everything computed in float: an eighth of the bytes, at a price in accuracy and often in speed.

    Linear layers have a scale for each block of inputs and run in the runtime's own kernel (MatMulNBits); convolutions
    and recurrent layers have one for each output channel and are unpacked in each call (DequantizeLinear). Embeddings
    and normalizations stay float. Activations are never rounded, so no samples are needed. What was written is run
    once: when the kernels are missing the stage fails with that reason. Fifteen levels cost a trained model much of what
    it knows, small ones most of all: `recover` trains it on rounded weights.
    """

    formula = "W ≈ s_b · q, q = round(W / s_b) ∈ {−7 … 7}, s_b = max|W_b| / 7; y = x (s_b q)ᵀ"
    reference = "ONNX Runtime manual: contrib operator MatMulNBits, https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md"
    needs = ("float",)
    removes = ("float",)
    floats = (nn.Embedding,)

    block: Literal[16, 32, 64, 128] = knob(
        32, unit="inputs", description="Inputs of a linear layer that share a scale."
    )

    def companion(self) -> ActsQuantized:
        return ActsQuantized(lambda _, weight: self._rounded(weight))

    def stored(self, name: str, layer: nn.Module) -> Stored | None:
        return (self._rounded(layer.weight), BITS) if is_weighted(layer) else None

    def _rounded(self, weight: Tensor) -> Tensor:
        return by_block(weight, MOST, self.block) if weight.ndim == 2 else by_channel(weight, MOST)

    def convert(self, subject: Subject, source: Path, target: Path, calibration: NDArray[np.float32]) -> None:
        pack(source, target, Packing(lambda _: BITS, lambda _: MOST, self.block), calibration[:1])
