"""Variants: one spec with a few fields changed, for runs that are to be compared."""

import copy
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from backend.domain import input_limits
from backend.domain.path import write


class Variant(BaseModel):
    """Differences of one of several runs."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(
        min_length=1, max_length=80, description="Name of the variant; it is appended to the name of the spec."
    )
    changes: dict[str, Any] = Field(
        max_length=50, description="Path of a field, such as `stages[0].optimizer`, to what it holds instead."
    )


def vary(document: Any, variant: Variant) -> Any:
    """A copy of the spec with the variant's changes and its name.

    Raises SpecInvalid with the path of a change that leads nowhere.
    """
    input_limits.check(variant.changes)
    varied = copy.deepcopy(document)
    for path, value in variant.changes.items():
        write(varied, path, copy.deepcopy(value))
    if isinstance(varied, dict) and "name" not in variant.changes:
        varied["name"] = f"{varied.get('name', '')} · {variant.name}"[:200]
    return varied
