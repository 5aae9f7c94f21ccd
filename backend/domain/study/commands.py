"""Commands to a study, and their bodies."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.domain.study.space import Dimension
from backend.domain.study.study import MAX_TRIALS, StudyState


class StudyCommandKind(StrEnum):
    PAUSE = "pause"
    """Begin no trial until `resume`; those that run go on."""
    RESUME = "resume"
    STOP = "stop"
    """Begin no trial any more: `Stop`."""
    EXTEND = "extend"
    """A larger budget, after the end too: `Extend`."""
    ENQUEUE = "enqueue"
    """Try this next: `Enqueue`."""
    NARROW = "narrow"
    """Draw from a smaller space from now on: `Narrow`."""


_BEFORE_THE_END = frozenset({StudyState.RUNNING, StudyState.PAUSED})
_AFTERWARDS_TOO = _BEFORE_THE_END | {StudyState.FINISHED, StudyState.STOPPED}
ACCEPTING: Mapping[StudyCommandKind, frozenset[StudyState]] = {
    StudyCommandKind.PAUSE: frozenset({StudyState.RUNNING}),
    StudyCommandKind.RESUME: frozenset({StudyState.PAUSED}),
    StudyCommandKind.STOP: _BEFORE_THE_END | {StudyState.STOPPING},
    StudyCommandKind.EXTEND: _AFTERWARDS_TOO,
    StudyCommandKind.ENQUEUE: _AFTERWARDS_TOO,
    StudyCommandKind.NARROW: _BEFORE_THE_END,
}
"""The states in which a study can take a command of a kind."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(_Body):
    """The body of `pause` and `resume`."""


class Stop(_Body):
    running: Literal["finish", "cancel"] = Field(default="finish", description="Treatment of running trials.")


class Extend(_Body):
    """Addition to the budget; a limit that was not there stays away."""

    trials: int = Field(default=0, ge=0, le=MAX_TRIALS)
    hours: float = Field(default=0, ge=0, le=100_000)
    joules: float = Field(default=0, ge=0, le=1e12)


class Enqueue(_Body):
    values: dict[str, Any] = Field(
        max_length=50, description="Field -> what it holds; all fields of the space that apply."
    )


class Narrow(_Body):
    space: list[Dimension] = Field(
        min_length=1, max_length=50, description="The fields that are varied from now on within less; the others stay."
    )


BODIES: Mapping[StudyCommandKind, type[BaseModel]] = {
    StudyCommandKind.STOP: Stop,
    StudyCommandKind.EXTEND: Extend,
    StudyCommandKind.ENQUEUE: Enqueue,
    StudyCommandKind.NARROW: Narrow,
}


def body_of(kind: StudyCommandKind, body: Mapping[str, Any]) -> BaseModel:
    """The body of a command, typed. Raises pydantic's ValidationError."""
    return BODIES.get(kind, Nothing).model_validate(body)
