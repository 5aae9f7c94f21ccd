"""Commands to a live run, and their bodies."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.domain.run.states import RunState


class CommandKind(StrEnum):
    PAUSE = "pause"
    """Rest between two steps until `resume`; the device stays the run's own."""
    RESUME = "resume"
    """Continue after a pause."""
    STOP = "stop"
    """Finish gracefully: skip the remaining stages, measure, keep what was learnt."""
    CANCEL = "cancel"
    """End now; nothing more is measured."""
    CHECKPOINT = "checkpoint"
    """Write a checkpoint now, and keep it."""
    SET = "set"
    """Set a live parameter of the current training: `ParameterChange`."""
    NEXT = "next"
    """End the stage that trains now, measure it, and continue with the next one."""
    STAGES = "stages"
    """Replace the stages that have not started: `Stages`."""


THE_SPEC = "the spec"
"""Name that stands for the person when the spec itself set a live parameter."""


class CommandState(StrEnum):
    PENDING = "pending"
    OBEYED = "obeyed"
    REFUSED = "refused"


ACCEPTING: Mapping[CommandKind, frozenset[RunState]] = {
    CommandKind.PAUSE: frozenset({RunState.RUNNING}),
    CommandKind.RESUME: frozenset({RunState.PAUSED}),
    CommandKind.STOP: frozenset({RunState.QUEUED, RunState.RUNNING, RunState.PAUSED}),
    CommandKind.CANCEL: frozenset({RunState.QUEUED, RunState.RUNNING, RunState.PAUSED}),
    CommandKind.CHECKPOINT: frozenset({RunState.RUNNING, RunState.PAUSED}),
    CommandKind.SET: frozenset({RunState.RUNNING, RunState.PAUSED}),
    CommandKind.NEXT: frozenset({RunState.RUNNING, RunState.PAUSED}),
    CommandKind.STAGES: frozenset({RunState.RUNNING, RunState.PAUSED}),
}
"""The states in which a run can take a command of a kind."""


class ParameterChange(BaseModel):
    """New value of one live parameter: the body of `set`, and the effect of a command."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(
        min_length=1,
        max_length=200,
        description="The live parameter, within the recipe: `optimizer.lr`, `regularizers[0].strength`.",
    )
    value: float | int | bool | str = Field(union_mode="left_to_right", description="New value.")


class PlannedCommand(BaseModel):
    """A command that the spec gives at a step, without a person: a steered run is replayed in this way."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["set", "next"] = Field(
        default="set", description="`set` sets a live parameter; `next` ends the training that does this step."
    )
    step: int = Field(ge=0, description="After so many steps of the whole run.", json_schema_extra={"x-unit": "steps"})
    path: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="The live parameter that is `set`, within the recipe: `optimizer.lr`, `regularizers[0].strength`.",
    )
    value: float | int | bool | str | None = Field(
        default=None, union_mode="left_to_right", description="New value of the live parameter."
    )


class Stages(BaseModel):
    """The body of `stages`: the stages after the current one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stages: list[dict[str, Any]] = Field(max_length=32, description="The stages that are still to come, in order.")


class Nothing(BaseModel):
    """The body of every other command."""

    model_config = ConfigDict(extra="forbid", frozen=True)


BODIES: Mapping[CommandKind, type[BaseModel]] = {CommandKind.SET: ParameterChange, CommandKind.STAGES: Stages}


def body_of(kind: CommandKind, body: Mapping[str, Any]) -> BaseModel:
    """The body of a command, typed. Raises pydantic's ValidationError."""
    return BODIES.get(kind, Nothing).model_validate(body)
