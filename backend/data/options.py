"""Options that a person gives with a file."""

import json
from typing import Any

from pydantic import BaseModel, Field, field_validator

from backend.data.cells import Missing
from backend.data.headers import Header
from backend.data.images import LEAST_SIDE, MOST_SIDE, Treatment
from backend.domain.experiment.upload_facts import Fit, Task


class Options(BaseModel):
    """Options that a person gave with the file."""

    target: str | None = None
    task: Task = "auto"
    text: str | None = None
    header: Header = "auto"
    missing: Missing = "refuse"
    ignore: list[str] = Field(default=[], max_length=1000)
    split: str | None = None
    side: int | None = Field(default=None, ge=LEAST_SIDE, le=MOST_SIDE)
    fit: Fit = "crop"
    unreadable: Treatment = "refuse"
    black: float | None = None
    white: float | None = None

    @field_validator("ignore", mode="before")
    @classmethod
    def _parted(cls, said: Any) -> Any:
        """Names in one text, as a form sends them: a JSON list, or parted by commas."""
        if not isinstance(said, str):
            return said
        return json.loads(said) if said.startswith("[") else [name.strip() for name in said.split(",")]
