"""Schemas of runs in requests and responses. Apart from the tables, so that either can change."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import Experiment
from backend.domain.experiment.resolve import ResolvedField
from backend.domain.experiment.upload_facts import Facts
from backend.domain.experiment.variants import Variant
from backend.domain.problems import Problem
from backend.domain.run.events import EventKind
from backend.domain.run.results import IncomingModel, StageResult
from backend.domain.run.states import Awaited, RunState


class Request(BaseModel):
    """A request body: unknown fields are refused, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Error(BaseModel):
    """Answer of every failed request."""

    error: str = Field(description="Name of the error, such as `RunNotFound`.")
    detail: str = Field(description="One sentence: what is wrong and what would be right.")
    path: str | None = Field(default=None, description="The field that is wrong, such as `stages[1].method.sparsity`.")
    problems: list[Problem] = Field(
        default=[], description="Everything that is wrong, when that is more than one thing."
    )


class SpecDraft(Request):
    spec: dict[str, Any] | str = Field(description="The spec, as a mapping or as YAML/JSON text.")


class StageEstimate(BaseModel):
    label: str
    steps: int | None = Field(description="Optimizer steps, where the data's size is published; null otherwise.")


class Estimate(BaseModel):
    """Estimated cost of an experiment, as far as that is known before it runs."""

    steps: int | None = Field(description="Optimizer steps of all stages.")
    seconds: float | None = Field(
        description="Expected time, from earlier runs of the same data and model; null without one."
    )
    stages: list[StageEstimate] = []


class SpecChecked(BaseModel):
    """Result of checking a draft against the catalog."""

    experiment: Experiment | None = Field(description="The canonical spec; null while there are problems.")
    document: Any = Field(description="The draft as parsed from text, unresolved; null when it does not parse.")
    yaml: str = Field(description="The canonical spec as YAML, or the draft as it was while there are problems.")
    problems: list[Problem] = []
    fields: dict[str, ResolvedField] = Field(
        default={},
        description="Path -> the field as it was resolved; also while there are problems, as far as it goes.",
    )
    notes: list[str] = Field(default=[], description="Older words of the draft, and what they are called now.")
    estimate: Estimate | None = None


class Tryout(BaseModel):
    """The least experiment around one component."""

    spec: dict[str, Any]


class CatalogNow(Catalog):
    """The catalog, and whether any worker stands behind it."""

    tried: list[str] = Field(
        description="Families whose components can be tried in an experiment, in the order in which a spec names them."
    )

    stale: bool = Field(
        description="No worker is at work: this is what the last one could do, until the next is ready and has announced "
        "what it can, new plug-ins among it."
    )


class Template(BaseModel):
    """A spec that runs as it is."""

    id: str
    title: str
    summary: str
    minutes: float | None = Field(default=None, description="About how long it takes on two CPU cores, minutes.")
    spec: dict[str, Any]
    seeds: list[int] | None = None
    variants: list[Variant] | None = Field(default=None, description="Variants to compare; null for a single run.")
    orders: list[int] | None = Field(default=None, description="Stages that are run in every order, to be compared.")
    study: dict[str, Any] | None = Field(
        default=None,
        description="A study of the spec's fields, without its name and its spec; null for runs.",
    )


class StageSummary(BaseModel):
    index: int
    kind: str
    label: str
    state: Literal["pending", "running", "done"]


class QueuePlace(BaseModel):
    """Place of a queued run, and what it waits for."""

    awaits: Awaited
    ahead: int = Field(description="Runs that are at work or begin before it; 0 when a worker is free for it.")
    seconds: float | None = Field(
        description="Until a worker is free for it; null where the pace of a run before it is not known."
    )


class RunRow(BaseModel):
    """A run as a table shows it."""

    id: str
    experiment_id: str
    group_id: str | None = Field(default=None, description="The group that it was submitted with, to be compared.")
    study_id: str | None = Field(default=None, description="The study that it is a trial of.")
    trial: int | None = Field(default=None, description="Number of the trial in its study, from 0.")
    name: str
    color: str = Field(description="The run's colour on every chart and page, `#rrggbb`.")
    seed: int
    state: RunState
    error: str | None = None
    note: str | None = Field(
        default=None, description="Current danger to the run, in a sentence; null when all is well."
    )
    parent_id: str | None = Field(default=None, description="The run whose prefix it begins with.")
    fork_step: int | None = Field(default=None, description="Optimizer steps that it took over from there.")
    fork_stage: int | None = Field(default=None, description="Index of the first stage that is its own, of a fork.")
    waits_for: str | None = Field(default=None, description="The run that it waits for, to begin with its prefix.")
    waits_stage: int | None = Field(default=None, description="Index of the stage whose end it waits for.")
    counterfactual_of: str | None = Field(default=None, description="The run that it shows without one command.")
    counterfactual_seq: int | None = Field(default=None, description="The event of that run that reports the command.")
    dataset: str = Field(description="Kind of the data.")
    model: str = Field(description="Kind of the model.")
    stage: int | None = Field(description="Index of the stage it is in.")
    stages: list[StageSummary] = []
    step: int
    total_steps: int | None
    active_seconds: float = Field(
        description="Time that this run's own stages worked, seconds: queueing, pauses, measuring and the prefix that a "
        "fork began with left out."
    )
    latest: dict[str, float] = Field(default={}, description="Each metric's last finite value.")
    last_seq: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    heartbeat_at: datetime | None
    queue: QueuePlace | None = Field(
        default=None,
        description="Its place while it is queued. Rows of the stream leave it out, since it changes without them.",
    )


class ArtifactRow(BaseModel):
    id: str
    run_id: str
    kind: str
    stage: int
    step: int
    bytes: int
    sha256: str
    created_at: datetime


class Relative(BaseModel):
    """A run that is related to another one by a fork, a wait or a comparison."""

    id: str
    name: str
    state: RunState
    color: str
    relation: Literal["parent", "child", "awaited", "waiting", "original", "counterfactual"] = Field(
        description="Relation to the run: `awaited` is the run that this one waits for, `waiting` a run that waits for this one, "
        "`original` the run that this one repeats without a command, `counterfactual` a run that repeats this one so."
    )
    stage: int | None = Field(description="Index of the first stage that only the younger of the two runs has.")
    step: int | None = Field(description="Optimizer steps that both runs share; null while one waits.")


class RunDetail(RunRow):
    """A run with everything but its points."""

    spec: Experiment
    results: list[StageResult] = []
    incoming: IncomingModel | None = Field(
        default=None, description="The model before the first stage; null until that begins, and where nobody looked."
    )
    artifacts: list[ArtifactRow] = []
    summaries: list[str] = Field(default=[], description="Kinds of summaries that it has shown so far.")
    relatives: list[Relative] = Field(default=[], description="The run's parent first, then its forks by age.")
    inherited_seconds: float = Field(
        default=0.0, description="`active_seconds` of the prefix that a fork began with, which its own leave out."
    )
    measuring_seconds: float | None = Field(
        default=None, description="Time that measuring its own stages took, seconds; null where none was told."
    )


class RunPage(BaseModel):
    runs: list[RunRow]
    next: str | None = Field(description="Cursor of the next page; null on the last.")
    counts: dict[RunState, int] = Field(default={}, description="Number of runs in each state, over all pages.")


class Columns(BaseModel):
    """Some metrics at the same steps. Numbers that JSON lacks are the strings "NaN", "Infinity" and "-Infinity"."""

    stage: int
    steps: list[int]
    times: list[float] = Field(description="Seconds of active training since the run began.")
    metrics: dict[str, list[float | str]]


class Series(BaseModel):
    """One metric of one run, bucketed to a number of pixels with each bucket's minimum and maximum kept."""

    metric: str
    steps: list[int]
    times: list[float]
    values: list[float | str]
    points: int = Field(description="Number of stored points that these values stand for.")


class Points(BaseModel):
    run_id: str
    seq: int = Field(description="Last event that these points include: continue the live stream after it.")
    series: list[Series]


class StreamEvent(BaseModel):
    """One event of the live stream (SSE `event: run`). The SSE `id` is the cursor for `Last-Event-ID`."""

    run_id: str
    seq: int
    kind: EventKind
    at: datetime
    body: dict[str, Any]
    columns: Columns | None = Field(default=None, description="The points of a `points` event.")


class WorkerRow(BaseModel):
    id: str
    name: str
    device: dict[str, Any]
    run_id: str | None
    started_at: datetime
    heartbeat_at: datetime
    gone: bool


class Check(BaseModel):
    """State of one thing that the server needs for its work."""

    name: str = Field(description="`database`, `disk`, `queue`, `leases` or `workers`.")
    ok: bool
    sentence: str


class QueueView(BaseModel):
    workers: list[WorkerRow]
    queued: int
    running: int
    complaints: list[Check] = Field(
        default=[], description="Failed checks of what the server needs; empty when it is ready."
    )


class UploadRow(BaseModel):
    """Uploaded data as a list shows them."""

    id: str
    name: str
    kind: Literal["table", "arrays", "text"]
    bytes: int = Field(description="Size of what was sent.")
    sha256: str
    rows: int = Field(description="Samples; characters of a text.")
    columns: int = Field(description="Columns of a table; targets beside arrays.")
    shape: list[int] | None = Field(description="Shape of one sample of arrays; null for a table.")
    created_at: datetime


class UploadDetail(UploadRow):
    """Uploaded data with all findings of the check."""

    traits: list[str] = Field(description="Traits that they provide to a spec that names only their id.")
    facts: Facts
