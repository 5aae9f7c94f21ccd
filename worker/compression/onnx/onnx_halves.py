"""ONNX files with weights in 16-bit floating point."""

from pathlib import Path
from typing import Literal

import onnx
from onnx import TensorProto, helper, numpy_helper

from worker.compression.onnx.onnx_tools import quiet


def half_kernels() -> bool:
    """Returns whether the runtime has a device that multiplies in half precision; its CPU kernels do not."""
    import onnxruntime

    return "CUDAExecutionProvider" in onnxruntime.get_available_providers()


def halve(source: Path, target: Path) -> None:
    """The whole graph of `source` in float16, inputs and outputs of the file as they were."""
    from onnxruntime.transformers.float16 import convert_float_to_float16

    with quiet():
        onnx.save(convert_float_to_float16(onnx.load(source), keep_io_types=True), target)


def cast_weights(source: Path, target: Path, kind: Literal["FLOAT16", "BFLOAT16"]) -> None:
    """Store every matrix and filter of `source` in 16 bits, cast to float32 in the graph.

    The runtime works out the casts once, when it loads the file, since what they take is constant.
    """
    model, dtype = onnx.load(source), helper.tensor_dtype_to_np_dtype(TensorProto.DataType.Value(kind))
    casts = []
    for entry in model.graph.initializer:
        if entry.data_type == TensorProto.FLOAT and len(entry.dims) > 1:
            name, stored = entry.name, f"{entry.name}_stored"
            entry.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(entry).astype(dtype), stored))
            casts.append(helper.make_node("Cast", [stored], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, target)
