"""Weights alone in 8 bits."""

from worker.components.quantizers._weight_only import WeightOnly


class WeightOnlyInt8(WeightOnly):
    """Weights in 8 bits, everything computed in float: a quarter of the bytes for next to no error, seldom more speed.

    Linear layers have a scale for each block of inputs and run in the runtime's own kernel (MatMulNBits); convolutions
    and recurrent layers have one for each output channel and are unpacked in each call (DequantizeLinear). Embeddings
    and normalizations stay float. Activations are never rounded, so no samples are needed. What was written is run
    once: when the kernels are missing the stage fails with that reason. With `recover` the model trains on rounded weights.
    """

    formula = "W ≈ s_b · q, q = round(W / s_b) ∈ {−127 … 127}, s_b = max|W_b| / 127; y = x (s_b q)ᵀ"
    reference = "ONNX Runtime manual: contrib operator MatMulNBits, https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md"
    needs = ("float",)
    removes = ("float",)
    width = 8
