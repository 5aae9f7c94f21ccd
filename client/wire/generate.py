"""Writes the models of the server's answers from its OpenAPI description: `make client`.

Run as `python client/wire/generate.py`, without the package: it works while the models are missing or broken.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import fill, indent
from typing import Any

ROOT = Path(__file__).parents[2]
DESCRIPTION, MODELS = ROOT / "frontend" / "openapi.json", Path(__file__).with_name("models.py")

READ = (
    *("CatalogNow", "ChartRow", "CommandRow", "Error", "ExperimentCreated", "LiveParameterRow", "Points", "RunDetail"),
    *("RunPage", "StreamEvent", "StudyRow", "Tradeoffs", "TrialPage"),
)
"""The answers that the client reads; the schemas that they refer to are written too."""

DOCUMENTS = frozenset({"Experiment", "Study"})
"""Schemas of what people write: the client hands it on as it is."""

BASES = {"RunDetail": "RunRow", "RunState": "State", "StageResult": "Measured, Reply"}
"""Schema -> a schema whose fields it extends, or classes of `client.wire.base` that add properties."""

HEADER = '''\
"""Models of the server's answers, auto-generated from frontend/openapi.json by `make client`: do not edit."""

from datetime import datetime
from typing import Any

from client.wire.base import Measured, Reply, State, Word
'''

SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}

Schema = Mapping[str, Any]


def generate(description: Schema) -> str:
    """The source of the module. Raises KeyError for a schema that is not described, ValueError for one that no
    annotation can express."""
    schemas = description["components"]["schemas"]
    return "\n\n".join([HEADER, *(_class(name, schemas) for name in _ordered(schemas))])


def _ordered(schemas: Schema) -> list[str]:
    """The names of all schemas that are read, each after those that it refers to."""
    found: list[str] = []

    def visit(name: str) -> None:
        if name not in found and name not in DOCUMENTS:
            if (base := BASES.get(name, "")) in schemas:
                visit(base)
            for other in _references(schemas[name]):
                visit(other)
            found.append(name)

    for name in READ:
        visit(name)
    return found


def _references(schema: Any) -> Iterator[str]:
    """The names of the schemas that the annotations of this one mention."""
    if isinstance(schema, list):
        for part in schema:
            yield from _references(part)
    elif isinstance(schema, Mapping):
        if "$ref" in schema:
            yield _name(schema)
        for key, part in schema.items():
            if key != "propertyNames":  # keys of a mapping stay text
                yield from _references(part)


def _name(schema: Schema) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _class(name: str, schemas: Schema) -> str:
    schema = schemas[name]
    words = schema.get("enum", [])
    base = BASES.get(name, "Word" if words else "Reply")
    about = _docstring(schema.get("description", ""))
    head = f"class {name}({base}):\n" + (f"{about}\n" if about else "")
    members = "".join(f'    {word.upper()} = "{word}"\n' for word in words)
    inherited = schemas.get(base, {}).get("properties", {})
    fields = {field: part for field, part in schema.get("properties", {}).items() if field not in inherited}
    required = schema.get("required", [])
    return head + members + "".join(_field(field, part, field in required) for field, part in fields.items())


def _field(name: str, schema: Schema, required: bool) -> str:
    default = "" if required else f" = {_literal(schema.get('default'))}"
    words = ", ".join(f"`{word}`" for word in schema.get("enum", []))
    about = " ".join(filter(None, (schema.get("description"), f"One of {words}." if words else "")))
    return f"    {name}: {_annotation(schema)}{default}\n" + _docstring(about)


def _annotation(schema: Schema) -> str:
    """The Python type of what the schema describes. A word that is not named elsewhere is plain text."""
    if "$ref" in schema:
        return "dict[str, Any]" if _name(schema) in DOCUMENTS else _name(schema)
    if "anyOf" in schema:
        parts = list(dict.fromkeys(_annotation(part) for part in schema["anyOf"]))
        return " | ".join(part for part in parts if part != "str" or "float" not in parts)  # "NaN" is a number
    kind = schema.get("type")
    if kind == "array":
        return f"list[{_annotation(schema['items'])}]"
    if kind == "object":
        values = schema.get("additionalProperties", True)
        return f"dict[str, {_annotation(values) if isinstance(values, Mapping) else 'Any'}]"
    if schema.get("format") == "date-time":
        return "datetime"
    return SCALARS[kind] if kind else "Any"


def _literal(value: Any) -> str:
    if isinstance(value, dict) and value:
        raise ValueError(f"no literal can be written for {value}")
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _docstring(text: str) -> str:
    """The text as a docstring within a class, in lines of at most 120 characters."""
    if not text:
        return ""
    paragraphs = [fill(part, 116, break_long_words=False) for part in text.replace("\\", r"\\").split("\n")]
    lines = "\n".join(paragraphs)
    alone = "\n" in lines  # the closing quotes, as the formatter puts them
    return indent('"""' + lines + ('\n"""' if alone else '"""') + "\n", "    ")


if __name__ == "__main__":
    MODELS.write_text(generate(json.loads(DESCRIPTION.read_text())), encoding="utf-8")
