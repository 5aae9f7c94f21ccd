"""Anything that happens to a run, in order. `seq` counts 1, 2, 3… per run, without a gap.

| kind        | body                                                                       |
|-------------|----------------------------------------------------------------------------|
| points      | {} (the columns are the event's chunk, see `backend.store.chunks`)          |
| state       | {state, reason?}                                                           |
| stage_began | {stage, kind, label, step}                                                 |
| stage_ended | {stage, kind, label, step}                                                 |
| checkpoint  | {step, stage, artifact, seconds, trains}: `trains` when it was taken between two steps of a training |
| rewind      | {step, reason}: points with a greater step that came before are withdrawn  |
| summary     | {kind, stage, step}: something to be shown, see `backend.store.summaries`    |
| diagnostic     | {code, text, remedy, stage, step}: what the diagnosis says in plain words  |
| alert       | {alert, metric, step, text, then}: one of the spec's `alerts` was met          |
| command     | {command, kind, by, step, state, why?, note?}: `why` is what the asker said of it; of `set` path, old, new too; |
|             | of `stages` all stages as they are then, and of those to come the old and the new ones |
| forked      | {parent, name, checkpoint, artifact, stage, step}: all before is the parent's prefix, up to its `checkpoint`, |
|             | of which `artifact` is this run's own; `stage` is the first of its own |
| log         | {level, text}                                                              |
"""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict


class EventKind(StrEnum):
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


class NewEvent(BaseModel):
    """An event that has no number yet: `seq` is given by the store, under the lease's fence."""

    model_config = ConfigDict(frozen=True)

    kind: EventKind
    body: dict[str, Any] = {}
    chunk: bytes | None = None
