"""Fills a spec's defaults and checks it, field by field, against the catalog's JSON Schemas."""

import copy
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any, Literal

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from pydantic import BaseModel, Field

from backend.domain.catalog import Catalog, CatalogEntry
from backend.domain.constraints import ConstraintWrong, parse
from backend.domain.input_limits import MAX_INTEGER
from backend.domain.measures import MEASURES, field_of
from backend.domain.path import join
from backend.domain.problems import Problem, SpecInvalid, UnknownField, suggest

Schema = Mapping[str, Any]
Source = Literal["given", "default", "inherited", "missing"]

MAX_PROBLEMS = 50  # nobody mends more at once, and telling them all would take a hostile spec's time


class ResolvedField(BaseModel):
    """One field of a spec as it was resolved."""

    source: Source = Field(
        description="Origin of the value: the spec itself, a default, or the last recipe before it; `missing` where none of "
        "them has one. The fields of a part that is inherited are inherited, too."
    )
    value: Any = Field(description="Canonical value; null where it is missing or wrong.")
    required: bool = Field(description="True when the part that holds the field must give it.")
    fallback: Any = Field(
        description="Value that is taken when the part that holds the field leaves it out; null where it is required."
    )


Fields = MutableMapping[str, ResolvedField]
"""Path of a field, such as `stages[1].method.sparsity` -> the field. The `kind` of a component is a field too."""


class Resolver:
    """One pass over one spec. `problems` collects everything that is wrong; what is right comes back filled in.

    `fields` takes each field as soon as it is resolved, so that it tells of a refused spec as much as is known.
    """

    def __init__(self, catalog: Catalog, fields: Fields | None = None) -> None:
        self.catalog = catalog
        self.problems: list[Problem] = []
        self.fields: Fields = {} if fields is None else fields
        self.source: Source = "given"  # of what is being resolved
        self.recipe: dict[str, str] = {}  # where each `x-inherit` field was last resolved, in the order of the pipeline
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
        self.fields[join(path, "kind")] = ResolvedField(
            source=self.source, value=entry.kind, required=True, fallback=None
        )
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
        path = join(path, name)
        if name in value:
            self.fields[path] = self._given(name, value[name], field, path)
        else:
            self.fields[path] = self._left_out(name, field, path)
        if field.get("x-inherit"):
            self.recipe[name] = path
        return self.fields[path].value

    def _given(self, name: str, value: Any, field: Schema, path: str) -> ResolvedField:
        otherwise = self._aside()._left_out(name, field, path)
        return otherwise.model_copy(update={"source": self.source, "value": self.value(value, field, path)})

    def _left_out(self, name: str, field: Schema, path: str) -> ResolvedField:
        if field.get("x-inherit") and name in self.recipe:
            source, value = "inherited", self._inherited(self.recipe[name], path)
        elif "default" in field:
            source, value = "default", self._by_default(field, path)
        else:
            self._problem(path, "is missing." + self._hint(field))
            return ResolvedField(source="missing", value=None, required=True, fallback=None)
        return ResolvedField(source=source, value=value, required=False, fallback=value)

    def _inherited(self, origin: str, path: str) -> Any:
        """The value at `origin`, and below `path` all fields that are below `origin`."""
        below = [place for place in self.fields if place.startswith((f"{origin}.", f"{origin}["))]
        for place in below:
            self.fields[path + place.removeprefix(origin)] = self.fields[place].model_copy(
                update={"source": "inherited"}
            )
        return copy.deepcopy(self.fields[origin].value)

    def _by_default(self, field: Schema, path: str) -> Any:
        around, self.source = self.source, "default"
        value = self.value(self._default(field), field, path)
        self.source = around
        return value

    def _aside(self) -> "Resolver":
        """A resolver that knows what this one knows, and keeps to itself what it finds."""
        aside = Resolver(self.catalog, ChainMap({}, self.fields))
        aside.recipe, aside.traits = dict(self.recipe), self.traits
        return aside

    def _default(self, field: Schema) -> Any:
        """Default of a field; a default component may depend on the dataset."""
        default = field["default"]
        if "x-family" in field and default == {"kind": self.catalog.family(field["x-family"]).default}:
            return {"kind": self.catalog.family(field["x-family"]).default_for(self.traits)}
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
            return int(value) if abs(value) <= MAX_INTEGER else self._problem(path, "does not fit into 64 bits.")
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
        return f"names `{value[:40]}`, which is not a measure; known: {', '.join(MEASURES)}."
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
