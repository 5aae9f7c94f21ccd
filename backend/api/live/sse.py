"""Events and rows as server-sent events."""

import json
from typing import Any

import numpy as np

from backend.api.bodies.documents import number
from backend.api.schemas.runs import RunRow
from backend.store import tables
from backend.store.chunks import Chunk, decode
from backend.store.downsample import bucket

MAX_STEPS = 2000
"""A chunk with more steps than this is sent as its minima and maxima; its event's body then says `bucketed`."""


def event_frame(event: tables.Event) -> bytes:
    """One event of a run, without the `id:` line, which differs from viewer to viewer."""
    data = {
        "run_id": event.run_id,
        "seq": event.seq,
        "kind": event.kind,
        "at": event.at.isoformat(),
        "body": event.body,
        "columns": None,
    }
    if event.chunk is not None:
        chunk = decode(event.chunk)
        data["columns"] = _columns(chunk)
        if len(chunk) > MAX_STEPS:
            data["body"] = {**event.body, "bucketed": len(chunk)}
    return _frame("run", data)


def row_frame(row: RunRow) -> bytes:
    return _frame("row", row.model_dump(mode="json"))


def gone_frame(run_id: str) -> bytes:
    return _frame("gone", {"run_id": run_id})


def _frame(event: str, data: Any) -> bytes:
    text = json.dumps(data, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return f"event: {event}\ndata: {text}\n\n".encode()


def _columns(chunk: Chunk) -> dict[str, Any]:
    chunk = _thinned(chunk) if len(chunk) > MAX_STEPS else chunk
    return {
        "stage": chunk.stage,
        "steps": chunk.steps.tolist(),
        "times": chunk.times.tolist(),
        "metrics": {name: [number(value) for value in values.tolist()] for name, values in chunk.metrics.items()},
    }


def _thinned(chunk: Chunk) -> Chunk:
    """At most MAX_STEPS steps, among them each bucket's minimum and maximum of every metric."""
    pixels = max(MAX_STEPS // (2 * max(len(chunk.metrics), 1)), 8)
    kept = [bucket(chunk.steps, values, pixels) for values in chunk.metrics.values()]
    keep = np.unique(np.concatenate(kept)) if kept else np.array([0, len(chunk) - 1])
    metrics = {name: values[keep] for name, values in chunk.metrics.items()}
    return Chunk(chunk.stage, chunk.steps[keep], chunk.times[keep], metrics)
