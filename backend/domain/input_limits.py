"""Limits of plain data, checked before anything looks into a document, so that hostile input ends quickly."""

import math
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from backend.domain.path import join
from backend.domain.problems import Problem, SpecInvalid

MAX_DEPTH = 20
MAX_VALUES = 10_000
MAX_TEXT = 10_000
MAX_INTEGER = 2**63 - 1

UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Control characters and halves of surrogate pairs: databases, logs and terminals choke on them."""

TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Controls that turn the direction of writing around: a text that holds one is shown as another."""


def label(text: str) -> str:
    """Returns a name that somebody else chose, without the characters that hide what it says."""
    return TURNING.sub("", UNWRITABLE.sub("", text)).strip()


def check(document: Any) -> None:
    """Raises SpecInvalid, with the path of the first fault, when `document` is not plain data within the limits.

    Level by level, so that no nesting, however deep, wide or circular, costs more than `MAX_VALUES` looks.
    """
    level, room = [("", document)], MAX_VALUES
    for _ in range(MAX_DEPTH + 1):
        for path, value in level:
            if (fault := _fault(value)) is not None:
                raise SpecInvalid([Problem(path=path, message=fault if path else f"The spec {fault}")])
        room -= len(level)
        level = list(islice((part for path, value in level for part in _parts(path, value)), room + 1))
        if not level:
            return
        if len(level) > room:
            raise refuse(f"The spec has more than {MAX_VALUES} values.")
    raise refuse(f"The spec is nested more than {MAX_DEPTH} levels deep.")


def refuse(message: str) -> SpecInvalid:
    """The document as a whole is refused."""
    return SpecInvalid([Problem(path="", message=message)])


def _parts(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        return ((join(path, name), item) for name, item in value.items())
    return ((join(path, index), item) for index, item in enumerate(value if isinstance(value, list) else ()))


def _fault(value: Any) -> str | None:
    match value:
        case None | bool():
            return None
        case str():
            return _text_fault(value)
        case int():
            return None if abs(value) <= MAX_INTEGER else "is a whole number that does not fit into 64 bits."
        case float():
            return None if math.isfinite(value) else f"must be a finite number, not {value}."
        case list():
            return None
        case dict():
            return next((fault for name in value if (fault := _name_fault(name))), None)
    return f"must be plain data, not {type(value).__name__}."


def _name_fault(name: Any) -> str | None:
    return _text_fault(name) if isinstance(name, str) else f"has the field {name!r:.80}: a field's name must be text."


def _text_fault(text: str) -> str | None:
    if len(text) > MAX_TEXT:
        return f"has a text of more than {MAX_TEXT} characters."
    if UNWRITABLE.search(text):
        return "has a control character or half of a surrogate pair in its text."
    if turning := TURNING.search(text):
        return f"has the character U+{ord(turning[0]):04X}, which changes the direction of writing: remove it."
    return None
