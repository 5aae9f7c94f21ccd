"""What is measured of an artifact, under the names that people ask for it by."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.spec.results import ArtifactMeasure, Latency, StageResult

Measured = Mapping[str, float]


@dataclass(frozen=True)
class Measure:
    title: str
    unit: str  # share, ms, bytes, mJ, or empty for a count
    larger_is_better: bool = False
    by_batch: bool = False  # measured at each batch size: `p50_ms@1`


MEASURES: Mapping[str, Measure] = {
    "accuracy": Measure("Accuracy on the test split", "share", larger_is_better=True),
    "loss": Measure("Loss on the test split", ""),
    "bytes": Measure("Size on disk", "bytes"),
    "gzip_bytes": Measure("Size after gzip", "bytes"),
    "load_ms": Measure("Time to load, decoding included", "ms"),
    "peak_memory_bytes": Measure("Peak memory", "bytes"),
    "parameters": Measure("Parameters", ""),
    "nonzero": Measure("Parameters that are not zero", ""),
    "flops": Measure("Operations for one sample, theoretical", ""),
    "p50_ms": Measure("Median latency", "ms", by_batch=True),
    "p95_ms": Measure("95th percentile of latency", "ms", by_batch=True),
    "samples_per_s": Measure("Throughput, samples a second", "", larger_is_better=True, by_batch=True),
    "energy_mj": Measure("Energy of one sample", "mJ", by_batch=True),
    "accuracy_per_kb": Measure("Accuracy for each KB on disk", "", larger_is_better=True),
    "accuracy_per_ms": Measure("Accuracy for each ms of a call", "", larger_is_better=True, by_batch=True),
    "accuracy_per_joule": Measure(
        "Accuracy for each joule that a sample takes", "", larger_is_better=True, by_batch=True
    ),
}
"""The last three are derived from what was measured: how much of the test split a byte, a ms, a joule gets right."""


def measure_of(field: str) -> Measure:
    return MEASURES[field.partition("@")[0]]


def field_of(name: str) -> str | None:
    """The field that `name` asks for, None when there is none. `p95` is short for `p95_ms@1`."""
    base, at, rest = name.partition("@")
    base = f"{base}_ms" if base in ("p50", "p95") else base
    measure = MEASURES.get(base)
    if measure is None or (at and not measure.by_batch):
        return None
    return f"{base}@{rest or '1'}" if measure.by_batch else base


def values(result: StageResult, measure: ArtifactMeasure) -> dict[str, float]:
    """Everything known of one artifact. Devices other than the CPU have their name in the field: `p50_ms@1@cuda`."""
    found: dict[str, float | None] = {
        "accuracy": measure.accuracy,
        "loss": measure.loss,
        "bytes": measure.bytes,
        "gzip_bytes": measure.gzip_bytes,
        "load_ms": measure.load_ms,
        "peak_memory_bytes": measure.peak_memory_bytes,
        "parameters": result.parameters,
        "nonzero": result.nonzero,
        "flops": result.flops,
        "accuracy_per_kb": _per(measure.accuracy, measure.bytes / 1e3),
    }
    for latency in measure.latency:
        suffix = f"@{latency.batch_size}" + ("" if latency.device == "cpu" else f"@{latency.device}")
        found[f"p50_ms{suffix}"] = latency.p50_ms
        found[f"p95_ms{suffix}"] = latency.p95_ms
        found[f"samples_per_s{suffix}"] = latency.samples_per_s
        found[f"energy_mj{suffix}"] = latency.energy_mj
        found[f"accuracy_per_ms{suffix}"] = _per(measure.accuracy, latency.p50_ms)
        found[f"accuracy_per_joule{suffix}"] = _per(measure.accuracy, latency.energy_mj and latency.energy_mj / 1e3)
    return {name: value for name, value in found.items() if value is not None}


def _per(accuracy: float | None, cost: float | None) -> float | None:
    return accuracy / cost if accuracy is not None and cost else None


@dataclass(frozen=True, eq=False)
class Place:
    """One artifact that a runtime loaded and ran, and what was measured of it."""

    stage: int
    label: str
    exporter: str
    artifact: str
    values: Measured
    latency: Sequence[Latency]
    runtime: str = ""
    devices: Sequence[str] = ()  # on which it was timed


def places(results: Sequence[StageResult], formats: Collection[str] = (), devices: Collection[str] = ()) -> list[Place]:
    """Every artifact with a measured accuracy, in the order of the stages; of these formats and timed on one of these
    devices, where any are named."""
    found = _places(results)
    if formats:
        found = [place for place in found if place.exporter in formats]
    return [place for place in found if not devices or set(devices) & set(place.devices)]


def _places(results: Sequence[StageResult]) -> list[Place]:
    return [
        Place(
            stage=result.stage,
            label=result.label,
            exporter=measure.exporter,
            artifact=measure.artifact,
            values=values(result, measure),
            latency=measure.latency,
            runtime=measure.runtime or "",
            devices=sorted({latency.device for latency in measure.latency}),
        )
        for result in results
        for measure in result.measures
        if measure.accuracy is not None
    ]


def wide(numbers: Sequence[float]) -> bool:
    """Whether only a logarithmic axis shows them all."""
    return bool(numbers) and min(numbers) > 0 and max(numbers) / min(numbers) > 20


def axis(field: str, numbers: Sequence[float]) -> dict[str, Any]:
    """The axis of a field: its name, its unit, and a scale that shows all of `numbers`."""
    measure = measure_of(field)
    batch = f" at batch {' on '.join(field.split('@')[1:])}" if measure.by_batch else ""
    unit = {"share": "", "": ""}.get(measure.unit, f", {measure.unit}")
    ticks = "~g" if measure.unit in ("ms", "mJ") or "_per_" in field else "~s"  # 0.03 ms, not 30m ms
    scale = {"type": "log"} if wide(numbers) else {"type": "linear", "rangemode": "tozero"}
    title = f"{measure.title[:1].lower()}{measure.title[1:]}{batch}{unit}"
    return {"title": {"text": title}, "tickformat": ticks, **scale}


def shown(field: str, value: float) -> str:
    """A value with its unit, four significant digits."""
    unit = measure_of(field).unit
    if unit == "share":
        return f"{value:.2%}"
    if unit == "bytes":
        for name, size in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
            if value >= size:
                return f"{value / size:.4g} {name}"
        return f"{value:.4g} bytes"
    return f"{value:.4g} {unit}" if unit else f"{value:,.4g}" if value < 1e4 else f"{value:,.0f}"
