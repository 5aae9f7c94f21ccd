"""Facts that a file tells of itself: the interface, the run, and what was measured. Texts by name, most of them JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from backend.domain.run.results import ArtifactMeasure
from worker.data.interface import Interface
from worker.data.tensors import Array, Scaling

QUALITY = ("loss", "accuracy", "r2", "mae")


def of_interface(interface: Interface) -> dict[str, Any]:
    """The interface as plain JSON, for programs that use the file."""
    layout = interface.layout
    return {
        "input": interface.form,
        "task": interface.task,
        "shape": list(interface.shape),
        "dtype": interface.dtype.name,
        "axes": list(layout.axes),
        "fit": layout.fit,
        "head": interface.head,
        "classes": list(interface.names),
        "columns": [{"name": column.name, "texts": list(column.texts)} for column in layout.columns],
        "tokens": None if layout.tokens is None else asdict(layout.tokens),
        "pixels": list(interface.pixels),
        "scaling": _scaling(interface.scaling),
        "unit": _numbers(interface.unit),
        "zero": _numbers(interface.zero),
    }


def of_file(interface: Interface, run: Mapping[str, str], measured: ArtifactMeasure | None) -> dict[str, str]:
    """The facts that go into a file: `classes`, `scaling`, `layout`, those of its `run`, and figures of what was `measured`."""
    said = of_interface(interface)
    names = ("shape", "dtype", "axes", "columns", "tokens", "pixels")
    facts = {"classes": said["classes"], "layout": {name: said[name] for name in names if said[name]}}
    facts |= {name: said[name] for name in ("scaling", "unit", "zero") if said[name]}
    texts = {"input": interface.form, "head": interface.head, **{name: _text(value) for name, value in facts.items()}}
    return {**texts, **run, **(of_measure(measured) if measured else {})}


def of_measure(measured: ArtifactMeasure) -> dict[str, str]:
    """Quality, latency and the runtime that they were measured in."""
    found = measured.model_dump(exclude_none=True)
    latency = [
        {name: one[name] for name in ("device", "batch_size")}
        | {name: float(f"{one[name]:.6g}") for name in ("p50_ms", "p95_ms")}
        for one in found["latency"]
    ]
    return {name: _text(found[name]) for name in QUALITY if name in found} | {
        "latency": _text(latency),
        "runtime": found.get("runtime", ""),
    }


def _scaling(scaling: Scaling | None) -> dict[str, Any] | None:
    return None if scaling is None else {"mean": _numbers(scaling.mean), "scale": _numbers(scaling.scale)}


def _numbers(values: Array | None) -> Any:
    """Nested lists; a scale of infinity is null, as JSON has none."""
    if values is None:
        return None
    plain = values.astype(object)
    plain[~np.isfinite(values)] = None
    return plain.tolist()


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
