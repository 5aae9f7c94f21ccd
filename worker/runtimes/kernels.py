"""ONNX Runtime's operators, sorted by what their kernels compute with."""

INT8 = frozenset(
    {
        "ConvInteger",
        "DynamicQuantizeLSTM",
        "DynamicQuantizeMatMul",
        "MatMulInteger",
        "MatMulIntegerToFloat",
        "MatMulInteger16",
        "QAttention",
        "QGemm",
        "QLinearConv",
        "QLinearMatMul",
    }
)
"""Products of 8-bit numbers. Quantized sums and poolings are not counted: they alone make no model an int8 model."""

FLOAT = frozenset(
    {"Conv", "ConvTranspose", "FusedConv", "FusedGemm", "FusedMatMul", "GRU", "Gemm", "LSTM", "MatMul", "RNN"}
)
"""Products of floating point numbers."""

CONVERSION = frozenset({"DequantizeLinear", "DynamicQuantizeLinear", "QuantizeLinear"})
"""Operators that only change the representation."""

UNPACKING = frozenset({"DequantizeLinear", "MatMulNBits"})
"""In a file that computes in floating point: operators that make floats of weights in fewer bits, in each call."""
