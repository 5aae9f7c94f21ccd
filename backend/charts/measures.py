"""The artifacts of runs as charts place them: by what was measured of each."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from backend.domain.measures import QUALITIES, Measured, measure_of, quality_of, values
from backend.domain.run.results import ArtifactMeasure, Latency, StageResult

UNKNOWN = "unknown"
"""Machine of a file that a release timed which did not say."""


@dataclass(frozen=True, eq=False, slots=True)
class File:
    """One artifact that a runtime loaded and ran."""

    stage: int
    label: str
    exporter: str
    artifact: str
    runtime: str
    devices: tuple[str, ...]  # on which it was timed
    samples: int | None = None  # of the test split that it was judged on
    machine: str = UNKNOWN  # that timed it


@dataclass(frozen=True, eq=False)
class Place:
    """An artifact and what was measured of it."""

    file: File
    values: Measured
    latency: Sequence[Latency]


def places(results: Sequence[StageResult], formats: Collection[str] = (), devices: Collection[str] = ()) -> list[Place]:
    """Every artifact whose quality was measured, in the order of the stages; of these formats and timed on one of these
    devices, where any are named."""
    found = [
        Place(_file(result, measure), values(result, measure), measure.latency)
        for result in results
        for measure in result.measures
        if any(getattr(measure, quality) is not None for quality in QUALITIES)
    ]
    return [place for place in found if is_wanted(place.file, formats, devices)]


def is_wanted(file: File, formats: Collection[str], devices: Collection[str]) -> bool:
    """Returns whether it has one of these formats and was timed on one of these devices; without names any will do."""
    return (not formats or file.exporter in formats) and (not devices or not set(devices).isdisjoint(file.devices))


def _file(result: StageResult, measure: ArtifactMeasure) -> File:
    devices = tuple(sorted({latency.device for latency in measure.latency}))
    return File(
        result.stage,
        result.label,
        measure.exporter,
        measure.artifact,
        measure.runtime or "",
        devices,
        result.test_samples,
        measure.machine or UNKNOWN,
    )


def wide(numbers: ArrayLike) -> bool:
    """Returns whether only a logarithmic axis shows them all."""
    known = np.asarray(numbers, dtype=float)
    return known.size > 0 and known.min() > 0 and bool(known.max() / known.min() > 20)


def axis(field: str, numbers: ArrayLike) -> dict[str, Any]:
    """The axis of a field: its name, its unit, and a scale that shows all of `numbers`."""
    measure = measure_of(field)
    batch = f" at batch {' on '.join(field.split('@')[1:])}" if measure.by_batch else ""
    unit = {"share": "", "": ""}.get(measure.unit, f", {measure.unit}")
    ticks = "~g" if measure.unit in ("ms", "mJ") or "_per_" in field else "~s"  # 0.03 ms, not 30m ms
    scale = {"type": "log"} if wide(numbers) else {"type": "linear", "rangemode": "tozero"}
    title = f"{measure.title[:1].lower()}{measure.title[1:]}{batch}{unit}"
    return {"title": {"text": title}, "tickformat": ticks, **scale}


def comparable(found: Iterable[Place]) -> str:
    """The quality by which these artifacts are compared: the first of those that were measured of any."""
    return quality_of({field for place in found for field in place.values})


def number_format(quality: str) -> str:
    return ".2%" if measure_of(quality).unit == "share" else ".4g"


def quality_axis(quality: str) -> dict[str, Any]:
    """The axis of how well models do, which need not begin at zero."""
    measure = measure_of(quality)
    title = measure.title if quality == "r2" else f"{measure.title[:1].lower()}{measure.title[1:]}"
    return {"title": {"text": title}, "tickformat": ".1%" if measure.unit == "share" else "~g"}
