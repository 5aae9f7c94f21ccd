"""Finds the tensors in an ONNX file by reading the outline of its protocol buffers.

Four fields of the format matter: the graph of the model, the initializers of the graph, and the dimensions and the raw
bytes of an initializer. The rest of the file is small and stays as it is.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from worker.codec.numbers import read_varint

GRAPH, INITIALIZER, DIMENSIONS, RAW = 7, 5, 1, 9  # field numbers of ModelProto, GraphProto and TensorProto
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types
WIDTHS = (1, 2, 4, 8)  # bytes of one value


@dataclass(frozen=True)
class Place:
    """`rows` × `columns` values of `width` bytes each that begin at `start` of the file; what is not a matrix is
    flattened to one, the first dimension being its rows."""

    start: int
    rows: int
    columns: int
    width: int

    @property
    def bytes(self) -> int:
        return self.rows * self.columns * self.width


def places(content: bytes) -> list[Place]:
    """Every initializer whose values are stored as raw bytes, in the order of the file.

    Raises ValueError when `content` is not a protocol buffer.
    """
    return [
        place
        for graph, *bounds in _fields(content, 0, len(content))
        if graph == GRAPH
        for tensor, start, end in _fields(content, *bounds)
        if tensor == INITIALIZER and (place := _place(content, start, end))
    ]


def _place(content: bytes, start: int, end: int) -> Place | None:
    dimensions: list[int] = []
    raw = None
    for field, first, last in _fields(content, start, end):
        if field == DIMENSIONS:
            dimensions += _dimensions(content, first, last)
        elif field == RAW:
            raw = first, last - first
    if not raw or not raw[1]:
        return None
    values = math.prod(dimensions)
    if not values or raw[1] % values or raw[1] // values not in WIDTHS:
        return Place(raw[0], 1, raw[1], 1)
    rows = dimensions[0] if len(dimensions) > 1 else 1
    return Place(raw[0], rows, values // rows, raw[1] // values)


def _dimensions(content: bytes, start: int, end: int) -> Iterator[int]:
    """One number, or several that are packed together."""
    while start < end:
        number, start = read_varint(content, start)
        yield number


def _fields(content: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Number, first byte and end of each field of the message in [start, end)."""
    while start < end:
        key, start = read_varint(content, start)
        field, wire = key >> 3, key & 7
        if wire == BYTES:
            length, start = read_varint(content, start)
        elif wire == VARINT:
            length = read_varint(content, start)[1] - start
        elif wire in (FIXED64, FIXED32):
            length = 8 if wire == FIXED64 else 4
        else:
            raise ValueError(f"this is not an ONNX file: a field has the unknown wire type {wire}")
        if start + length > end:
            raise ValueError("this is not a whole ONNX file: a field reaches beyond the end")
        yield field, start, start + length
        start += length
