"""Measurements of a finished stage. Every number says whether it was measured or only computed."""

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, Field


class Ratio(BaseModel):
    """Time of a call over that of another file, both timed in alternating rounds of one process."""

    against: int = Field(description="Stage that left the other file, which has the same format.")
    ratio: float
    low: float = Field(
        description="Lower end of the 99.9 % interval of `ratio`, the scatter between loadings included."
    )
    high: float = Field(description="Upper end of it.")


class Interval(BaseModel):
    """Between these two lies the true value of a measured figure, as surely as the interval says."""

    low: float
    high: float


class Latency(BaseModel):
    """Wall time of one call of the reloaded artifact, of those calls that the machine's other work did not disturb.

    Results of older releases know no disturbed calls: their times are those of all calls.
    """

    batch_size: int
    device: str
    p50_ms: float
    p95_ms: float
    spread_ms: float = Field(description="Interquartile range of the undisturbed calls, milliseconds.")
    calls: int = Field(description="Timed calls, the disturbed ones included.")
    samples_per_s: float
    p50_interval_ms: Interval | None = Field(
        default=None, description="The 95 % interval of `p50_ms`; null where too few calls give none."
    )
    p95_interval_ms: Interval | None = Field(default=None, description="The same of `p95_ms`.")
    p50_seen_ms: float | None = Field(default=None, description="Median of all calls, the disturbed ones included.")
    p95_seen_ms: float | None = Field(default=None, description="95th percentile of all calls.")
    disturbed: float | None = Field(
        default=None,
        description="Share of the calls that lost a processor, or speed, to other work of the machine; null where that is "
        "not known, as on a graphics card.",
    )
    busy: bool = Field(
        default=False,
        description="True where the machine was busy with other work, so that the times are not the file's own.",
    )
    others_busy: float | None = Field(
        default=None,
        description="Processors that other programs kept busy meanwhile, on average; null where not known.",
    )
    ended: Literal["settled", "budget"] | None = Field(
        default=None,
        description="Reason why the measuring ended: the intervals were within 5 %, or the time was over.",
    )
    ratios: list[Ratio] = Field(
        default=[], description="Its time over that of the stage before and of the first stage."
    )
    energy_mj: float | None = Field(
        default=None, description="Energy of one sample, millijoules; null where nothing on the machine counts it."
    )
    energy_spread_mj: float | None = Field(
        default=None, description="Interquartile range of `energy_mj` over rounds of calls."
    )


class ArtifactMeasure(BaseModel):
    """One file that the stage left, and what its own runtime measured in a clean process."""

    exporter: str
    artifact: str = Field(description="Id of the registered file.")
    bytes: int = Field(description="Size of the file on disk, bytes.")
    gzip_bytes: int = Field(description="Size after gzip -6, bytes.")
    runtime: str | None = Field(
        default=None, description="Runtime that loaded and ran it; null when the file holds only weights."
    )
    machine: str | None = Field(
        default=None, description="Processor or graphics card that it was timed on; null where unknown."
    )
    loss: float | None = None
    accuracy: float | None = Field(default=None, description="Share of the test split that it classifies correctly.")
    r2: float | None = Field(default=None, description="R² on the test split, where targets are numbers.")
    mae: float | None = Field(default=None, description="Mean absolute error on the test split, in the targets' unit.")
    load_ms: float | None = Field(
        default=None, description="Wall time from the file on disk to a session that can run, decoding included."
    )
    peak_memory_bytes: int | None = Field(
        default=None, description="Peak resident memory that loading and running added."
    )
    latency: list[Latency] = []
    energy_meter: str | None = Field(
        default=None, description="Meter of the energy and the part of the machine that it covers; null without one."
    )
    operators: dict[str, int] = Field(default={}, description="Operators that the runtime really executes, by type.")


Outcome = Literal["faster", "slower", "even", "unclear", "same_work"]


class TimeComparison(BaseModel):
    """Latencies of one batch size on one device, over those of the run's first measured stage in the same runtime."""

    batch_size: int
    device: str
    p50: float = Field(description="Median latency over that of the first stage.")
    p95: float = Field(description="95th percentile of latency over that of the first stage.")
    outcome: Outcome = Field(
        description="Comparison of the medians: `unclear` when the measuring is not accurate enough to tell, `same_work` when "
        "the same operators ran on the same shapes, so that only the machine can cause a difference."
    )
    interval: Interval | None = Field(
        default=None, description="Interval of `p50` where both files were timed in alternating rounds; else null."
    )
    busy: bool = Field(default=False, description="True where the machine was busy while one of them was timed.")
    change: str = Field(description="The change of the median in words.")
    p95_change: str = Field(description="The ratio of the 95th percentiles in words.")


class Comparison(BaseModel):
    """A file beside the one of the same format that the run's first measured stage left."""

    artifact: str
    exporter: str
    against: str = Field(description="Id of the first stage's file.")
    size: str = Field(description="The change of the size on disk in words.")
    gzip_size: str = Field(description="The change of the size after gzip in words.")
    accuracy: float | None = Field(default=None, description="Accuracy minus that of the first stage, a share.")
    r2: float | None = Field(default=None, description="R² minus that of the first stage.")
    times: list[TimeComparison] = []


class StageResult(BaseModel):
    """One row of the result table."""

    stage: int
    kind: str
    label: str
    step: int
    seconds: float = Field(description="Time that the stage worked, seconds; pauses and measuring left out.")
    measuring_seconds: float | None = Field(
        default=None,
        description="Time that evaluating it and writing and measuring its files took, seconds; null where unknown.",
    )
    parameters: int = Field(description="Number of parameters.")
    nonzero: int = Field(description="Number of parameters that are not zero.")
    flops: int | None = Field(default=None, description="Theoretical floating point operations for one sample.")
    two_of_four: int = Field(default=0, description="Layers that keep 2 of every 4 weights side by side.")
    two_of_four_fit: int = Field(default=0, description="Those of them whose shape sparse tensor cores take.")
    test_samples: int | None = Field(
        default=None, description="Samples of the test split that its files were judged on; null where unknown."
    )
    loss: str | None = Field(
        default=None, description="Kind of the loss that each `loss` of the stage is; null where unknown."
    )
    validation: dict[str, float] = Field(
        default={},
        description="Metrics on the validation split: of the first file that a runtime can run, else of the model in memory.",
    )
    weights_sha256: str = Field(description="Hash of the final weights: equal runs have equal hashes.")
    measures: list[ArtifactMeasure] = []
    notes: list[str] = Field(default=[], description="Plain words on what was gained and what was not, and why.")
    doubts: list[str] = Field(
        default=[], description="Reasons not to take it for a success: it is no better than a guess, or no number."
    )
    reasons: list[str] = Field(
        default=[], description="Reasons why it is not smaller, or not faster, than the run's first measured stage."
    )
    compared: list[Comparison] = Field(
        default=[], description="Its files beside those of the run's first measured stage, like with like."
    )
    headline: str | None = Field(
        default=None,
        description="The same in one sentence: smaller, faster or not, and why; what became of the quality.",
    )


class IncomingModel(BaseModel):
    """The model as the first stage found it: with fresh weights, evaluated in memory; no file of it is written."""

    parameters: int = Field(description="Number of parameters.")
    nonzero: int = Field(description="Number of parameters that are not zero.")
    validation: dict[str, float] = Field(
        default={}, description="Metrics on the validation split; empty where nobody evaluated it."
    )
    test: dict[str, float] = Field(default={}, description="The same on the test split.")


INCOMING = "incoming"
"""Kind of the summary that holds an `IncomingModel`."""


def own(results: Sequence[StageResult], fork_stage: int | None) -> list[StageResult]:
    """Those of the stages that are a run's own: all, but for a fork, which took over the ones before `fork_stage`."""
    return [result for result in results if result.stage >= (fork_stage or 0)]


def measuring(results: Iterable[StageResult]) -> float | None:
    """Seconds that measuring them took together; None where none of them tells."""
    reported = [result.measuring_seconds for result in results if result.measuring_seconds is not None]
    return sum(reported) if reported else None
