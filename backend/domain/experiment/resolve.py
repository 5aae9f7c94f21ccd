"""Fills a spec's defaults and checks it, field by field, against the catalog's JSON Schemas."""

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from backend.domain.catalog import Catalog, CatalogEntry
from backend.domain.constraints import ConstraintWrong, parse
from backend.domain.input_limits import MAX_INTEGER
from backend.domain.measures import MEASURES, field_of
from backend.domain.path import join
from backend.domain.problems import Problem, SpecInvalid, UnknownField, suggest

Schema = Mapping[str, Any]

MAX_PROBLEMS = 50  # nobody mends more at once, and telling them all would take a hostile spec's time


class Resolver:
    """One pass over one spec. `problems` collects everything that is wrong; what is right comes back filled in."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.problems: list[Problem] = []
        self.recipe: dict[str, Any] = {}  # the last value of each `x-inherit` field, in the order of the pipeline
        self.traits: set[str] = set()  # what the dataset, which stands before all that depends on it, provides

    def value(self, value: Any, schema: Schema, path: str) -> Any:
        """`value` in canonical form under `schema`."""
        if "x-family" in schema:
            return self._component(value, schema["x-family"], path)
        if "anyOf" in schema:
            return self._any_of(value, schema, path)
        if schema.get("type") == "object" and "properties" in schema:
            return self._object(value, schema, path)
        if schema.get("type") == "array":
            return self._array(value, schema, path)
        return self._leaf(value, schema, path)

    def _component(self, value: Any, family: str, path: str) -> Any:
        if isinstance(value, str):
            value = {"kind": value}  # the short form of a component that is taken with its defaults
        if not isinstance(value, Mapping):
            return self._problem(path, f"must be a mapping with a `kind`. {self._known(family)}")
        if "kind" not in value:
            return self._problem(f"{path}.kind", f"is missing. {self._known(family)}")
        entry = self.catalog.find(family, value["kind"])
        if entry is None:
            return self._problem(f"{path}.kind", self._unknown_kind(family, value["kind"]))
        if entry.unavailable:
            return self._problem(path, f"`{entry.kind}` cannot run on any worker now: {entry.unavailable}.")
        resolved = self._parameters(value, entry, path)
        if family == "datasets":
            self.traits = {provision.trait for provision in entry.provides if provision.holds(resolved)}
        return resolved

    def _parameters(self, value: Mapping[str, Any], entry: CatalogEntry, path: str) -> dict[str, Any]:
        parameters = {name: item for name, item in value.items() if name != "kind"}
        return {"kind": entry.kind, **(self._object(parameters, entry.parameters, path) or {})}

    def _any_of(self, value: Any, schema: Schema, path: str) -> Any:
        """Optional fields: null stays null, anything else is held against the one branch that is not null."""
        branches = [branch for branch in schema["anyOf"] if branch.get("type") != "null"]
        if value is None and len(branches) < len(schema["anyOf"]):
            return None
        if len(branches) == 1:
            return self.value(value, branches[0], path)
        fitting = [branch for branch in branches if _accepts(branch, value)]
        return self.value(value, (fitting or branches)[0], path)

    def _object(self, value: Any, schema: Schema, path: str) -> Any:
        if not isinstance(value, Mapping):
            return self._problem(path, f"must be a mapping of fields, not {_name(value)}.")
        fields: Mapping[str, Schema] = schema.get("properties", {})
        for name in value:
            if name not in fields:
                self._problem(join(path, str(name)), _unknown_field(str(name), fields), UnknownField)
        return {name: self._field(name, value, field, path) for name, field in fields.items()}

    def _field(self, name: str, value: Mapping[str, Any], field: Schema, path: str) -> Any:
        inherits = bool(field.get("x-inherit"))
        if name in value:
            result = self.value(value[name], field, join(path, name))
        elif inherits and name in self.recipe:
            return copy.deepcopy(self.recipe[name])
        elif "default" in field:
            result = self.value(self._default(field), field, join(path, name))
        else:
            return self._problem(join(path, name), "is missing." + self._hint(field))
        if inherits:
            self.recipe[name] = result
        return result

    def _default(self, field: Schema) -> Any:
        """Default of a field; a default component may depend on the dataset."""
        default = field["default"]
        if "x-family" in field and default == {"kind": self.catalog.family(field["x-family"]).default}:
            return {"kind": self.catalog.family(field["x-family"]).usual(self.traits)}
        return default

    def _array(self, value: Any, schema: Schema, path: str) -> Any:
        if not isinstance(value, list):
            return self._problem(path, f"must be a list, not {_name(value)}.")
        shallow = {name: item for name, item in schema.items() if name not in ("items", "prefixItems")}
        if (error := _first_error(value, shallow)) is not None:
            return self._problem(path, sentence_of(error))
        items = schema.get("items", {})
        return [self.value(item, items, f"{path}[{index}]") for index, item in enumerate(value)]

    def _leaf(self, value: Any, schema: Schema, path: str) -> Any:
        if (error := _first_error(value, schema)) is not None:
            return self._problem(path, sentence_of(error))
        if (fault := _misread(value, schema)) is not None:
            return self._problem(path, fault)
        if schema.get("type") == "integer":
            return int(value) if abs(value) <= MAX_INTEGER else self._problem(path, "is beyond 64 bits.")
        return float(value) if schema.get("type") == "number" else value

    def _problem(self, path: str, message: str, sort: type[Problem] = Problem) -> None:
        path = path.lstrip(".")
        self.problems.append(sort(path=path, message=message if path else f"The spec {message}"))
        if len(self.problems) >= MAX_PROBLEMS:
            raise SpecInvalid(self.problems)

    def _hint(self, field: Schema) -> str:
        return f" {self._known(field['x-family'])}" if "x-family" in field else ""

    def _known(self, family: str) -> str:
        return f"Known {family}: {', '.join(self.catalog.kinds(family)) or 'none'}."

    def _unknown_kind(self, family: str, kind: Any) -> str:
        if not isinstance(kind, str):
            return f"must be text, not {_name(kind)}. {self._known(family)}"
        word = kind[:80]
        return f"`{word}` is not known{suggest(word, self.catalog.kinds(family))} {self._known(family)}"


def _first_error(value: Any, schema: Schema) -> ValidationError | None:
    return next(iter(Draft202012Validator(dict(schema)).iter_errors(value)), None)


def _misread(value: Any, schema: Schema) -> str | None:
    """Reason why text with a meaning of its own cannot be read; None when it can."""
    if schema.get("x-constraint"):
        try:
            parse(value)
        except ConstraintWrong as error:
            return str(error)
    if schema.get("x-measure") and field_of(value) is None:
        return f"names `{value[:40]}`, which is not measured; known: {', '.join(MEASURES)}."
    return None


def _accepts(schema: Schema, value: Any) -> bool:
    return _first_error(value, schema) is None


def _unknown_field(name: str, fields: Iterable[str]) -> str:
    known = ", ".join(fields) or "none"
    return f"is not a field here{suggest(name[:80], fields)} Known fields: {known}."


_NAMES = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", type(None): "null"}
_TYPES = {
    "integer": "a whole number", "number": "a number", "string": "text", "boolean": "true or false",
    "array": "a list", "object": "a mapping", "null": "null",
}  # fmt: skip


def _name(value: Any) -> str:
    return _NAMES.get(type(value), f"{value!r}"[:80])


_SENTENCES: dict[str, Callable[[ValidationError], str]] = {
    "type": lambda error: (
        f"must be {_TYPES.get(str(error.validator_value), error.validator_value)}, not {_name(error.instance)}."
    ),
    "minimum": lambda error: f"is {error.instance}; it must be at least {error.validator_value}.",
    "maximum": lambda error: f"is {error.instance}; it must be at most {error.validator_value}.",
    "exclusiveMinimum": lambda error: f"is {error.instance}; it must be more than {error.validator_value}.",
    "exclusiveMaximum": lambda error: f"is {error.instance}; it must be less than {error.validator_value}.",
    "enum": lambda error: (
        f"is {_name(error.instance) if not isinstance(error.instance, str) else repr(error.instance[:80])}; "
        f"it must be one of {', '.join(map(str, error.validator_value))}."
    ),
    "minLength": lambda error: f"must have at least {error.validator_value} characters.",
    "maxLength": lambda error: f"must have at most {error.validator_value} characters.",
    "minItems": lambda error: f"must have at least {error.validator_value} entries.",
    "maxItems": lambda error: f"must have at most {error.validator_value} entries.",
}


def sentence_of(error: ValidationError) -> str:
    say = _SENTENCES.get(str(error.validator))
    return say(error) if say else f"{error.message[:200]}."
