"""Live parameters of a stage: fields of its components that the catalog marks as changeable in a live run."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from backend.domain.catalog import Catalog
from backend.domain.experiment.resolve import sentence_of
from backend.domain.fields import SpecField, fields
from backend.domain.path import leads, moved, within, write
from backend.domain.problems import Problem
from backend.domain.run.commands import ParameterChange

RECIPES = ("recover",)
"""Fields of a stage that hold a recipe; a stage that trains by itself is one."""

OTHERS = (*RECIPES, "method")
"""Fields of a stage that are none of its own recipe's; a method may train by a recipe of its own, which is not turned."""


@dataclass(frozen=True)
class LiveParameter:
    """`path` is the live parameter's place within the recipe, `schema` its bounds, unit and description, `value` the spec's."""

    path: str
    component: str
    schema: Mapping[str, Any]
    value: Any


def parameters_of(stage: Mapping[str, Any], catalog: Catalog) -> list[LiveParameter]:
    """Every live parameter of the recipe that `stage`, resolved, trains with."""
    found = [field for field in fields(stage, {"x-family": "stages"}, catalog) if field.schema.get("x-live")]
    if (name := recipe(stage)) is not None:
        inside = [field for field in found if within(field.path, name)]
        return [_live_parameter(field, moved(field.path, name, "")) for field in inside]
    own = [field for field in found if not any(within(field.path, other) for other in OTHERS)]
    return [_live_parameter(field, field.path) for field in own]


def recipe(stage: Mapping[str, Any]) -> str | None:
    """The field of a stage that holds the recipe it trains with; None when its own fields are one."""
    return next((name for name in RECIPES if stage.get(name) is not None), None)


def with_parameters(stage: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The stage with these live parameters of its recipe, path -> value; a path that leads nowhere changes nothing."""
    changed: dict[str, Any] = copy.deepcopy(dict(stage))
    name = recipe(stage)
    holder = changed[name] if name else changed
    for path in (path for path in values if leads(holder, path)):
        write(holder, path, values[path])
    return changed


def problem(stage: Mapping[str, Any], change: ParameterChange, catalog: Catalog) -> Problem | None:
    """Reason why `change` cannot be made while `stage` trains; None when it can."""
    known = {parameter.path: parameter for parameter in parameters_of(stage, catalog)}
    parameter = known.get(change.path)
    if parameter is None:
        listed = ", ".join(known) or "none"
        return Problem(
            path="body.path",
            message=f"`{change.path}` is not a live parameter of the current training. Live parameters: {listed}.",
        )
    error = next(iter(Draft202012Validator(dict(parameter.schema)).iter_errors(change.value)), None)
    return Problem(path="body.value", message=sentence_of(error)) if error else None


def invalid_commands(spec: Mapping[str, Any], catalog: Catalog) -> Iterator[Problem]:
    """The commands of a resolved spec that are not whole, or could be made in none of its stages."""
    for index, one in enumerate(spec["commands"]):
        given = [name for name in ("path", "value") if one[name] is not None]
        if one["kind"] == "next":
            message = "cannot be combined with `next`: leave it out."
            yield from (Problem(path=f"commands[{index}].{name}", message=message) for name in given)
        elif len(given) < 2:
            missing = "value" if given == ["path"] else "path"
            yield Problem(
                path=f"commands[{index}].{missing}",
                message="is missing: a `set` names a live parameter and its value.",
            )
        elif (found := _unsettable(spec, ParameterChange(path=one["path"], value=one["value"]), catalog)) is not None:
            yield found.model_copy(update={"path": moved(found.path, "body", f"commands[{index}]")})


def _unsettable(spec: Mapping[str, Any], change: ParameterChange, catalog: Catalog) -> Problem | None:
    """Reason why `change` can be made in none of the stages: that of the stage which comes closest."""
    found = [problem(stage, change, catalog) for stage in spec["stages"]]
    if not all(found):
        return None
    return next(
        (problem_found for problem_found in found if problem_found and problem_found.path == "body.value"), found[0]
    )


def _live_parameter(field: SpecField, path: str) -> LiveParameter:
    return LiveParameter(path, field.component, field.schema, field.value)
