"""Writes the models of the server's answers from its OpenAPI description: `make client`.

Run as `python client/wire/generate.py`, without the package: it works while the models are missing or broken.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import fill, indent
from typing import Any

ROOT = Path(__file__).parents[2]
DESCRIPTION, MODELS = ROOT / "frontend" / "openapi.json", Path(__file__).with_name("models")

READ = {
    "catalog": ("CatalogNow", "ChartRow"),
    "commands": ("CommandRow", "LiveParameterRow"),
    "errors": ("Error",),
    "results": ("StageResult", "IncomingModel"),
    "runs": ("ExperimentCreated", "RunDetail", "RunPage"),
    "points": ("Points", "StreamEvent"),
    "specs": ("SpecChecked",),
    "studies": ("StudyRow", "TrialPage"),
    "tradeoffs": ("Tradeoffs",),
    "uploads": ("UploadDetail", "UploadRow"),
}
"""Module -> the answers that the client reads from it. A schema that they refer to stands in the first module that needs it."""

DOCUMENTS = frozenset({"Experiment", "Study"})
"""Schemas of what people write: the client hands it on as it is."""

BASES = {"RunDetail": "RunRow", "RunState": "State", "StageResult": "Measured, Reply"}
"""Schema -> a schema whose fields it extends, or classes of `client.wire.base` that add properties."""

HEADER = '''\
"""Models of the server's answers, auto-generated from frontend/openapi.json by `make client`: do not edit."""
'''
PACKAGE = "client.wire.models"
NAMES = {"datetime": ("datetime",), "typing": ("Any",), "client.wire.base": ("Measured", "Reply", "State", "Word")}
"""Module -> the names that models take from it, when they use them."""

SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}

Schema = Mapping[str, Any]


def generate(description: Schema) -> dict[str, str]:
    """The files of the package, name -> source. Raises KeyError for a schema that is not described, ValueError for one
    that no annotation can express."""
    schemas = description["components"]["schemas"]
    found: dict[str, list[str]] = {}
    for module, answers in READ.items():
        known = [name for names in found.values() for name in names]
        found[module] = _ordered(answers, schemas, known)
    sources = {f"{module}.py": _module(names, found, schemas) for module, names in found.items()}
    return {"__init__.py": _face(found), **sources}


def _face(found: Mapping[str, list[str]]) -> str:
    """The source of the package itself: every model by its name."""
    names = "".join(f'    "{name}",\n' for name in sorted(name for names in found.values() for name in names))
    imports = "".join(_import(f"{PACKAGE}.{module}", found[module]) for module in sorted(found))
    return f"{HEADER}\n{imports}\n__all__ = [\n{names}]\n"


def _module(names: Sequence[str], found: Mapping[str, list[str]], schemas: Schema) -> str:
    classes = [_class(name, schemas) for name in names]
    used = set(re.findall(r"\w+", re.sub(r'""".*?"""', "", "\n".join(classes), flags=re.DOTALL))) - set(names)
    others = {f"{PACKAGE}.{module}": models for module, models in sorted(found.items())}
    taken = [_import(module, used & set(known)) for module, known in {**NAMES, **others}.items()]
    standard, ours = "".join(taken[:2]), "".join(taken[2:])
    return "\n\n".join(["\n".join(filter(None, [HEADER, standard, ours])), *classes])


def _import(module: str, names: Collection[str]) -> str:
    """The statement that imports these names, as the formatter breaks it; none for no names."""
    line = f"from {module} import {', '.join(sorted(names))}\n"
    many = "".join(f"    {name},\n" for name in sorted(names))
    return "" if not names else line if len(line) <= 121 else f"from {module} import (\n{many})\n"


def _ordered(answers: Sequence[str], schemas: Schema, known: Collection[str]) -> list[str]:
    """The names of all schemas that these answers need beside those that are known, each after those that it refers to."""
    found: list[str] = []

    def visit(name: str) -> None:
        if name not in found and name not in known and name not in DOCUMENTS:
            if (base := BASES.get(name, "")) in schemas:
                visit(base)
            for other in _references(schemas[name]):
                visit(other)
            found.append(name)

    for name in answers:
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
    MODELS.mkdir(exist_ok=True)
    for name, source in generate(json.loads(DESCRIPTION.read_text())).items():
        (MODELS / name).write_text(source, encoding="utf-8")
