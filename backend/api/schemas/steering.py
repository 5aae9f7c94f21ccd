"""Schemas of a live run's steering: its commands and its live parameters."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field, field_validator

from backend.api.schemas.runs import Request
from backend.domain.run.commands import CommandKind, CommandState


class NewCommand(Request):
    kind: CommandKind = Field(strict=False)
    body: dict[str, Any] = {}
    why: str | None = Field(
        default=None,
        max_length=500,
        description="The sender's reason, as plain text. It is stored with the outcome; empty text counts as none.",
    )

    @field_validator("why")
    @classmethod
    def _stripped(cls, why: str | None) -> str | None:
        return (why or "").strip() or None


class CommandRow(BaseModel):
    id: str
    run_id: str
    kind: CommandKind
    by: str
    why: str | None
    state: CommandState
    note: str | None
    created_at: datetime


class LiveParameterRow(BaseModel):
    """A live parameter of a run."""

    path: str = Field(description="Path within the recipe: the `path` of a `set` command.")
    component: str = Field(description="Kind of the component that it belongs to.")
    bounds: dict[str, Any] = Field(description="JSON Schema of its values, with title, description and unit.")
    planned: Any = Field(description="Its value in the spec.")
    value: Any = Field(description="Its current value.")
