"""The bytes of a block's directory and of its columns."""

import json
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.store.blocks.block import Directory, Layout, Parts
from backend.store.blocks.packing import join, pack, split, unpack

NUMBERS = {"seq": "<i8", "at": "<i8", "first": "<i8", "count": "<i8", "start": "<f8", "layout": "<i8"}
FLOATS = ("<f4", "<f8")


def encode_directory(directory: Directory) -> bytes:
    """Holds no `seq` itself, but how far each lies beyond the first: it serves a copy that begins elsewhere."""
    numbers = {name: getattr(directory, name) for name in NUMBERS} | {"seq": directory.seq - directory.seq[0]}
    head = {
        "layouts": [[one.stage, one.consecutive, one.columns] for one in directory.layouts],
        "bodies": list(directory.bodies.items()),
    }
    text = zlib.compress(json.dumps(head, separators=(",", ":")).encode())
    return join([text, *(pack(values) for values in numbers.values())])


def decode_directory(blob: bytes, first_seq: int) -> Directory:
    text, *packed = split(blob, 1 + len(NUMBERS))
    head = json.loads(zlib.decompress(text))
    numbers = {name: unpack(part, dtype) for (name, dtype), part in zip(NUMBERS.items(), packed, strict=True)}
    layouts = (Layout(stage, dense, tuple(map(tuple, columns))) for stage, dense, columns in head["layouts"])
    return Directory(
        **numbers | {"seq": numbers["seq"] + first_seq}, layouts=tuple(layouts), bodies=dict(head["bodies"])
    )


def encode_column(parts: Parts) -> bytes:
    return join([pack(parts.get(dtype, np.array([], dtype))) for dtype in FLOATS])


def decode_column(blob: bytes) -> dict[str, NDArray[Any]]:
    return {dtype: unpack(part, dtype) for dtype, part in zip(FLOATS, split(blob, len(FLOATS)), strict=True)}
