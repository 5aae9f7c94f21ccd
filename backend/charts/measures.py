"""The artifacts of runs as charts place them: by what was measured of each."""

from collections.abc import Sequence
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


def places(results: Sequence[StageResult]) -> list[Place]:
    """Every artifact with a measured accuracy, in the order of the stages."""
    return [
        Place(
            stage=result.stage,
            label=result.label,
            exporter=measure.exporter,
            artifact=measure.artifact,
            values=values(result, measure),
            latency=measure.latency,
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
    batch = f" at batch {field.split('@')[1]}" if measure.by_batch else ""
    unit = {"share": "", "": ""}.get(measure.unit, f", {measure.unit}")
    ticks = "~g" if measure.unit == "ms" else "~s"  # 0.03 ms, not 30m ms
    scale = {"type": "log"} if wide(numbers) else {"type": "linear", "rangemode": "tozero"}
    return {"title": {"text": f"{measure.title}{batch}{unit}".lower()}, "tickformat": ticks, **scale}
