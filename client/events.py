"""Events of a run. Each kind is a class: `match event: case Diagnostic(text=text): …`.

They arrive in order; `seq` counts 1, 2, 3… for each run.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from client.deprecated import warn
from client.wire.connection import Wire
from client.wire.models import Columns, RunState, StreamEvent


class Event(StreamEvent):
    """Base of all events. An event of a kind that this client does not know is a plain Event with its body."""

    KIND: ClassVar[str] = ""

    body: dict[str, Any] = Field(repr=False)
    columns: None = Field(default=None, repr=False)
    """Always None: a Points event has the columns as fields of its own."""


class Points(Event, Columns):
    """Values of some metrics at the same steps. `times` are seconds of active training since the run started."""

    KIND = "points"

    bucketed: int | None = None
    """Number of steps in the original when there were too many to send; these steps keep the minima and maxima."""


class StateChanged(Event):
    KIND = "state"

    state: RunState
    reason: str | None = None


class StageBegan(Event):
    KIND = "stage_began"

    stage: int
    stage_kind: str = Field(validation_alias="body_kind")
    label: str
    step: int


class StageEnded(StageBegan):
    KIND = "stage_ended"


class Checkpointed(Event):
    """Written checkpoint: `artifact` is its id, `seconds` the time to write it."""

    KIND = "checkpoint"

    stage: int
    step: int
    artifact: str
    seconds: float


class Rewound(Event):
    """Return to an earlier step: earlier points with a greater step are no longer valid."""

    KIND = "rewind"

    step: int
    reason: str


class Summarized(Event):
    """New summary, such as a confusion matrix: the figures that draw it have changed."""

    KIND = "summary"

    summary: str = Field(validation_alias="body_kind")
    stage: int
    step: int


class Diagnostic(Event):
    """Finding of the diagnostics, in plain words."""

    KIND = "diagnostic"

    code: str
    text: str
    remedy: str
    stage: int
    step: int


class Alerted(Event):
    """Condition of one of the spec's alerts that is now true. `then` is the reaction: `report`, `pause` or `stop`."""

    KIND = "alert"

    alert: int
    metric: str
    step: int
    text: str
    then: str


class Commanded(Event):
    """Outcome of a command: `state` is `obeyed` or `refused`, `why` the reason that its sender gave.

    A `set` also has the path of the live parameter with its old and new value; `stages` has the old and new stages to come.
    """

    KIND = "command"

    command: str
    command_kind: str = Field(validation_alias="body_kind")
    by: str
    step: int
    state: str
    why: str | None = None
    note: str | None = None
    path: str | None = None
    old: Any = None
    new: Any = None


class Forked(Event):
    """Start of a fork: everything before is copied from `parent`, up to a checkpoint. `stage` is the index of the fork's first
    own stage."""

    KIND = "forked"

    parent: str
    name: str
    checkpoint: str
    artifact: str
    stage: int
    step: int


class Logged(Event):
    KIND = "log"

    level: str
    text: str


KINDS: Mapping[str, type[Event]] = {
    kind.KIND: kind
    for kind in (
        *(Points, StateChanged, StageBegan, StageEnded, Checkpointed, Rewound),
        *(Summarized, Diagnostic, Alerted, Commanded, Forked, Logged),
    )
}


OLD_NAMES: dict[str, type[Event]] = {"Verdict": Diagnostic, "Exhibited": Summarized}


def __getattr__(name: str) -> type[Event]:
    """The classes of events that had another name in 0.1."""
    if name not in OLD_NAMES:
        raise AttributeError(f"module `client.events` has no attribute `{name}`")
    warn(name, OLD_NAMES[name].__name__)
    return OLD_NAMES[name]


def event(data: Mapping[str, Any]) -> Event:
    """Parses an event of the server. Its body and its columns become fields."""
    body = data["body"]
    fields = {**body, "body_kind": body.get("kind"), **(data.get("columns") or {}), **data, "columns": None}
    return KINDS.get(data["kind"], Event).model_validate(fields)


def fetch(wire: Wire, run_id: str, after: int = 0) -> list[Event]:
    """All events of the run after the one with this `seq`, except points, fetched page by page."""
    found: list[Event] = []
    while page := wire.get(f"/api/runs/{run_id}/events", {"after": found[-1].seq if found else after}):
        found += [event(data) for data in page]
    return found
