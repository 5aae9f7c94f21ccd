"""Every field of a spec beside the schema that it is held against."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from backend.domain.catalog import Catalog
from backend.domain.path import join

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class SpecField:
    """One field: its path, the kind of the component that it belongs to (empty in the outline), and what it holds."""

    path: str
    component: str
    schema: Schema
    value: Any


def fields(value: Any, schema: Schema, catalog: Catalog, path: str = "", component: str = "") -> Iterator[SpecField]:
    """The field at `path` and all fields below it, in order; those that hold nothing are left out.

    `value` is resolved; of a component that the catalog does not know nothing below is told.
    """
    if value is None:
        return
    schema = present(schema)
    yield SpecField(path, component, schema, value)
    if "x-family" in schema:
        entry = catalog.find(schema["x-family"], value["kind"])
        yield from _below(value, entry.parameters if entry else {}, catalog, path, value["kind"])
    else:
        yield from _below(value, schema, catalog, path, component)


def _below(value: Any, schema: Schema, catalog: Catalog, path: str, component: str) -> Iterator[SpecField]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from fields(item, schema.get("items", {}), catalog, join(path, index), component)
    elif isinstance(value, Mapping):
        for name, field in schema.get("properties", {}).items():
            yield from fields(value.get(name), field, catalog, join(path, name), component)


def present(schema: Schema) -> Schema:
    """Schema of an optional field's value when it is there; of several types the first."""
    if "anyOf" not in schema:
        return schema
    branches = [one for one in schema["anyOf"] if one.get("type") != "null"]
    return {**branches[0], **{name: value for name, value in schema.items() if name != "anyOf"}}
