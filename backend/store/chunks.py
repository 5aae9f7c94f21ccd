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


@dataclass(frozen=True, eq=False)
class Raw:
    """A chunk as its bytes hold it: what is read from them and written again gives the same bytes."""

    stage: int
    count: int
    first: int | None  # the first step where steps are consecutive
    start: float  # seconds at which the first offset begins
    steps: Steps  # [count], none where steps are consecutive
    offsets: NDArray[np.float32]  # [count] seconds after `start`
    columns: dict[str, NDArray[Any]]  # [count] each, float32 or float64


@np.errstate(over="ignore")
def encode(chunk: Chunk) -> bytes:
    consecutive = len(chunk) > 0 and int(chunk.steps[-1] - chunk.steps[0]) == len(chunk) - 1
    start = float(chunk.times[0]) if len(chunk) else 0.0
    columns = {name: _narrow(values) for name, values in chunk.metrics.items()}
    return write(
        Raw(
            stage=chunk.stage,
            count=len(chunk),
            first=int(chunk.steps[0]) if consecutive else None,
            start=start,
            steps=np.array([], np.int64) if consecutive else chunk.steps,
            offsets=(chunk.times - start).astype("<f4"),
            columns=columns,
        )
    )


def decode(blob: bytes) -> Chunk:
    raw = read(blob)
    first = raw.first
    steps = raw.steps.astype(np.int64) if first is None else np.arange(first, first + raw.count, dtype=np.int64)
    times = raw.offsets.astype(np.float64) + raw.start
    return Chunk(raw.stage, steps, times, {name: column.astype(np.float64) for name, column in raw.columns.items()})


def numbers(blob: bytes) -> int:
    """Bytes of the columns, without the header."""
    return len(blob) - 4 - int(struct.unpack_from("<I", blob)[0])


def write(raw: Raw) -> bytes:
    header: dict[str, Any] = {
        "stage": raw.stage,
        "count": raw.count,
        "first": raw.first,
        "start": raw.start,
        "columns": [[name, column.dtype.str] for name, column in raw.columns.items()],
    }
    head = json.dumps(header, separators=(",", ":")).encode()
    body = [raw.steps.astype("<i8").tobytes(), raw.offsets.tobytes()]
    body += [column.tobytes() for column in raw.columns.values()]
    return b"".join([struct.pack("<I", len(head)), head, *body])


def read(blob: bytes) -> Raw:
    header, offset = _header(blob)
    count = header["count"]

    def take(dtype: str, count: int = count) -> NDArray[Any]:
        nonlocal offset
        column = np.frombuffer(blob, dtype, count, offset)
        offset += column.nbytes
        return column

    steps = take("<i8", count if header["first"] is None else 0)
    offsets = take("<f4")
    columns = {name: take(dtype) for name, dtype in header["columns"]}
    return Raw(header["stage"], count, header["first"], header["start"], steps, offsets, columns)


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
