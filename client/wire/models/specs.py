"""Models of the server's answers, auto-generated from frontend/openapi.json by `make client`: do not edit."""

from typing import Any

from client.wire.base import Reply
from client.wire.models.errors import Problem


class ResolvedField(Reply):
    """One field of a spec as it was resolved."""

    source: str
    """Origin of the value: the spec itself, a default, or the last recipe before it; `missing` where none of them has one.
    The fields of a part that is inherited are inherited, too. One of `given`, `default`, `inherited`, `missing`.
    """
    value: Any
    """Canonical value; null where it is missing or wrong."""
    required: bool
    """True when the part that holds the field must give it."""
    fallback: Any
    """Value that is taken when the part that holds the field leaves it out; null where it is required."""


class StageEstimate(Reply):
    label: str
    steps: int | None
    """Optimizer steps, where the data's size is published; null otherwise."""


class Estimate(Reply):
    """Estimated cost of an experiment, as far as that is known before it runs."""

    steps: int | None
    """Optimizer steps of all stages."""
    seconds: float | None
    """Expected time, from earlier runs of the same data and model; null without one."""
    stages: list[StageEstimate] = []


class SpecChecked(Reply):
    """Result of checking a draft against the catalog."""

    experiment: dict[str, Any] | None
    """The canonical spec; null while there are problems."""
    document: Any
    """The draft as parsed from text, unresolved; null when it does not parse."""
    yaml: str
    """The canonical spec as YAML, or the draft as it was while there are problems."""
    problems: list[Problem] = []
    fields: dict[str, ResolvedField] = {}
    """Path -> the field as it was resolved; also while there are problems, as far as it goes."""
    notes: list[str] = []
    """Older words of the draft, and what they are called now."""
    estimate: Estimate | None = None
