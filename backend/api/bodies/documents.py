"""Documents on the wire: a spec as a mapping or as text, and numbers that JSON lacks."""

import math
from collections.abc import Mapping
from typing import Any

from backend.domain import input_limits, text
from backend.domain.experiment import old_words


def read(spec: Mapping[str, Any] | str) -> Any:
    """The document that a request brought, in the words of today. Raises SpecInvalid when it is not plain data."""
    return old_words.renewed(_plain(spec))


def notes(spec: Mapping[str, Any] | str) -> list[str]:
    """A sentence on each older word in a document that `read` accepts."""
    return old_words.notes(_plain(spec))


def _plain(spec: Mapping[str, Any] | str) -> Any:
    if isinstance(spec, str):
        return text.parse(spec)
    input_limits.check(spec)
    return spec


def number(value: float) -> float | str:
    """A number as JSON can carry it: "NaN", "Infinity" and "-Infinity" are text."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
