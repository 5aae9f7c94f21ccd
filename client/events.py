"""Events of a run, each kind a class of its own: `match event: case Verdict(text=text): …`.

They come in order; `seq` counts 1, 2, 3… for each run.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from client.wire.connection import Wire
from client.wire.models import Columns, RunState, StreamEvent


class Event(StreamEvent):
    """Anything that happened to a run. A kind that this client does not know yet is a plain Event with its body."""

    KIND: ClassVar[str] = ""

    body: dict[str, Any] = Field(repr=False)
    columns: None = Field(default=None, repr=False)
    """Always None: a Points event has the columns as fields of its own."""


class Points(Event, Columns):
    """Values of some metrics at the same steps; `times` are seconds of active training since the run began."""

    KIND = "points"

    bucketed: int | None = None
    """Number of steps that these stand for, when there were too many: minima and maxima are among them."""


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
    """A checkpoint was written: `artifact` is its id, `seconds` what it took."""

    KIND = "checkpoint"

    stage: int
    step: int
    artifact: str
    seconds: float


class Rewound(Event):
    """Points with a greater step that came before are withdrawn."""

    KIND = "rewind"

    step: int
    reason: str


class Exhibited(Event):
    """Something to be shown, such as a confusion matrix: the figures that draw it have changed."""

    KIND = "exhibit"

    exhibit: str = Field(validation_alias="body_kind")
    stage: int
    step: int


class Verdict(Event):
    """What the diagnosis says in plain words."""

    KIND = "verdict"

    code: str
    text: str
    remedy: str
    stage: int
    step: int


class Alerted(Event):
    """One of the spec's alerts was met; `then` says what was asked of the run: `tell`, `pause` or `stop`."""

    KIND = "alert"

    alert: int
    metric: str
    step: int
    text: str
    then: str


class Commanded(Event):
    """What became of a command: `state` is `obeyed` or `refused`, `why` what was said when it was asked.

    Of `set` also the knob, what it was and what it is; of `stages` those that were to come, and those that are.
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
    """All before is the past of `parent`, up to a checkpoint; `stage` is the index of the first stage of its own."""

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
        *(Exhibited, Verdict, Alerted, Commanded, Forked, Logged),
    )
}


def event(data: Mapping[str, Any]) -> Event:
    """The event that the server sent. Its body and its columns become fields."""
    body = data["body"]
    fields = {**body, "body_kind": body.get("kind"), **(data.get("columns") or {}), **data, "columns": None}
    return KINDS.get(data["kind"], Event).model_validate(fields)


def happened(wire: Wire, run_id: str, after: int = 0) -> list[Event]:
    """Every event of the run after this one, except points. They are fetched page by page."""
    found: list[Event] = []
    while page := wire.get(f"/api/runs/{run_id}/events", {"after": found[-1].seq if found else after}):
        found += [event(data) for data in page]
    return found
