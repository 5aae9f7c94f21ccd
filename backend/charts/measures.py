"""The artifacts of runs as charts place them: by what was measured of each."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from backend.spec.measures import Measured, measure_of, values
from backend.spec.results import Latency, StageResult


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
