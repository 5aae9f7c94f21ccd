"""Models of the server's answers, auto-generated from frontend/openapi.json by `make client`: do not edit."""

from datetime import datetime
from typing import Any

from client.wire.base import Measured, Reply, State, Word


class Family(Reply):
    """A kind of component, such as `optimizers`."""

    name: str
    summary: str
    """Purpose of the family, one line."""
    default: str
    """Kind that is used when a spec names none; empty when the spec must name one."""
    defaults: dict[str, str] = {}
    """Trait -> default kind for data sets with that trait."""
    examples: list[str] = []
    """Kinds that components of other families are tried with, the first that fits."""


class Provision(Reply):
    """A trait that a component brings or needs, when its own parameters equal `when` (always, when that is empty)."""

    trait: str
    when: dict[str, Any] = {}


class Conflict(Reply):
    """Values that fields of one component cannot have together."""

    path: str
    """The field that would have to change."""
    when: dict[str, Any]
    """Field -> its value; of a field that holds a component also a word of that component's `capabilities`."""
    message: str
    """One sentence with the remedy; `{method}` stands for what the field `method` holds."""


class CatalogEntry(Reply):
    """One component."""

    family: str
    kind: str
    summary: str
    """Summary, one line."""
    description: str
    """The whole description, plain text."""
    formula: str = ""
    reference: str = ""
    parameters: dict[str, Any]
    """JSON Schema of its hyper-parameters, without $refs. `x-family` marks a nested component, `x-inherit` a field that
    takes the last recipe's value, `x-unit` a unit, `x-live` a live parameter that a live run takes, `x-run` text that
    names another run, or a list of such, `x-same-data` that it must know data of one shape, `x-upload` what is said of
    one's own data, `x-constraint` text that is a constraint, `x-measure` text that names what is measured.
    """
    needs: list[str] = []
    """Traits that must be there before it."""
    provides: list[Provision] = []
    """Traits that are there after it."""
    removes: list[str] = []
    """Traits that are gone after it."""
    needs_when: list[Provision] = []
    """Traits that must be there before it when its own parameters equal `when`."""
    capabilities: list[str] = []
    """Words for what it is whatever its parameters, such as `structured`: `conflicts` name them."""
    conflicts: list[Conflict] = []
    """Values that its fields cannot have together."""
    observes: list[str] = []
    """Metrics that it reports, beside those that every training has: `sparsity`."""
    try_with: dict[str, Any] = {}
    """Fields of the part around it, without which it cannot be tried."""
    picture: dict[str, Any] | None = None
    """Drawing of its effect: `lines` {x, y, faint}, `bars` {label, value} or `cells` of shades."""
    facts: dict[str, Any] = {}
    """Published facts, such as a dataset's counts and shape."""
    unavailable: str | None = None
    """Reason why no worker can run it now; null when one can."""


class CatalogNow(Reply):
    """The catalog, and whether any worker stands behind it."""

    families: list[Family] = []
    traits: dict[str, str] = {}
    """Meaning of each trait, in words that follow 'needs'."""
    entries: list[CatalogEntry] = []
    tried: list[str]
    """Families whose components can be tried in an experiment, in the order in which a spec names them."""
    stale: bool
    """No worker is at work: this is what the last one could do, until the next is ready and has announced what it can, new
    plug-ins among it.
    """


class ChartRow(Reply):
    """A chart, and what a run must have for it to show something: one of the metrics, a summary, or results."""

    name: str
    title: str
    group: str
    """One of `training`, `diagnosis`, `data`, `quality`, `results`, `comparison`."""
    metrics: list[str]
    summaries: list[str]
    """Kinds of summaries that it draws."""
    results: bool
    """True when it draws the results of stages."""
    expected: bool
    """True when its place is kept free on the page of a run that has not measured anything yet."""


class CommandKind(Word):
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    CANCEL = "cancel"
    CHECKPOINT = "checkpoint"
    SET = "set"
    NEXT = "next"
    STAGES = "stages"


class CommandState(Word):
    PENDING = "pending"
    OBEYED = "obeyed"
    REFUSED = "refused"


class CommandRow(Reply):
    id: str
    run_id: str
    kind: CommandKind
    by: str
    why: str | None
    state: CommandState
    note: str | None
    created_at: datetime


class Problem(Reply):
    """One mistake: where it is and what would be right."""

    path: str
    """The field, such as `stages[1].method.sparsity`; empty for the whole spec."""
    message: str
    """One sentence: what is wrong and what would be right."""


class Error(Reply):
    """Answer of every failed request."""

    error: str
    """Name of the error, such as `RunNotFound`."""
    detail: str
    """One sentence: what is wrong and what would be right."""
    path: str | None = None
    """The field that is wrong, such as `stages[1].method.sparsity`."""
    problems: list[Problem] = []
    """Everything that is wrong, when that is more than one thing."""


class RunState(State):
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    CANCELLED = "cancelled"


class RunCreated(Reply):
    id: str
    state: RunState


class LeftOut(Reply):
    """An order that does not fit."""

    name: str
    """The stages in that order, such as `quantize → prune`."""
    reason: str
    """One sentence: what does not fit, and where."""


class ExperimentCreated(Reply):
    id: str
    """Id of the experiment, or of the group when there are variants."""
    runs: list[RunCreated]
    left_out: list[LeftOut] = []
    """Orders that do not fit, and why."""
    notes: list[str] = []
    """Older words of the spec, and what they are called now."""


class LiveParameterRow(Reply):
    """A live parameter of a run."""

    path: str
    """Path within the recipe: the `path` of a `set` command."""
    component: str
    """Kind of the component that it belongs to."""
    bounds: dict[str, Any]
    """JSON Schema of its values, with title, description and unit."""
    planned: Any
    """Its value in the spec."""
    value: Any
    """Its current value."""


class Series(Reply):
    """One metric of one run, bucketed to a number of pixels with each bucket's minimum and maximum kept."""

    metric: str
    steps: list[int]
    times: list[float]
    values: list[float]
    points: int
    """Number of stored points that these values stand for."""


class Points(Reply):
    run_id: str
    seq: int
    """Last event that these points include: continue the live stream after it."""
    series: list[Series]


class StageSummary(Reply):
    index: int
    kind: str
    label: str
    state: str
    """One of `pending`, `running`, `done`."""


class Awaited(Word):
    """Condition that a queued run waits for."""

    WORKER = "worker"
    RUN = "run"
    TURN = "turn"


class QueuePlace(Reply):
    """Place of a queued run, and what it waits for."""

    awaits: Awaited
    ahead: int
    """Runs that are at work or begin before it; 0 when a worker is free for it."""
    seconds: float | None
    """Until a worker is free for it; null where the pace of a run before it is not known."""


class RunRow(Reply):
    """A run as a table shows it."""

    id: str
    experiment_id: str
    group_id: str | None = None
    """The group that it was submitted with, to be compared."""
    study_id: str | None = None
    """The study that it is a trial of."""
    trial: int | None = None
    """Number of the trial in its study, from 0."""
    name: str
    color: str
    """The run's colour on every chart and page, `#rrggbb`."""
    seed: int
    state: RunState
    error: str | None = None
    note: str | None = None
    """Current danger to the run, in a sentence; null when all is well."""
    parent_id: str | None = None
    """The run whose prefix it begins with."""
    fork_step: int | None = None
    """Optimizer steps that it took over from there."""
    fork_stage: int | None = None
    """Index of the first stage that is its own, of a fork."""
    waits_for: str | None = None
    """The run that it waits for, to begin with its prefix."""
    waits_stage: int | None = None
    """Index of the stage whose end it waits for."""
    counterfactual_of: str | None = None
    """The run that it shows without one command."""
    counterfactual_seq: int | None = None
    """The event of that run that reports the command."""
    dataset: str
    """Kind of the data."""
    model: str
    """Kind of the model."""
    stage: int | None
    """Index of the stage it is in."""
    stages: list[StageSummary] = []
    step: int
    total_steps: int | None
    active_seconds: float
    """Time that this run's own stages worked, seconds: queueing, pauses, measuring and the prefix that a fork began with
    left out.
    """
    latest: dict[str, float] = {}
    """Each metric's last finite value."""
    last_seq: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    heartbeat_at: datetime | None
    queue: QueuePlace | None = None
    """Its place while it is queued. Rows of the stream leave it out, since it changes without them."""


class Latency(Reply):
    """Wall time of one call of the reloaded artifact."""

    batch_size: int
    device: str
    p50_ms: float
    p95_ms: float
    spread_ms: float
    """Interquartile range of the timed calls, milliseconds."""
    calls: int
    samples_per_s: float
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
    """Comparison of the medians: `unclear` when calls scatter more than the medians differ, `same_work` when the same
    operators ran on the same shapes, so that only the machine can cause a difference. One of `faster`, `slower`,
    `even`, `unclear`, `same_work`.
    """
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


class ArtifactRow(Reply):
    id: str
    run_id: str
    kind: str
    stage: int
    step: int
    bytes: int
    sha256: str
    created_at: datetime


class Relative(Reply):
    """A run that is related to another one by a fork, a wait or a comparison."""

    id: str
    name: str
    state: RunState
    color: str
    relation: str
    """Relation to the run: `awaited` is the run that this one waits for, `waiting` a run that waits for this one,
    `original` the run that this one repeats without a command, `counterfactual` a run that repeats this one so. One of
    `parent`, `child`, `awaited`, `waiting`, `original`, `counterfactual`.
    """
    stage: int | None
    """Index of the first stage that only the younger of the two runs has."""
    step: int | None
    """Optimizer steps that both runs share; null while one waits."""


class RunDetail(RunRow):
    """A run with everything but its points."""

    spec: dict[str, Any]
    results: list[StageResult] = []
    incoming: IncomingModel | None = None
    """The model before the first stage; null until that begins, and where nobody looked."""
    artifacts: list[ArtifactRow] = []
    summaries: list[str] = []
    """Kinds of summaries that it has shown so far."""
    relatives: list[Relative] = []
    """The run's parent first, then its forks by age."""
    inherited_seconds: float = 0.0
    """`active_seconds` of the prefix that a fork began with, which its own leave out."""
    measuring_seconds: float | None = None
    """Time that measuring its own stages took, seconds; null where none was told."""


class RunPage(Reply):
    runs: list[RunRow]
    next: str | None
    """Cursor of the next page; null on the last."""
    counts: dict[str, int] = {}
    """Number of runs in each state, over all pages."""


class EventKind(Word):
    POINTS = "points"
    STATE = "state"
    STAGE_BEGAN = "stage_began"
    STAGE_ENDED = "stage_ended"
    CHECKPOINT = "checkpoint"
    REWIND = "rewind"
    SUMMARY = "summary"
    DIAGNOSTIC = "diagnostic"
    ALERT = "alert"
    COMMAND = "command"
    FORKED = "forked"
    LOG = "log"


class Columns(Reply):
    """Some metrics at the same steps. Numbers that JSON lacks are the strings "NaN", "Infinity" and "-Infinity"."""

    stage: int
    steps: list[int]
    times: list[float]
    """Seconds of active training since the run began."""
    metrics: dict[str, list[float]]


class StreamEvent(Reply):
    """One event of the live stream (SSE `event: run`). The SSE `id` is the cursor for `Last-Event-ID`."""

    run_id: str
    seq: int
    kind: EventKind
    at: datetime
    body: dict[str, Any]
    columns: Columns | None = None
    """The points of a `points` event."""


class StudyState(Word):
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"


class Budget(Reply):
    """Limits of the study: it ends at the first one that is reached."""

    trials: int | None = None
    """Trials, those that are ended early too."""
    hours: float | None = None
    """Time that runs are at work, all of them together."""
    joules: float | None = None
    """Energy that training takes, where the machine counts it."""


class TrialState(Word):
    WAITING = "waiting"
    RUNNING = "running"
    COMPLETE = "complete"
    PRUNED = "pruned"
    FAILED = "failed"


class TrialRow(Reply):
    number: int
    state: TrialState
    assignment: dict[str, Any]
    """Field -> its value."""
    values: list[float]
    """Score for each objective; of a pruned trial the last score before it ended."""
    violation: float
    """Distance by which it misses the constraint; 0 when it meets it."""
    by: str | None
    """Person who enqueued it; null when the sampler chose it."""
    run_id: str | None
    steps: int
    seconds: float
    error: str | None
    began_at: datetime | None
    ended_at: datetime | None


class StudyRow(Reply):
    """A study as a table shows it."""

    id: str
    name: str
    state: StudyState
    error: str | None
    sampler: str
    pruner: str
    objectives: list[str]
    counts: dict[str, int]
    budget: Budget
    best: TrialRow | None
    """The best complete trial that meets the constraint; null for several objectives."""
    created_at: datetime
    finished_at: datetime | None


class Interval(Reply):
    """The 95 % interval of a share (Wilson), from the number of samples."""

    low: float
    high: float


class TradeoffPoint(Reply):
    """One measured artifact: what a constraint query chooses from."""

    run_id: str
    run_name: str
    seed: int
    stage: int
    label: str
    exporter: str
    artifact: str
    runtime: str
    """Runtime that loaded and ran it."""
    devices: list[str]
    """Devices on which it was timed."""
    values: dict[str, float]
    """accuracy, bytes, gzip_bytes, parameters, nonzero, p50_ms@1, p95_ms@64, …"""
    front: bool
    """True on the Pareto front: no other model is at least as good in both quality and cost."""
    samples: int | None
    """Samples of the test split that it was judged on; null where unknown."""
    interval: Interval | None
    """The 95 % interval of its accuracy; null where it is unknown."""
    preparation: str
    """Kind of the preparation of the data."""


class DatasetChoice(Reply):
    """A data set on which models were measured."""

    key: str
    """Name of the data set in a question. Its kind or the id of an upload is accepted too."""
    title: str


class Tradeoffs(Reply):
    """Measured models of one data set: those that meet the constraint, the best first, or those that come nearest to it."""

    points: list[TradeoffPoint]
    """All points when there are at most 600; else the front, the best or nearest, and a spread of the rest."""
    total: int
    """Number of models whose quality was measured."""
    qualifying: list[str]
    """Artifact ids of the points that meet the constraint, the best first."""
    nearest: list[str] = []
    """Artifact ids of the nearest points when none meets the constraint."""
    sentence: str
    """The answer in words."""
    dataset: str
    """Key of the data set of this answer; empty when nothing was measured."""
    datasets: list[DatasetChoice]
    """Data sets to choose from, that of the newest run first."""
    samples: list[int]
    """Sizes of the test splits that the models were judged on."""
    note: str
    """Differences in how the models were measured; empty when there are none."""
    offer: str
    """Proposed bound on quality when the question has none; else empty."""
    fields: dict[str, str] = {}
    """Measures that a question can use -> unit."""
    quality: str
    """Measure of quality that the front uses: accuracy, r2, mae or loss."""
    qualities: list[str]
    """Measures of quality that these runs have."""
    formats: list[str] = []
    """All formats of these runs, also those that the question leaves out."""
    devices: list[str] = []
    """Devices on which the models were timed."""


class TrialPage(Reply):
    trials: list[TrialRow]
    total: int
