"""Every component of every family keeps the same rules, whoever wrote it."""

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from backend.domain.catalog import Catalog, Provision
from tests.worker.components.registry import each_of_all, every
from worker.contracts.catalog import TRAITS, build
from worker.contracts.component import Component, families, hyperparameter

CATALOG = build()


def entry(component: type[Component]) -> Any:
    found = CATALOG.find(component.family, component.kind)
    assert found is not None
    return found


def leaves(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every typed node of a JSON Schema with its path."""
    if isinstance(schema, list):
        for item in schema:
            yield from leaves(item, path)
    elif isinstance(schema, dict):
        if "type" in schema or "enum" in schema:
            yield path, schema
        for name, node in schema.get("properties", {}).items():
            yield from leaves(node, f"{path}.{name}")
        yield from leaves(schema.get("items"), f"{path}[]")
        yield from leaves(schema.get("anyOf"), path)


def faults_of_prose(component: type[Component]) -> list[str]:
    """Mistakes in a component's docstring, formula and reference."""
    lines = inspect.cleandoc(component.__doc__ or "").splitlines()
    found = [] if lines and lines[0].endswith(".") else ["the summary does not end with a period on its first line"]
    if len(lines) > 1 and lines[1]:
        found.append("the summary takes more than one line")
    return found + [f"no {name}" for name in ("formula", "reference") if not getattr(component, name)]


def faults_of_fields(schema: dict[str, Any]) -> list[str]:
    """Hyper-parameters without a description or without bounds."""
    found = [
        f"{name}: no description that ends with a period"
        for name, node in schema.get("properties", {}).items()
        if not node.get("description", "").endswith(".")
    ]
    for path, node in leaves(schema):
        kind, names = node.get("type"), set(node)
        if kind in ("number", "integer") and not (
            names & {"minimum", "exclusiveMinimum", "enum"} and names & {"maximum", "exclusiveMaximum", "enum"}
        ):
            found.append(f"{path}: a number without bounds")
        if kind == "array" and "maxItems" not in names:
            found.append(f"{path}: a list without a length limit")
        if kind == "string" and not names & {"maxLength", "enum", "const"}:
            found.append(f"{path}: text without a length limit")
    return found


@each_of_all()
def test_explains_itself(component: type[Component]) -> None:
    assert faults_of_prose(component) == []


@each_of_all()
def test_describes_and_bounds_its_fields(component: type[Component]) -> None:
    assert faults_of_fields(entry(component).parameters) == []


@each_of_all()
def test_is_named_after_its_file(component: type[Component]) -> None:
    assert component.kind == Path(inspect.getfile(component)).stem


@each_of_all()
def test_defaults_build_and_survive_the_spec(component: type[Component]) -> None:
    made = component()
    assert component.choose(made) is made
    dumped = json.loads(json.dumps(made.model_dump(mode="json")))
    assert dumped["kind"] == component.kind
    assert families()[component.family].choose(dumped) == made


@each_of_all()
def test_schema_is_valid_and_accepts_the_defaults(component: type[Component]) -> None:
    schema = entry(component).parameters
    assert json.loads(json.dumps(schema)) == schema
    Draft202012Validator.check_schema(schema)
    parameters = component().model_dump(mode="json")
    del parameters["kind"]
    Draft202012Validator(schema).validate(parameters)


@each_of_all()
def test_schema_and_component_refuse_the_same(component: type[Component]) -> None:
    schema = entry(component).parameters
    validator = Draft202012Validator(schema)
    defaults = {name: value for name, value in component().model_dump(mode="json").items() if name != "kind"}
    wrong = [(name, value) for name, node in schema["properties"].items() for value in outside(node)]
    for name, value in [*wrong, ("no_such_field", 1)]:
        parameters = {**defaults, name: value}
        assert not validator.is_valid(parameters), f"the schema accepts {name}: {value}"
        with pytest.raises(ValidationError):
            component.model_validate(parameters)


def outside(node: dict[str, Any]) -> Iterator[Any]:
    """Values just beyond the bounds of a field's schema."""
    if "minimum" in node:
        yield node["minimum"] - 1
    if "exclusiveMinimum" in node:
        yield node["exclusiveMinimum"]
    if "maximum" in node:
        yield node["maximum"] + 1
    if "exclusiveMaximum" in node:
        yield node["exclusiveMaximum"]
    if "enum" in node:
        yield "no such choice"


@each_of_all()
def test_traits_are_known(component: type[Component]) -> None:
    provisions = [item if isinstance(item, Provision) else Provision(trait=item) for item in component.provides]
    named = {*component.needs, *component.removes, *(provision.trait for provision in provisions)}
    assert named <= TRAITS.keys()
    assert {name for provision in provisions for name in provision.when} <= component.model_fields.keys()


@each_of_all()
def test_says_in_words_why_it_is_unavailable(component: type[Component]) -> None:
    reason = component.unavailable()
    assert reason is None or reason.strip()


@pytest.mark.parametrize("family", families().values(), ids=lambda family: family.family)
def test_family_has_a_summary_and_its_default(family: type[Component]) -> None:
    assert (family.__doc__ or "").splitlines()[0].endswith(".")
    assert family.default_kind == "" or family.default_kind in {component.kind for component in every(family.family)}


def test_catalog_survives_the_database() -> None:
    assert Catalog.model_validate_json(CATALOG.model_dump_json()) == CATALOG
    assert CATALOG.traits.keys() == TRAITS.keys()


def test_the_checks_catch_a_careless_component() -> None:
    class Careless(Component):
        """Has no period

        but two lines"""

        number: float = 1.0
        text: str = hyperparameter("", description="Without a limit.")
        numbers: list[int] = hyperparameter([], description="Without any limit.")

    assert faults_of_prose(Careless) == [
        "the summary does not end with a period on its first line",
        "no formula",
        "no reference",
    ]
    assert faults_of_fields(Careless.model_json_schema()) == [
        "number: no description that ends with a period",
        ".number: a number without bounds",
        ".text: text without a length limit",
        ".numbers: a list without a length limit",
        ".numbers[]: a number without bounds",
    ]
