"""ONNX files whose weights are stored in fewer bits and whose arithmetic stays as it is."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from worker.compression.onnx.onnx_tools import quiet

Array = NDArray[np.float32]
MICROSOFT = "com.microsoft"
AXES = {"Conv": 0, "LSTM": 1, "GRU": 1, "RNN": 1}  # of a weight's outputs
RECURRENT = ("LSTM", "GRU", "RNN")


@dataclass(frozen=True)
class Packing:
    """Storage of a weight [outputs, …], derived from the weight as the graph holds it."""

    bits: Callable[[Array], int | None]
    """8 or 4; None leaves it float."""
    magnitude: Callable[[Array], int]
    """The largest whole number on its grid, at most 127 or 7."""
    block: int | None = None
    """Inputs that share a scale in linear layers; None for one scale an output channel."""


def pack(source: Path, target: Path, packing: Packing, sample: NDArray[Any]) -> None:
    """Read the float ONNX file `source`, write one with packed weights, computed in float, to `target`.

    Linear layers become MatMulNBits where weights have a scale for each block; every other weight is put behind a
    DequantizeLinear. Runs what it wrote on `sample`; ValueError when a kernel is missing or would not be executed.
    """
    from onnxruntime.quantization import quant_pre_process

    with tempfile.TemporaryDirectory(dir=target.parent) as folder, quiet():
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        model = onnx.load(prepared)
    wanted = _Packer(model.graph, packing).run()
    if not wanted:
        raise ValueError(
            "quantization would have no effect: the model has no linear, convolutional or recurrent layer whose weights "
            "could be stored in fewer bits; leave the stage out"
        )
    onnx.save(model, target)
    _require(target, wanted, sample)


def probe(packing: Packing) -> None:
    """Run the smallest linear layer with packed weights. Raises ValueError when the runtime has no kernel for them."""
    inputs = packing.block or 1
    layer = helper.make_node("MatMul", ["x", "weight"], ["y"])
    tensors = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size]) for name, size in (("x", inputs), ("y", 1))
    ]
    weight = numpy_helper.from_array(np.ones((inputs, 1), np.float32), "weight")
    graph = helper.make_graph([layer], "probe", tensors[:1], tensors[1:], [weight])
    wanted = _Packer(graph, packing).run()
    sets = [helper.make_opsetid("", 17), helper.make_opsetid(MICROSOFT, 1)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "probe.onnx"
        onnx.save(helper.make_model(graph, opset_imports=sets, ir_version=8), file)
        _require(file, wanted, np.zeros((1, inputs), np.float32))


def _require(file: Path, wanted: dict[str, int], sample: NDArray[Any]) -> None:
    from worker.runtimes.onnxruntime import executed_operators

    try:
        executed = executed_operators(file, sample)
    except Exception as error:  # the runtime raises a class of its own for each kernel that it lacks
        raise ValueError(
            f"ONNX Runtime on this machine cannot compute with weights packed like this: {' '.join(str(error).split())[:300]}; "
            "take `weight_only_int8` or `static_int8`"
        ) from error
    if any(executed.get(name, 0) < number for name, number in wanted.items()):
        raise ValueError(
            f"quantization would have no effect: the file unpacks weights with {_listed(wanted)}, but ONNX Runtime on "
            f"this machine executes {_listed(executed)}; take `static_int8`"
        )


def _listed(kernels: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in kernels.items())


class _Packer:
    """Rewrites one graph in place."""

    def __init__(self, graph: onnx.GraphProto, packing: Packing) -> None:
        self._graph, self._packing = graph, packing
        self._weights = {entry.name: entry for entry in graph.initializer}
        self._nodes: list[onnx.NodeProto] = []
        self._packed: dict[str, str] = {}  # a weight's name -> the tensor that takes its place
        self._wanted: dict[str, int] = {}

    def run(self) -> dict[str, int]:
        """Number of times that each kernel that unpacks must be executed."""
        for node in list(self._graph.node):
            if node.op_type in ("Gemm", "MatMul") and self._packing.block and self._is_weight(node, 1):
                self._nodes += list(self._multiplied(node))
                continue
            for place in (1, 2) if node.op_type in RECURRENT else (1,):
                if node.op_type in (*AXES, "Gemm", "MatMul") and self._is_weight(node, place):
                    self._unpack(node, place)
            self._nodes.append(node)
        del self._graph.node[:]
        self._graph.node.extend(self._nodes)
        used = {name for node in self._nodes for name in node.input}
        kept = [entry for entry in self._graph.initializer if entry.name in used]
        del self._graph.initializer[:]
        self._graph.initializer.extend(kept)
        return self._wanted

    def _is_weight(self, node: onnx.NodeProto, place: int) -> bool:
        weight = self._weights.get(node.input[place])
        return weight is not None and len(weight.dims) >= 2 and weight.data_type == TensorProto.FLOAT

    def _unpack(self, node: onnx.NodeProto, place: int) -> None:
        """Put DequantizeLinear before the weight."""
        name = node.input[place]
        if name not in self._packed:
            array = numpy_helper.to_array(self._weights[name])
            axis = AXES.get(node.op_type, 0 if _attribute(node, "transB", 0) else 1)
            outputs = np.moveaxis(array, axis, 0)
            bits = self._packing.bits(outputs)
            if bits is None:
                return
            most = self._packing.magnitude(outputs)
            scales = channel_scales(outputs.reshape(len(outputs), -1), most)
            shape = [-1 if place == axis else 1 for place in range(array.ndim)]
            whole = np.clip(np.rint(array / scales.reshape(shape)), -most, most).astype(np.int8)
            self._add(f"{name}_scale", scales)
            self._graph.initializer.append(_whole(f"{name}_whole", whole, bits))
            self._graph.initializer.append(_whole(f"{name}_zero", np.zeros(len(scales), np.int8), bits))
            self._packed[name] = f"{name}_float"
            self._nodes.append(
                helper.make_node(
                    "DequantizeLinear",
                    [f"{name}_whole", f"{name}_scale", f"{name}_zero"],
                    [f"{name}_float"],
                    f"{name}_unpack",
                    domain=MICROSOFT if bits == 4 else "",  # the standard's knows 4 bits from operator set 21 on
                    axis=axis,
                )
            )
            self._wanted["DequantizeLinear"] = self._wanted.get("DequantizeLinear", 0) + 1
        node.input[place] = self._packed[name]

    def _multiplied(self, node: onnx.NodeProto) -> Iterator[onnx.NodeProto]:
        """The product as MatMulNBits, weights in blocks."""
        name, block = node.input[1], self._packing.block
        assert block
        weight = numpy_helper.to_array(self._weights[name])
        if not (node.op_type == "Gemm" and _attribute(node, "transB", 0)):
            weight = weight.T  # [outputs, inputs]
        bits = self._packing.bits(weight)
        assert bits
        packed, scales = packed_blocks(weight, bits, self._packing.magnitude(weight), block)
        self._add(f"{name}_packed", packed)
        self._add(f"{name}_scales", scales)
        inputs = [node.input[0], f"{name}_packed", f"{name}_scales", "", "", *node.input[2:3]]
        outputs, features = weight.shape
        yield helper.make_node(
            "MatMulNBits", inputs, node.output, node.name, domain=MICROSOFT,
            K=features, N=outputs, bits=bits, block_size=block, accuracy_level=1,
        )  # fmt: skip
        self._wanted["MatMulNBits"] = self._wanted.get("MatMulNBits", 0) + 1

    def _add(self, name: str, array: NDArray[Any]) -> None:
        if name not in self._weights:
            self._weights[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
            self._graph.initializer.append(self._weights[name])


def channel_scales(rows: Array, most: int) -> Array:
    """The scale [rows] that lets each row's largest magnitude be `most`."""
    largest = np.abs(rows).max(axis=1)
    scales: Array = (np.where(largest > 0, largest, np.float32(most)) / np.float32(most)).astype(np.float32)
    return scales


def packed_blocks(weight: Array, bits: int, most: int, block: int) -> tuple[NDArray[np.uint8], Array]:
    """`weight` [outputs, inputs] as MatMulNBits reads it: bytes [outputs, blocks, block · bits / 8] whose numbers stand
    for themselves less half of the range, the first in the low bits, and scales [outputs · blocks]."""
    padded = np.pad(weight, ((0, 0), (0, -weight.shape[1] % block)))
    rows = padded.reshape(-1, block)
    scales = channel_scales(rows, most)
    whole = (np.clip(np.rint(rows / scales[:, None]), -most, most) + 2 ** (bits - 1)).astype(np.uint8)
    if bits == 4:
        whole = whole[:, ::2] | whole[:, 1::2] << 4
    return whole.reshape(len(weight), -1, block * bits // 8), scales


def _whole(name: str, numbers: NDArray[np.int8], bits: int) -> TensorProto:
    kind = TensorProto.INT8 if bits == 8 else TensorProto.INT4
    return numpy_helper.from_array(numbers.astype(helper.tensor_dtype_to_np_dtype(kind)), name)


def _attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    return next((helper.get_attribute_value(entry) for entry in node.attribute if entry.name == name), default)
