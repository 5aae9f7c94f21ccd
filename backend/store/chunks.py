"""Columnar chunks of points: all metrics of one flush in one blob of raw IEEE bytes, little endian.

    u32 length of the header | header (JSON) | steps (unless they are consecutive) | times | one column per metric

A column is stored as float32 when each of its values survives that exactly, else as float64; NaN and the
infinities survive. `times` are seconds of active training since the run began, kept as float32 offsets from
the chunk's first time (error below 1 µs for chunks shorter than 8 s).
"""

import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Steps = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some metrics at the same steps of one stage. `steps` rise strictly."""

    stage: int
    steps: Steps  # [n]
    times: Floats  # [n] seconds
    metrics: dict[str, Floats]  # each [n]

    def __len__(self) -> int:
        return len(self.steps)


@np.errstate(over="ignore")
def encode(chunk: Chunk) -> bytes:
    consecutive = len(chunk) > 0 and int(chunk.steps[-1] - chunk.steps[0]) == len(chunk) - 1
    start = float(chunk.times[0]) if len(chunk) else 0.0
    columns = {name: _narrow(values) for name, values in chunk.metrics.items()}
    header: dict[str, Any] = {
        "stage": chunk.stage,
        "count": len(chunk),
        "first": int(chunk.steps[0]) if consecutive else None,
        "start": start,
        "columns": [[name, column.dtype.str] for name, column in columns.items()],
    }
    head = json.dumps(header, separators=(",", ":")).encode()
    body = [] if consecutive else [chunk.steps.astype("<i8").tobytes()]
    body.append((chunk.times - start).astype("<f4").tobytes())
    body += [column.tobytes() for column in columns.values()]
    return b"".join([struct.pack("<I", len(head)), head, *body])


def decode(blob: bytes) -> Chunk:
    header, offset = _header(blob)
    count = header["count"]

    def take(dtype: str) -> NDArray[Any]:
        nonlocal offset
        column = np.frombuffer(blob, dtype, count, offset)
        offset += column.nbytes
        return column

    first = header["first"]
    steps = take("<i8").astype(np.int64) if first is None else np.arange(first, first + count, dtype=np.int64)
    times = take("<f4").astype(np.float64) + header["start"]
    metrics = {name: take(dtype).astype(np.float64) for name, dtype in header["columns"]}
    return Chunk(header["stage"], steps, times, metrics)


def last_step(blob: bytes) -> int:
    """The last step of an encoded chunk, which is not empty; much cheaper than `decode`."""
    header, offset = _header(blob)
    if header["first"] is not None:
        return int(header["first"]) + int(header["count"]) - 1
    (step,) = struct.unpack_from("<q", blob, offset + 8 * (header["count"] - 1))
    return int(step)


def _header(blob: bytes) -> tuple[dict[str, Any], int]:
    """The header, and where the columns begin."""
    (length,) = struct.unpack_from("<I", blob)
    return json.loads(blob[4 : 4 + length]), 4 + length


def _narrow(values: Floats) -> NDArray[Any]:
    """float32 when that loses nothing (NaN counts as kept), else float64."""
    narrow = values.astype("<f4")
    exact = bool((narrow == values).all()) or np.array_equal(narrow, values, equal_nan=True)
    return narrow if exact else values.astype("<f8")
