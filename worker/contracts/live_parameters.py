"""Live parameters of a recipe: fields that may change while it trains."""

import re
from typing import Any, TypeVar

from pydantic import BaseModel

Turned = TypeVar("Turned", bound=BaseModel)

_PART = re.compile(r"[^.\[\]]+")


def turned(recipe: Turned, path: str, value: Any) -> tuple[Turned, Any]:
    """The recipe with the knob at `path` (`optimizer.lr`, `regularizers[0].strength`) at `value`, and what it was.

    Raises ValueError in one sentence for what is no knob, what a live run does not take, and what is out of bounds.
    """
    parts = _PART.findall(path)
    return _turned(recipe, parts, path, value)


def _turned(holder: Any, parts: list[str], path: str, value: Any) -> tuple[Any, Any]:
    name, *rest = parts
    if isinstance(holder, list):
        if not name.isdigit() or int(name) >= len(holder) or not rest:
            raise ValueError(f"`{path}` is not a knob of what trains now.")
        place = int(name)
        entry, old = _turned(holder[place], rest, path, value)
        return [*holder[:place], entry, *holder[place + 1 :]], old
    if not isinstance(holder, BaseModel) or name not in type(holder).model_fields:
        raise ValueError(f"`{path}` is not a knob of what trains now.")
    if rest:
        inner, old = _turned(getattr(holder, name), rest, path, value)
        return holder.model_copy(update={name: inner}), old
    extra = type(holder).model_fields[name].json_schema_extra
    if not (isinstance(extra, dict) and extra.get("x-live")):
        raise _held(path)
    fields = {field: getattr(holder, field) for field in type(holder).model_fields} | {name: value}
    return type(holder).model_validate(fields), getattr(holder, name)


def _held(path: str) -> ValueError:
    return ValueError(f"`{path}` cannot be changed while it trains: fork the run with another value instead.")
