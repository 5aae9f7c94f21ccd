"""Measures of an artifact, by the names that constraints and tables use."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from backend.domain.run.results import ArtifactMeasure

Measured = Mapping[str, float]


@dataclass(frozen=True)
class Measure:
    title: str
    unit: str  # share, ms, bytes, mJ, or empty for a count
    larger_is_better: bool = False
    signed: bool = False  # it can be below 0
    by_batch: bool = False  # measured at each batch size: `p50_ms@1`


MEASURES: Mapping[str, Measure] = {
    "accuracy": Measure("Accuracy on the test split", "share", larger_is_better=True),
    "loss": Measure("Loss on the test split", "", signed=True),
    "r2": Measure("R² on the test split", "", larger_is_better=True, signed=True),
    "mae": Measure("Mean absolute error on the test split, in the targets' unit", ""),
    "bytes": Measure("Size on disk", "bytes"),
    "gzip_bytes": Measure("Size after gzip", "bytes"),
    "load_ms": Measure("Time to load, decoding included", "ms"),
    "peak_memory_bytes": Measure("Peak memory", "bytes"),
    "parameters": Measure("Parameters", ""),
    "nonzero": Measure("Parameters that are not zero", ""),
    "flops": Measure("Operations for one sample, theoretical", ""),
    "p50_ms": Measure("Median latency", "ms", by_batch=True),
    "p95_ms": Measure("95th percentile of latency", "ms", by_batch=True),
    "p50_seen_ms": Measure("Median latency as seen, disturbed calls included", "ms", by_batch=True),
    "p95_seen_ms": Measure("95th percentile of latency as seen, disturbed calls included", "ms", by_batch=True),
    "disturbed": Measure("Share of calls that other work of the machine disturbed", "share", by_batch=True),
    "busy": Measure("1 where the machine was too busy to time the file, else 0", "", by_batch=True),
    "samples_per_s": Measure("Throughput, samples a second", "", larger_is_better=True, by_batch=True),
    "energy_mj": Measure("Energy of one sample", "mJ", by_batch=True),
    "accuracy_per_kb": Measure("Accuracy for each KB on disk", "", larger_is_better=True),
    "accuracy_per_ms": Measure("Accuracy for each ms of a call", "", larger_is_better=True, by_batch=True),
    "accuracy_per_joule": Measure(
        "Accuracy for each joule that a sample takes", "", larger_is_better=True, by_batch=True
    ),
}
"""The last three are derived from what was measured: how much of the test split a byte, a ms, a joule gets right."""

QUALITIES: Mapping[str, str] = {
    "accuracy": "an accuracy",
    "r2": "an R²",
    "mae": "a mean absolute error",
    "loss": "a loss",
}
"""Measure of quality -> its name in a sentence, the most usual one first."""

MAX_BATCH = 4096
_BATCH = re.compile(r"([1-9][0-9]{0,3})(?:@([a-z]+))?", re.ASCII)


def measure_of(field: str) -> Measure:
    return MEASURES[field.partition("@")[0]]


def field_of(name: str) -> str | None:
    """The field that `name` asks for, None when there is none. `p95` is short for `p95_ms@1`."""
    base, at, rest = name.partition("@")
    base = f"{base}_ms" if base in ("p50", "p95") else base
    measure = MEASURES.get(base)
    if measure is None or (at and not measure.by_batch):
        return None
    if not measure.by_batch:
        return base
    place = _BATCH.fullmatch(rest if at else "1")
    if place is None or int(place[1]) > MAX_BATCH:
        return None
    return f"{base}@{place[1]}{_suffix(place[2] or 'cpu')}"


def quality_of(fields: Collection[str]) -> str:
    """The quality that models are compared by when nobody says another: the first that was measured."""
    return next((quality for quality in QUALITIES if quality in fields), next(iter(QUALITIES)))


def place_of(field: str) -> tuple[int, str] | None:
    """Batch size and device that a field is measured at; None for what depends on neither."""
    _, *rest = field.split("@")
    return (int(rest[0]), rest[1] if len(rest) > 1 else "cpu") if rest else None


def when_busy(field: str, values: Measured) -> str | None:
    """Says of a time or energy that the machine and not the model may be its reason; None where it may not be."""
    _, at, place = field.partition("@")
    if not values.get(f"busy{at}{place}"):
        return None
    share = values[f"disturbed{at}{place}"]
    return f"the machine was busy, {share:.0%} of the calls were disturbed: the model may not be the reason"


def _suffix(device: str) -> str:
    """Devices other than the CPU have their name in the field: `p50_ms@1@cuda`."""
    return "" if device == "cpu" else f"@{device}"


class Counted(Protocol):
    """Facts of a model that are known without running it."""

    @property
    def parameters(self) -> int: ...
    @property
    def nonzero(self) -> int: ...
    @property
    def flops(self) -> int | None: ...


def values(counted: Counted, measure: ArtifactMeasure) -> dict[str, float]:
    """Everything known of one artifact, by field."""
    found: dict[str, float | None] = {
        "accuracy": measure.accuracy,
        "loss": measure.loss,
        "r2": measure.r2,
        "mae": measure.mae,
        "bytes": measure.bytes,
        "gzip_bytes": measure.gzip_bytes,
        "load_ms": measure.load_ms,
        "peak_memory_bytes": measure.peak_memory_bytes,
        "parameters": counted.parameters,
        "nonzero": counted.nonzero,
        "flops": counted.flops,
        "accuracy_per_kb": _per(measure.accuracy, measure.bytes / 1e3),
    }
    for latency in measure.latency:
        suffix = f"@{latency.batch_size}{_suffix(latency.device)}"
        found[f"p50_ms{suffix}"] = latency.p50_ms
        found[f"p95_ms{suffix}"] = latency.p95_ms
        found[f"p50_seen_ms{suffix}"] = latency.p50_seen_ms
        found[f"p95_seen_ms{suffix}"] = latency.p95_seen_ms
        found[f"disturbed{suffix}"] = latency.disturbed
        found[f"busy{suffix}"] = None if latency.disturbed is None else float(latency.busy)
        found[f"samples_per_s{suffix}"] = latency.samples_per_s
        found[f"energy_mj{suffix}"] = latency.energy_mj
        found[f"accuracy_per_ms{suffix}"] = _per(measure.accuracy, latency.p50_ms)
        found[f"accuracy_per_joule{suffix}"] = _per(measure.accuracy, latency.energy_mj and latency.energy_mj / 1e3)
    return {name: value for name, value in found.items() if value is not None}


def _per(accuracy: float | None, cost: float | None) -> float | None:
    return accuracy / cost if accuracy is not None and cost else None


def format_value(field: str, value: float) -> str:
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
