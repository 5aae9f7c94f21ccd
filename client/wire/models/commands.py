"""Models of the server's answers, auto-generated from frontend/openapi.json by `make client`: do not edit."""

from datetime import datetime
from typing import Any

from client.wire.base import Reply, Word


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
