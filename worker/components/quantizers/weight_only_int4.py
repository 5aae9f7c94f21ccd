"""Weights alone in 4 bits."""

from worker.components.quantizers._weight_only import WeightOnly


class WeightOnlyInt4(WeightOnly):
    """Weights in 4 bits, everything computed in float: an eighth of the bytes, at a price in accuracy and often in speed.

    Linear layers have a scale for each block of inputs and run in the runtime's own kernel (MatMulNBits); convolutions
    and recurrent layers have one for each output channel and are unpacked in each call (DequantizeLinear). Embeddings
    and normalizations stay float. Activations are never rounded, so no samples are needed. A run on a machine without
    the kernels ends before anything is trained. Fifteen levels cost a trained model much of what it knows, small ones
    most of all: `recover` trains it on rounded weights.
    """

    formula = "W ≈ s_b · q, q = round(W / s_b) ∈ {−7 … 7}, s_b = max|W_b| / 7; y = x (s_b q)ᵀ"
    reference = "ONNX Runtime manual: contrib operator MatMulNBits, https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md"
    needs = ("float",)
    removes = ("float",)
    width = 4
