"""Models of the server's answers, auto-generated from frontend/openapi.json by `make client`: do not edit."""

from datetime import datetime
from typing import Any

from client.wire.base import Reply, State, Word
from client.wire.models.results import IncomingModel, StageResult


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
