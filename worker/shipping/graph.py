"""Puts the steps of an interface around the graph of an ONNX file, and its facts beside it."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
from onnx import GraphProto, ModelProto, NodeProto, StringStringEntryProto, TensorProto, helper, numpy_helper

from worker.data.interface import Interface
from worker.data.tensors import Array

BATCH = "batch"
MOST_TEXT = 1 << 16  # characters
OUTPUTS = {"softmax": "probabilities", "sigmoid": "probabilities", "unit": "numbers"}
"""Name of a file's output, by its head."""


def embed(file: Path, interface: Interface) -> None:
    """Rewrite `file`, whose graph takes prepared samples, as one that takes samples as they were sent.

    Its nodes and weights stay as they are: quantized ones too.
    """
    model = onnx.load(file)
    _Embedding(model.graph, interface).run()
    onnx.save(model, file)


def describe(file: Path, facts: Mapping[str, str]) -> None:
    """Append `facts` to the metadata of `file`. A message that follows another is merged into it: no byte changes.

    Longer ones than `MOST_TEXT` are left out: that is a scaling of each pixel, which the graph contains.
    """
    entries = [StringStringEntryProto(key=name, value=text) for name, text in facts.items() if len(text) <= MOST_TEXT]
    with file.open("ab") as stream:
        stream.write(ModelProto(metadata_props=entries).SerializeToString())


def bare(file: Path) -> bytes:
    """The content of `file` without its facts."""
    model = onnx.load(file)
    del model.metadata_props[:]
    content: bytes = model.SerializeToString()
    return content


class _Embedding:
    """Rewrites one graph in place. Its own tensors have names that begin with `lathe_`."""

    def __init__(self, graph: GraphProto, interface: Interface) -> None:
        self._graph, self._interface = graph, interface
        self._inner, self._outer = graph.input[0], graph.output[0]
        self._nodes: list[NodeProto] = []

    def run(self) -> None:
        """Input `input` as it is sent, then the steps, the old nodes, the head."""
        sent, answers = "input", OUTPUTS[self._interface.head]
        self._rename(self._inner.name, "lathe_prepared")
        self._chain(self._before(), sent, "lathe_prepared")
        self._nodes += self._graph.node
        self._chain(self._after(), self._outer.name, answers)
        del self._graph.node[:]
        self._graph.node.extend(self._nodes)
        self._declare(sent, answers)

    def _rename(self, old: str, new: str) -> None:
        for node in self._graph.node:
            node.input[:] = [new if name == old else name for name in node.input]

    def _declare(self, sent: str, answers: str) -> None:
        interface, outer = self._interface, self._outer.type.tensor_type
        dtype = helper.np_dtype_to_tensor_dtype(interface.dtype)
        taken = helper.make_tensor_value_info(sent, dtype, [BATCH, *interface.shape])
        kind = TensorProto.DOUBLE if interface.head == "unit" else TensorProto.FLOAT
        given = helper.make_tensor_value_info(answers, kind, None)
        given.type.tensor_type.shape.CopyFrom(outer.shape)
        for old, new in ((self._graph.input, taken), (self._graph.output, given)):
            del old[:]
            old.append(new)

    def _before(self) -> Iterator[NodeProto]:
        """Layout, then scaling in float64: in float32 the seconds since 1970 are whole minutes."""
        interface = self._interface
        if interface.layout.axes:
            yield helper.make_node("Transpose", [""], [""], perm=interface.layout.axes)
        if interface.layout.shape:
            shape = self._constant("lathe_shape", np.array([-1, *interface.inner], np.int64))
            yield helper.make_node("Reshape", ["", shape], [""])
        if interface.scaling is not None:
            yield helper.make_node("Cast", [""], [""], to=TensorProto.DOUBLE)
            for operator, name in (("Sub", "mean"), ("Div", "scale")):
                value = self._constant(f"lathe_{name}", getattr(interface.scaling, name))
                yield helper.make_node(operator, ["", value], [""])
        yield helper.make_node("Cast", [""], [""], to=self._inner.type.tensor_type.elem_type)

    def _after(self) -> Iterator[NodeProto]:
        """Probabilities in float32, or numbers in their own unit in float64: an offset needs its digits."""
        interface = self._interface
        if interface.head != "unit":
            softmax = interface.head == "softmax"
            yield (
                helper.make_node("Softmax", [""], [""], axis=-1) if softmax else helper.make_node("Sigmoid", [""], [""])
            )
            return
        yield helper.make_node("Cast", [""], [""], to=TensorProto.DOUBLE)
        for operator, name in (("Mul", "unit"), ("Add", "zero")):
            if (value := getattr(interface, name)) is not None:
                yield helper.make_node(operator, ["", self._constant(f"lathe_{name}", value)], [""])

    def _constant(self, name: str, value: Array) -> str:
        self._graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def _chain(self, steps: Iterator[NodeProto], first: str, last: str) -> None:
        """Each step takes what the one before it gave, as its first input."""
        chained = list(steps)
        names = [first, *(f"{last}_{number}" for number in range(1, len(chained))), last]
        for node, (taken, given) in zip(chained, pairwise(names), strict=True):
            node.name = f"lathe_{given}"
            node.input[0], node.output[0] = taken, given
        self._nodes += chained
