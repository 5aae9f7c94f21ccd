"""Models of the server's answers, auto-generated from frontend/openapi.json by `make client`: do not edit."""

from client.wire.base import Measured, Reply


class Interval(Reply):
    """Between these two lies the true value of a measured figure, as surely as the interval says."""

    low: float
    high: float


class Ratio(Reply):
    """Time of a call over that of another file, both timed in alternating rounds of one process."""

    against: int
    """Stage that left the other file, which has the same format."""
    ratio: float
    low: float
    """Lower end of the 99.9 % interval of `ratio`, the scatter between loadings included."""
    high: float
    """Upper end of it."""


class Latency(Reply):
    """Wall time of one call of the reloaded artifact, of those calls that the machine's other work did not disturb.

    Results of older releases know no disturbed calls: their times are those of all calls.
    """

    batch_size: int
    device: str
    p50_ms: float
    p95_ms: float
    spread_ms: float
    """Interquartile range of the undisturbed calls, milliseconds."""
    calls: int
    """Timed calls, the disturbed ones included."""
    samples_per_s: float
    p50_interval_ms: Interval | None = None
    """The 95 % interval of `p50_ms`; null where too few calls give none."""
    p95_interval_ms: Interval | None = None
    """The same of `p95_ms`."""
    p50_seen_ms: float | None = None
    """Median of all calls, the disturbed ones included."""
    p95_seen_ms: float | None = None
    """95th percentile of all calls."""
    disturbed: float | None = None
    """Share of the calls that lost a processor, or speed, to other work of the machine; null where that is not known, as
    on a graphics card.
    """
    busy: bool = False
    """True where the machine was busy with other work, so that the times are not the file's own."""
    others_busy: float | None = None
    """Processors that other programs kept busy meanwhile, on average; null where not known."""
    ended: str | None = None
    """Reason why the measuring ended: the intervals were within 5 %, or the time was over."""
    ratios: list[Ratio] = []
    """Its time over that of the stage before and of the first stage."""
    energy_mj: float | None = None
    """Energy of one sample, millijoules; null where nothing on the machine counts it."""
    energy_spread_mj: float | None = None
    """Interquartile range of `energy_mj` over rounds of calls."""


class ArtifactMeasure(Reply):
    """One file that the stage left, and what its own runtime measured in a clean process."""

    exporter: str
    artifact: str
    """Id of the registered file."""
    bytes: int
    """Size of the file on disk, bytes."""
    gzip_bytes: int
    """Size after gzip -6, bytes."""
    runtime: str | None = None
    """Runtime that loaded and ran it; null when the file holds only weights."""
    machine: str | None = None
    """Processor or graphics card that it was timed on; null where unknown."""
    loss: float | None = None
    accuracy: float | None = None
    """Share of the test split that it classifies correctly."""
    r2: float | None = None
    """R² on the test split, where targets are numbers."""
    mae: float | None = None
    """Mean absolute error on the test split, in the targets' unit."""
    load_ms: float | None = None
    """Wall time from the file on disk to a session that can run, decoding included."""
    peak_memory_bytes: int | None = None
    """Peak resident memory that loading and running added."""
    latency: list[Latency] = []
    energy_meter: str | None = None
    """Meter of the energy and the part of the machine that it covers; null without one."""
    operators: dict[str, int] = {}
    """Operators that the runtime really executes, by type."""


class TimeComparison(Reply):
    """Latencies of one batch size on one device, over those of the run's first measured stage in the same runtime."""

    batch_size: int
    device: str
    p50: float
    """Median latency over that of the first stage."""
    p95: float
    """95th percentile of latency over that of the first stage."""
    outcome: str
    """Comparison of the medians: `unclear` when the measuring is not accurate enough to tell, `same_work` when the same
    operators ran on the same shapes, so that only the machine can cause a difference. One of `faster`, `slower`,
    `even`, `unclear`, `same_work`.
    """
    interval: Interval | None = None
    """Interval of `p50` where both files were timed in alternating rounds; else null."""
    busy: bool = False
    """True where the machine was busy while one of them was timed."""
    change: str
    """The change of the median in words."""
    p95_change: str
    """The ratio of the 95th percentiles in words."""


class Comparison(Reply):
    """A file beside the one of the same format that the run's first measured stage left."""

    artifact: str
    exporter: str
    against: str
    """Id of the first stage's file."""
    size: str
    """The change of the size on disk in words."""
    gzip_size: str
    """The change of the size after gzip in words."""
    accuracy: float | None = None
    """Accuracy minus that of the first stage, a share."""
    r2: float | None = None
    """R² minus that of the first stage."""
    times: list[TimeComparison] = []


class StageResult(Measured, Reply):
    """One row of the result table."""

    stage: int
    kind: str
    label: str
    step: int
    seconds: float
    """Time that the stage worked, seconds; pauses and measuring left out."""
    measuring_seconds: float | None = None
    """Time that evaluating it and writing and measuring its files took, seconds; null where unknown."""
    parameters: int
    """Number of parameters."""
    nonzero: int
    """Number of parameters that are not zero."""
    flops: int | None = None
    """Theoretical floating point operations for one sample."""
    two_of_four: int = 0
    """Layers that keep 2 of every 4 weights side by side."""
    two_of_four_fit: int = 0
    """Those of them whose shape sparse tensor cores take."""
    test_samples: int | None = None
    """Samples of the test split that its files were judged on; null where unknown."""
    loss: str | None = None
    """Kind of the loss that each `loss` of the stage is; null where unknown."""
    validation: dict[str, float] = {}
    """Metrics on the validation split: of the first file that a runtime can run, else of the model in memory."""
    weights_sha256: str
    """Hash of the final weights: equal runs have equal hashes."""
    measures: list[ArtifactMeasure] = []
    notes: list[str] = []
    """Plain words on what was gained and what was not, and why."""
    doubts: list[str] = []
    """Reasons not to take it for a success: it is no better than a guess, or no number."""
    reasons: list[str] = []
    """Reasons why it is not smaller, or not faster, than the run's first measured stage."""
    compared: list[Comparison] = []
    """Its files beside those of the run's first measured stage, like with like."""
    headline: str | None = None
    """The same in one sentence: smaller, faster or not, and why; what became of the quality."""


class IncomingModel(Reply):
    """The model as the first stage found it: with fresh weights, evaluated in memory; no file of it is written."""

    parameters: int
    """Number of parameters."""
    nonzero: int
    """Number of parameters that are not zero."""
    validation: dict[str, float] = {}
    """Metrics on the validation split; empty where nobody evaluated it."""
    test: dict[str, float] = {}
    """The same on the test split."""
