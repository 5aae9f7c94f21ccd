"""Drafts of specs, drawn from the catalog's own schemas: whatever the components are, they are covered."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import outline

Schema = Mapping[str, Any]


def drafts(catalog: Catalog) -> st.SearchStrategy[dict[str, Any]]:
    """Documents that are right field by field; whether their parts fit together is left to chance."""
    return _object(outline(), catalog)


def _value(schema: Schema, catalog: Catalog) -> st.SearchStrategy[Any]:
    if "x-family" in schema:
        known = _available(schema["x-family"], catalog)
        return st.sampled_from(known).flatmap(lambda kind: _component(*kind, catalog)) if known else st.nothing()
    if "anyOf" in schema:
        return st.one_of(*(_value(branch, catalog) for branch in schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "const" in schema:
        return st.just(schema["const"])
    if "examples" in schema:
        return st.sampled_from(schema["examples"])
    if schema.get("x-constraint"):
        return st.sampled_from(["", "accuracy >= 93%", "bytes < 1MB or p95@64 <= 2 ms"])
    if schema.get("x-measure"):
        return st.sampled_from(["bytes", "p95", "samples_per_s@64"])
    return {
        "object": lambda: _object(schema, catalog),
        "array": lambda: _array(schema, catalog),
        "integer": lambda: _integer(schema),
        "number": lambda: st.one_of(_number(schema), _number(schema).map(_whole_when_whole)),
        "boolean": st.booleans,
        "null": st.none,
        "string": lambda: _text(schema),
    }[schema["type"]]()


def _available(family: str, catalog: Catalog) -> list[tuple[str, str]]:
    return [(family, entry.kind) for entry in catalog.entries if entry.family == family and not entry.unavailable]


def _component(family: str, kind: str, catalog: Catalog) -> st.SearchStrategy[Any]:
    entry = catalog.find(family, kind)
    assert entry is not None
    whole = _object(entry.parameters, catalog).map(lambda fields: {"kind": kind, **fields})
    return whole if entry.parameters.get("required") else st.just(kind) | whole


def _object(schema: Schema, catalog: Catalog) -> st.SearchStrategy[dict[str, Any]]:
    fields, required = schema.get("properties", {}), schema.get("required", [])
    return st.fixed_dictionaries(
        {name: _value(field, catalog) for name, field in fields.items() if name in required},
        optional={
            name: st.deferred(lambda field=field: _value(field, catalog))
            for name, field in fields.items()
            if name not in required
        },
    )


def _array(schema: Schema, catalog: Catalog) -> st.SearchStrategy[list[Any]]:
    most = min(schema.get("maxItems", 3), max(schema.get("minItems", 0), 3))
    return st.lists(_value(schema.get("items", {}), catalog), min_size=schema.get("minItems", 0), max_size=most)


def _integer(schema: Schema) -> st.SearchStrategy[int]:
    least = schema.get("minimum", schema.get("exclusiveMinimum", -(2**31)) + ("exclusiveMinimum" in schema))
    most = schema.get("maximum", schema.get("exclusiveMaximum", 2**31) - ("exclusiveMaximum" in schema))
    return st.integers(int(least), int(most))


def _number(schema: Schema) -> st.SearchStrategy[float]:
    return st.floats(
        schema.get("minimum", schema.get("exclusiveMinimum", -1e6)),
        schema.get("maximum", schema.get("exclusiveMaximum", 1e6)),
        exclude_min="exclusiveMinimum" in schema,
        exclude_max="exclusiveMaximum" in schema,
    )


def _whole_when_whole(number: float) -> float:
    """`1` as often stands for `1.0` in files that people write."""
    return int(number) if number.is_integer() else number


def _text(schema: Schema) -> st.SearchStrategy[str]:
    characters = st.characters(exclude_categories=["Cs", "Cc"])
    return st.text(characters, min_size=schema.get("minLength", 0), max_size=min(schema.get("maxLength", 20), 20))
