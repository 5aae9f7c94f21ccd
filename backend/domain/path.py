"""Paths of fields, such as `stages[0].optimizer.lr`: parsed, joined, read and written here alone."""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from backend.domain.problems import SpecInvalid, UnknownField, suggest

Key = int | str
"""A step of a path: an index, counted from 0, or a field's name."""

LONGEST_NAME = 80  # characters; the rest of a longer name is cut off where it is told

_NAME, _INDEX = r"[A-Za-z_]\w*", r"0|[1-9]\d{0,2}"
_PATH = re.compile(rf"{_NAME}(?:\[(?:{_INDEX})\]|\.{_NAME})*", re.ASCII)
_KEY = re.compile(r"\[(\d+)\]|(\w+)", re.ASCII)


def parse(path: str) -> list[Key]:
    """Keys of a path, the outermost first. Raises SpecInvalid when it is not written as one."""
    if not _PATH.fullmatch(path):
        raise _wrong(path, "is not the path of a field; write it like `stages[0].optimizer`.")
    return [int(index) if index else name for index, name in _KEY.findall(path)]


def join(path: str, *keys: Key) -> str:
    """The path of what these keys lead to from `path`, which may be empty; a stranger's names are not checked."""
    for key in keys:
        if isinstance(key, int):
            path = f"{path}[{key}]"
        else:
            path = f"{path}.{key[:LONGEST_NAME]}" if path else key[:LONGEST_NAME]
    return path


def parents(path: str) -> Iterator[str]:
    """Paths of the parts that hold the field, the outermost first: `stages`, `stages[0]`, `stages[0].optimizer`."""
    keys = parse(path)
    return (join("", *keys[:length]) for length in range(1, len(keys)))


def within(path: str, outer: str) -> bool:
    """Returns whether `path` is `outer` or lies below it."""
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))


def moved(path: str, old: str, new: str) -> str:
    """The path with `new` in place of `old`, which it lies within; each may be empty."""
    rest = path.removeprefix(old).removeprefix(".")
    return f"{new}.{rest}" if new and rest and not rest.startswith("[") else f"{new}{rest}"


def read(document: Any, path: str) -> Any:
    """Value at `path`. Raises SpecInvalid when it leads nowhere."""
    place = document
    for key in parse(path):
        place = _at(place, key, path)
    return place


def leads(document: Any, path: str) -> bool:
    """Returns whether there is a field at `path`."""
    try:
        read(document, path)
    except SpecInvalid:
        return False
    return True


def write(document: Any, path: str, value: Any) -> None:
    """Put `value` at `path`: in the place of what is there, or as a new field of a mapping.

    A mapping that is left out on the way is begun, and a component in short is written out. Raises SpecInvalid when the
    path leads nowhere.
    """
    *_, last = keys = parse(path)
    place = document
    for key, following in pairwise(keys):
        if isinstance(following, str):
            _open(place, key)
        place = _at(place, key, path)
    if not (isinstance(last, str) and isinstance(place, Mapping)):
        _at(place, last, path)
    place[last] = value


def _open(place: Any, key: Key) -> None:
    """Make what is at `key` take fields."""
    if isinstance(key, str) and isinstance(place, dict):
        place.setdefault(key, {})
    if _has(place, key) and isinstance(place[key], str):
        place[key] = {"kind": place[key]}


def _at(place: Any, key: Key, path: str) -> Any:
    if _has(place, key):
        return place[key]
    near = suggest(str(key), map(str, place)) if isinstance(place, Mapping) else "."
    raise _wrong(path, f"does not exist in this spec: there is no `{key}`{near}")


def _has(place: Any, key: Key) -> bool:
    if isinstance(key, int):
        return isinstance(place, list) and key < len(place)
    return isinstance(place, Mapping) and key in place


def _wrong(path: str, message: str) -> SpecInvalid:
    return SpecInvalid([UnknownField(path=path[:200], message=message)])
