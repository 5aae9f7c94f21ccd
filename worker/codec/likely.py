"""Common content of ONNX skeletons, as the writer for operator set 17 spells it.

Deflate looks for repeats in these bytes as if they stood before the directory, so that a small model need not spell out
its operators. They are part of the format: changing one byte makes every file unreadable.
"""

_FLOAT, _INTEGER, _INTEGERS = b"\xa0\x01\x01", b"\xa0\x01\x02", b"\xa0\x01\x07"  # types of attributes
_PAIR = b"*\x12\n\tdilations@\x01@\x01" + _INTEGERS
_PADS, _PADS_1 = (b"*\x11\n\x04pads" + 4 * side + _INTEGERS for side in (b"@\x00", b"@\x01"))
_KERNEL_2, _KERNEL_3, _KERNEL_5 = (
    b"*\x15\n\x0ckernel_shape" + 2 * side + _INTEGERS for side in (b"@\x02", b"@\x03", b"@\x05")
)
_STRIDES_1, _STRIDES_2 = (b"*\x10\n\x07strides" + 2 * side + _INTEGERS for side in (b"@\x01", b"@\x02"))
_NORM = (
    b'\x18/norm1/BatchNormalization"\x12BatchNormalization*\x11\n\x07epsilon\x15\xac\xc5\x277' + _FLOAT
    + b"*\x12\n\x08momentum\x15fff?" + _FLOAT + b"*\x14\n\rtraining_mode\x18\x00" + _INTEGER
)  # fmt: skip
_CONVOLUTION = (
    b'\x12\x14/conv1/Conv_output_0\x1a\x0b/conv1/Conv"\x04Conv' + _PAIR + b"*\x0c\n\x05group\x18\x01" + _INTEGER
)
_POOL = (
    b'\x12\x17/pool1/MaxPool_output_0\x1a\x0e/pool1/MaxPool"\x07MaxPool*\x10\n\tceil_mode\x18\x00' + _INTEGER
    + _PAIR + _KERNEL_2 + _PADS + _STRIDES_2
)  # fmt: skip
_GEMM = (
    b'\x12\x16/linear1/Gemm_output_0\x1a\r/linear1/Gemm"\x04Gemm*\x0f\n\x05alpha\x15\x00\x00\x80?' + _FLOAT
    + b"*\x0e\n\x04beta\x15\x00\x00\x80?" + _FLOAT + b"*\r\n\x06transB\x18\x01" + _INTEGER
)  # fmt: skip

DICTIONARY = b"".join(
    [
        b'\x12\x1b/Constant_output_0\x1a\t/Constant"\x08Constant"\x06Concat"\x05Shape"\x06Gather"\tUnsqueeze"\x07Reshape',
        b'"\x10DequantizeLinear"\x0eQuantizeLinear_zero_point_scale_quantized',
        b'\x12\x11norm1.running_var\x12\x12norm1.running_mean\x1a\nIdentity_0"\x08Identity\n\x0cnorm1.weight\n\nnorm1.bias',
        _NORM,
        b'\x12 /mean/GlobalAveragePool_output_0\x1a\x17/mean/GlobalAveragePool"\x11GlobalAveragePool',
        b"\x08\x08\x12\x07pytorch\x1a\x062.13.0:\n\x05input\n\x0cconv1.weight\n\nconv1.bias",
        _CONVOLUTION + _KERNEL_3 + _PADS_1 + _STRIDES_1,
        _CONVOLUTION + _KERNEL_5 + _PADS + _STRIDES_1,
        b"\n\xaa\x01\n\x14/conv1/Conv_output_0" + _POOL + b"\n\xba\x01\n\x17/pool1/MaxPool_output_0",
        b'\n\x0cconv2.weight\n\nconv2.bias\n\\\n\x17/pool2/MaxPool_output_0\x12\x14/conv2/Conv_output_0\x1a\x0b/conv2/Conv"\x04Conv',
        b'\n\x05input\x12\x19/flatten/Flatten_output_0\x1a\x10/flatten/Flatten"\x07Flatten*\x0b\n\x04axis\x18\x01'
        + _INTEGER,
        b"\n\x96\x01\n\x19/flatten/Flatten_output_0\n\x0elinear1.weight\n\x0clinear1.bias" + _GEMM,
        b'\nM\n\x16/linear1/Gemm_output_0\x12\x1a/activation1/Relu_output_0\x1a\x11/activation1/Relu"\x04Relu',
        b'\n\x84\x01\n\x1a/activation1/Relu_output_0\n\routput.weight\n\x0boutput.bias\x12\x06logits\x1a\x0c/output/Gemm"\x04Gemm',
        b"*\x0f\n\x05alpha\x15\x00\x00\x80?" + _FLOAT + b"*\x0e\n\x04beta\x15\x00\x00\x80?" + _FLOAT,
        b"*\r\n\x06transB\x18\x01" + _INTEGER + b"\x12\nmain_graph*",
        b"\x10\x01B\x0cconv1.weightJ*b\x08\x14\x10\x01B\nconv1.biasJ\x10\x01B\x0cconv2.weightJ\x10\x01B\nconv2.biasJ",
        b"\x10\x01B\x0elinear1.weightJ\x10\x01B\x0clinear1.biasJ\x10\x01B\x0elinear2.weightJ\x10\x01B\x0clinear2.biasJ",
        b"\x10\x01B\routput.weightJ*;\x08\n\x10\x01B\x0boutput.biasJ(",
        b"Z$\n\x05input\x12\x1b\n\x19\x08\x01\x12\x15\n\x07\x12\x05batch\n\x02\x08\x01\n\x02\x08\x1c\n\x02\x08\x1c",
        b"b\x1d\n\x06logits\x12\x13\n\x11\x08\x01\x12\r\n\x07\x12\x05batch\n\x02\x08\nB\x02\x10\x11",
    ]
)
