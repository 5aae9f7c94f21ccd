"""Suggests a search space for a spec: ranges and choices around its values."""

from collections.abc import Iterator, Mapping
from typing import Any

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import outline
from backend.domain.fields import SpecField, fields
from backend.domain.path import within
from backend.domain.study.space import Dimension

APART = ("name", "seed", "commands", "alerts", "measure", "diagnosis", "storage")
"""Fields that change what a run is called, or what is looked at, but not the model."""
RATIO = 10.0
MOST_AROUND = 5


def variable(spec: Mapping[str, Any], catalog: Catalog) -> Iterator[tuple[SpecField, Dimension]]:
    """All fields of a resolved spec that a study can vary, each with suggested values."""
    for field in fields(spec, outline(), catalog):
        if not field.path or any(within(field.path, apart) for apart in APART):
            continue
        dimension = _proposal(field, catalog)
        if dimension is not None:
            yield field, dimension


def around(spec: Mapping[str, Any], catalog: Catalog) -> list[Dimension]:
    """The search space around a run: the fields that people usually tune, varied by a factor up and down."""
    live = [
        (field, dimension)
        for field, dimension in variable(spec, catalog)
        if field.schema.get("x-live") and dimension.choice is None and field.value
    ]
    return [dimension for _, dimension in live[:MOST_AROUND]]


def _proposal(field: SpecField, catalog: Catalog) -> Dimension | None:
    schema, value = field.schema, field.value
    if "x-family" in schema:
        kinds = _short_kinds(schema["x-family"], catalog)
        return Dimension(field=field.path, choice=[{"kind": kind} for kind in kinds]) if len(kinds) > 1 else None
    if "enum" in schema:
        return Dimension(field=field.path, choice=list(schema["enum"])) if len(schema["enum"]) > 1 else None
    if schema.get("type") == "boolean":
        return Dimension(field=field.path, choice=[True, False])
    if schema.get("type") in ("integer", "number") and isinstance(value, int | float):
        return _range(field, schema["type"] == "integer")
    return None


def _short_kinds(family: str, catalog: Catalog) -> list[str]:
    """Components that need no field said and that can run."""
    entries = [entry for entry in catalog.entries if entry.family == family and not entry.unavailable]
    return [entry.kind for entry in entries if not entry.parameters.get("required")]


def _range(field: SpecField, integer: bool) -> Dimension | None:
    """A factor up and down, by ratio; a share of 1 by distance. Within the field's bounds."""
    least, most = (
        _bound(field.schema, "minimum", "exclusiveMinimum"),
        _bound(field.schema, "maximum", "exclusiveMaximum"),
    )
    value = float(field.value)
    if most is not None and most <= 1 and not integer:
        low, high, log = max(least or 0.0, value - 0.2), min(most, value + 0.2), False
    elif value > 0:
        ratio = 2.0 if integer else RATIO
        low, high, log = value / ratio, value * ratio, not integer or value >= 8
        low, high = max(low, least if least is not None else low), min(high, most if most is not None else high)
    else:
        return None
    if integer:
        low, high = float(max(1, round(low))), float(round(high))
    if "exclusiveMinimum" in field.schema and low <= field.schema["exclusiveMinimum"]:
        return None
    if "exclusiveMaximum" in field.schema and high >= field.schema["exclusiveMaximum"]:
        high = value
    if low >= high:
        return None
    return Dimension(field=field.path, low=_tidy(low), high=_tidy(high), log=log and low > 0, integer=integer)


def _bound(schema: Mapping[str, Any], *names: str) -> float | None:
    return next((float(schema[name]) for name in names if name in schema), None)


def _tidy(value: float) -> float:
    return float(f"{value:.4g}")
