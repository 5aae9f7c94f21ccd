"""Variants: one spec with a few fields changed, for runs that are to be compared."""

import copy
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from backend.domain import input_limits
from backend.domain.problems import SpecInvalid, UnknownField, suggest

PATH = re.compile(r"[A-Za-z_]\w*(?:\[(?:0|[1-9]\d{0,2})\]|\.[A-Za-z_]\w*)*", re.ASCII)
PART = re.compile(r"\[(\d+)\]|(\w+)", re.ASCII)


class Variant(BaseModel):
    """Differences of one of several runs."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80, description="What it is called; follows the spec's own name.")
    changes: dict[str, Any] = Field(
        max_length=50, description="Path of a field, such as `stages[0].optimizer`, to what it holds instead."
    )


def vary(document: Any, variant: Variant) -> Any:
    """A copy of the spec with the variant's changes and its name.

    Raises SpecInvalid with the path of a change that leads nowhere.
    """
    input_limits.check(variant.changes)
    varied = copy.deepcopy(document)
    for path, value in variant.changes.items():
        if not PATH.fullmatch(path):
            raise _nowhere(path, "is not the path of a field; write it like `stages[0].optimizer`.")
        _put(varied, path, copy.deepcopy(value))
    if isinstance(varied, dict) and "name" not in variant.changes:
        varied["name"] = f"{varied.get('name', '')} · {variant.name}"[:200]
    return varied


def _put(document: Any, path: str, value: Any) -> None:
    keys: list[int | str] = [int(index) if index else name for index, name in PART.findall(path)]
    place = document
    for key, following in pairwise(keys):
        if isinstance(key, str) and isinstance(place, dict) and isinstance(following, str):
            place.setdefault(key, {})
            if isinstance(place[key], str):
                place[key] = {"kind": place[key]}  # a component in short
        place = _item(place, key, path)
    _item(place, keys[-1], path, missing_is_fine=True)
    place[keys[-1]] = value


def _item(place: Any, key: int | str, path: str, missing_is_fine: bool = False) -> Any:
    """Value at `key`; a mapping may lack the field that is about to be written."""
    if isinstance(key, int) and isinstance(place, list) and key < len(place):
        return place[key]
    if isinstance(key, str) and isinstance(place, Mapping) and (key in place or missing_is_fine):
        return place.get(key)
    near = suggest(str(key), map(str, place)) if isinstance(place, Mapping) else "."
    raise _nowhere(path, f"leads nowhere in this spec: it has no `{key}` there{near}")


def _nowhere(path: str, message: str) -> SpecInvalid:
    return SpecInvalid([UnknownField(path=path[:200], message=message)])
