"""Options that a person gives with a file."""

import json
from typing import Any

from pydantic import BaseModel, Field, field_validator

from backend.data.cells import Missing
from backend.data.headers import Header
from backend.domain.experiment.upload_facts import Task


class Options(BaseModel):
    """Options that a person gave with the file."""

    target: str | None = None
    task: Task = "auto"
    text: str | None = None
    header: Header = "auto"
    missing: Missing = "refuse"
    ignore: list[str] = Field(default=[], max_length=1000)

    @field_validator("ignore", mode="before")
    @classmethod
    def _parted(cls, said: Any) -> Any:
        """Names in one text, as a form sends them: a JSON list, or parted by commas."""
        if not isinstance(said, str):
            return said
        return json.loads(said) if said.startswith("[") else [name.strip() for name in said.split(",")]
