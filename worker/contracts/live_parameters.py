"""Live parameters of a recipe: fields that may change while it trains."""

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from backend.domain.path import Key, parse

Recipe = TypeVar("Recipe", bound=BaseModel)


def set_parameter(recipe: Recipe, path: str, value: Any) -> tuple[Recipe, Any]:
    """The recipe with the live parameter at `path` (`optimizer.lr`, `regularizers[0].strength`) at `value`, and what it was.

    Raises ValueError in one sentence for what is no live parameter, what a live run does not take, and what is out of bounds.
    """
    return _set(recipe, parse(path), path, value)


def _set(holder: Any, keys: Sequence[Key], path: str, value: Any) -> tuple[Any, Any]:
    name, *rest = keys
    if isinstance(holder, list):
        if not isinstance(name, int) or name >= len(holder) or not rest:
            raise ValueError(f"`{path}` is not a live parameter of the current training.")
        entry, old = _set(holder[name], rest, path, value)
        return [*holder[:name], entry, *holder[name + 1 :]], old
    if not isinstance(name, str) or not isinstance(holder, BaseModel) or name not in type(holder).model_fields:
        raise ValueError(f"`{path}` is not a live parameter of the current training.")
    if rest:
        inner, old = _set(getattr(holder, name), rest, path, value)
        return holder.model_copy(update={name: inner}), old
    extra = type(holder).model_fields[name].json_schema_extra
    if not (isinstance(extra, dict) and extra.get("x-live")):
        raise _held(path)
    fields = {field: getattr(holder, field) for field in type(holder).model_fields} | {name: value}
    return type(holder).model_validate(fields), getattr(holder, name)


def _held(path: str) -> ValueError:
    return ValueError(f"`{path}` cannot be changed during the training: fork the run with another value instead.")
