"""The knobs of a stage that a live run takes: found in its components by the catalog's marks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from backend.spec.catalog import Catalog
from backend.spec.commands import Setting
from backend.spec.problems import Problem
from backend.spec.resolve import sentence_of

RECIPES = ("recover",)
"""Fields of a stage that hold a recipe; a stage that trains by itself is one."""


@dataclass(frozen=True)
class Knob:
    """`path` is the knob's place within the recipe, `schema` its bounds, unit and description, `value` the spec's."""

    path: str
    component: str
    schema: Mapping[str, Any]
    value: Any


def knobs(stage: Mapping[str, Any], catalog: Catalog) -> list[Knob]:
    """Every live knob of the recipe that `stage`, resolved, trains with."""
    entry = catalog.find("stages", stage["kind"])
    assert entry is not None
    fields = entry.parameters["properties"]
    found = list(_live(stage, entry.parameters, "", stage["kind"], catalog))
    for name in RECIPES:
        if stage.get(name) is not None:
            found = list(_live(stage[name], _branch(fields[name]), "", name, catalog))
    return [knob for knob in found if not knob.path.startswith(RECIPES)]


def problem(stage: Mapping[str, Any], setting: Setting, catalog: Catalog) -> Problem | None:
    """Why `setting` cannot be made while `stage` trains; None when it can."""
    known = {knob.path: knob for knob in knobs(stage, catalog)}
    knob = known.get(setting.path)
    if knob is None:
        listed = ", ".join(known) or "none"
        return Problem(
            path="body.path", message=f"`{setting.path}` is no knob of what trains now. Live knobs: {listed}."
        )
    error = next(iter(Draft202012Validator(dict(knob.schema)).iter_errors(setting.value)), None)
    return Problem(path="body.value", message=sentence_of(error)) if error else None


def unturnable(spec: Mapping[str, Any], catalog: Catalog) -> Iterator[Problem]:
    """The interventions of a resolved spec that could be made in none of its stages."""
    for index, one in enumerate(spec["interventions"]):
        setting = Setting(path=one["path"], value=one["value"])
        found = [problem(stage, setting, catalog) for stage in spec["stages"]]
        if all(found):
            closest = next((told for told in found if told and told.path == "body.value"), found[0])
            assert closest
            yield closest.model_copy(update={"path": closest.path.replace("body", f"interventions[{index}]", 1)})


def _live(value: Any, schema: Mapping[str, Any], path: str, component: str, catalog: Catalog) -> Iterator[Knob]:
    if value is None:
        return
    if schema.get("x-live"):
        yield Knob(path, component, schema, value)
    elif "x-family" in schema:
        entry = catalog.find(schema["x-family"], value["kind"])
        if entry is not None:
            yield from _live(value, entry.parameters, path, entry.kind, catalog)
    elif "anyOf" in schema:
        yield from _live(value, _branch(schema), path, component, catalog)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _live(item, schema.get("items", {}), f"{path}[{index}]", component, catalog)
    elif isinstance(value, Mapping):
        for name, field in schema.get("properties", {}).items():
            below = f"{path}.{name}" if path else name
            yield from _live(value.get(name), field, below, component, catalog)


def _branch(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an optional field is when it is there."""
    branches = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    return branches[0] if branches else schema
