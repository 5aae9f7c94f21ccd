"""Results of a finished stage."""

from typing import Literal

from client.reply import Reply


class Latency(Reply):
    """Wall time of one call of the file, loaded again in a clean process."""

    batch_size: int
    device: str
    p50_ms: float
    p95_ms: float
    spread_ms: float
    calls: int
    samples_per_s: float
    energy_mj: float | None = None


class Measure(Reply):
    """One file that the stage left, and what its runtime measured; without a runtime it holds weights alone."""

    exporter: str
    artifact: str
    bytes: int
    gzip_bytes: int
    runtime: str | None = None
    loss: float | None = None
    accuracy: float | None = None
    r2: float | None = None
    mae: float | None = None
    load_ms: float | None = None
    peak_memory_bytes: int | None = None
    latency: list[Latency] = []
    operators: dict[str, int] = {}


class TimeComparison(Reply):
    """Latencies at one batch size on one device, over those of the run's first measured stage in the same runtime."""

    batch_size: int
    device: str
    p50: float
    p95: float
    outcome: Literal["faster", "slower", "even", "unclear", "same_work"]
    told: str
    p95_told: str


class Comparison(Reply):
    """A file beside the one of the same format that the run's first measured stage left."""

    artifact: str
    exporter: str
    against: str
    size: str
    gzip_size: str
    accuracy: float | None = None
    r2: float | None = None
    times: list[TimeComparison] = []


class IncomingModel(Reply):
    """The model before the first stage."""

    parameters: int
    nonzero: int


class StageResult(Reply):
    """One row of the table of results."""

    stage: int
    kind: str
    label: str
    step: int
    seconds: float
    measuring_seconds: float | None = None
    parameters: int
    nonzero: int
    flops: int | None = None
    test_samples: int | None = None
    validation: dict[str, float] = {}
    weights_sha256: str
    measures: list[Measure] = []
    notes: list[str] = []
    reasons: list[str] = []
    compared: list[Comparison] = []
    headline: str | None = None

    @property
    def measured(self) -> Measure | None:
        """The first file that a runtime loaded and ran."""
        return next((measure for measure in self.measures if measure.runtime is not None), None)
