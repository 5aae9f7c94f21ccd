"""Messages between the supervisor and its trainer process over their private pipe."""

from dataclasses import dataclass, field
from typing import Any

from backend.domain.run.commands import CommandKind, PlannedCommand
from backend.domain.run.events import EventKind
from backend.domain.run.results import StageResult
from backend.domain.run.states import Place, RunState

# ---- supervisor -> trainer


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint file. `path` is relative to the data folder."""

    id: str
    path: str
    sha256: str
    bytes: int
    stage: int
    step: int
    seconds: float  # active training time when it was taken
    place: Place | None = None
    trains: bool = False  # whether it was taken between two steps of a training
    keep: bool = True  # whether it stays when later ones are there
    replaces: list[str] = field(default_factory=list)  # paths of those whose place it takes once it is registered


@dataclass(frozen=True)
class Source:
    """A model that another run left: its checkpoint, which says how to build it, and what the run learnt from."""

    checkpoint: Checkpoint
    name: str  # of the run
    seed: int
    dataset: dict[str, Any]
    preparation: dict[str, Any]


@dataclass(frozen=True)
class ScheduledCommand:
    """A command that needs no person: the spec schedules it, or a person gave it there before the run was
    interrupted; `known` says that the run's events report it already."""

    made: PlannedCommand
    known: bool = False


@dataclass(frozen=True)
class Assignment:
    """Execute this run, from the checkpoint when there is one. `folder` is relative to the data folder.

    `sources` are the models of other runs that the spec names, by the names it gives them (`run` or `run:stage`).
    `scheduled` is what is to be done on the way without a person; `paused` says that it is to rest where it begins.
    """

    run_id: str
    epoch: int
    seed: int
    spec: dict[str, Any]
    folder: str
    resume: Checkpoint | None = None
    sources: dict[str, Source] = field(default_factory=dict)
    scheduled: list[ScheduledCommand] = field(default_factory=list)
    paused: bool = False


@dataclass(frozen=True)
class Command:
    """A command of a person, to be obeyed at the next step boundary."""

    id: str
    kind: CommandKind
    body: dict[str, Any]
    by: str
    why: str | None = None  # in that person's own words


@dataclass(frozen=True)
class Release:
    """Checkpoint and give the run back: the worker is shutting down."""


@dataclass(frozen=True)
class Renewed:
    """The lease was renewed: the trainer may go on for another while."""


@dataclass(frozen=True)
class Exit:
    """No more runs: end the process."""


ToTrainer = Assignment | Command | Release | Renewed | Exit

# ---- trainer -> supervisor


@dataclass(frozen=True)
class Ready:
    """The trainer has imported torch and found its components."""

    catalog: dict[str, Any]
    device: dict[str, Any]


@dataclass(frozen=True)
class Progress:
    """Position of the run; goes into the run's row with the next write."""

    stage: int
    step: int
    total_steps: int
    seconds: float
    joules: float = 0.0  # taken since the last one


@dataclass(frozen=True)
class Points:
    """One encoded chunk (`backend.store.chunks`) and the last finite value of each of its metrics."""

    chunk: bytes
    latest: dict[str, float]


@dataclass(frozen=True)
class Happened:
    """An event without columns."""

    kind: EventKind
    body: dict[str, Any]


@dataclass(frozen=True)
class Unsaved:
    """A checkpoint could not be written, for the system's own `reason`; the training goes on."""

    step: int
    reason: str


@dataclass(frozen=True)
class Summary:
    """Something to be shown beside the curves, plain JSON: it takes the place of what the run showed there before.

    `kind` names what it is (`confusion`, `histograms`, …); there is one of each kind, stage and step.
    """

    kind: str
    stage: int
    step: int
    body: dict[str, Any]


@dataclass(frozen=True)
class File:
    """A file that a stage left. `path` is relative to the data folder."""

    id: str
    kind: str
    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class StageDone:
    """A stage was measured; becomes a result row, artifact rows and a `stage_ended` event in one transaction."""

    result: StageResult
    files: list[File] = field(default_factory=list)


@dataclass(frozen=True)
class Obeyed:
    """A command was carried out (or could not be, with a note); `effect` is what it changed, for the run's events."""

    command: Command
    step: int
    refused: bool = False
    note: str | None = None
    effect: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Finished:
    """The run is over: a terminal state, or QUEUED when it was released."""

    state: RunState
    error: str | None = None


FromTrainer = Ready | Progress | Points | Happened | Checkpoint | Unsaved | Summary | StageDone | Obeyed | Finished
