"""Specs as text: YAML or JSON in, YAML out. Plain data alone: no tags, no aliases, no duplicate fields.

Scalars are those of YAML 1.2: `1e-3` is a number, `no` is text, and a date stays text.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.events import Event

from backend.domain import input_limits
from backend.domain.problems import SpecInvalid

MAX_CHARACTERS = 256 * 1024

_WORDS: dict[str, Any] = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], None),
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def parse(text: str) -> Any:
    """The document in a YAML or JSON text. Raises SpecInvalid in one sentence, with the line where it helps."""
    if len(text) > MAX_CHARACTERS:
        raise input_limits.refuse(f"The spec is longer than {MAX_CHARACTERS} characters.")
    if (bad := input_limits.UNWRITABLE.search(text)) is not None:
        line = text.count("\n", 0, bad.start()) + 1
        raise input_limits.refuse(f"The spec has a control character or half of a surrogate pair in line {line}.")
    document = _from_json(text) if text.lstrip()[:1] in ("{", "[", '"') else _NOT_JSON
    if document is _NOT_JSON:
        document = _from_yaml(text)
    input_limits.check(document)
    return document


_NOT_JSON = object()


def _from_json(text: str) -> Any:
    """Value of a text that only JSON reads, because of its escapes. YAML reports mistakes better, with the line."""
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return _NOT_JSON


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field is given twice")
    return fields


def _from_yaml(text: str) -> Any:
    try:
        return _Reader(text).document()
    except SpecInvalid:
        raise
    except yaml.MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise input_limits.refuse(f"The spec is not valid YAML{line}: {error.problem or error.context}.") from None
    except yaml.YAMLError as error:
        raise input_limits.refuse(f"The spec is not valid YAML: {str(error).splitlines()[0]}.") from None


class _Reader:
    """Builds plain data from YAML's events in one pass, and gives up at the first that goes beyond a limit."""

    def __init__(self, text: str) -> None:
        self._events: Iterator[Event] = yaml.parse(text, Loader=yaml.CSafeLoader)
        self._values = 0

    def document(self) -> Any:
        next(self._events)  # the stream's beginning
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise input_limits.refuse("The spec is empty.")
        value = self._value(next(self._events), depth=0)
        next(self._events)  # the document's end
        if not isinstance(extra := next(self._events), yaml.StreamEndEvent):
            raise _fault(extra, "has a second document; only one is allowed")
        return value

    def _value(self, event: Event, depth: int) -> Any:
        self._values += 1
        if self._values > input_limits.MAX_VALUES:
            raise _fault(event, f"has more than {input_limits.MAX_VALUES} values")
        if depth > input_limits.MAX_DEPTH:
            raise _fault(event, f"is nested more than {input_limits.MAX_DEPTH} levels deep")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _fault(event, "has an anchor or alias; write the value out")
        if tag := getattr(event, "tag", None):
            raise _fault(event, f"has the tag `{tag:.80}`; only plain values are allowed")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return [self._value(item, depth + 1) for item in self._until(yaml.SequenceEndEvent)]
        assert isinstance(event, yaml.ScalarEvent)
        return _scalar(event)

    def _mapping(self, depth: int) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for event in self._until(yaml.MappingEndEvent):
            name = self._value(event, depth + 1)
            if not isinstance(name, str):
                raise _fault(event, f"has the field {name!r:.80}; a field's name must be text")
            if name in fields:
                raise _fault(event, f"gives `{name:.80}` twice")
            fields[name] = self._value(next(self._events), depth + 1)
        return fields

    def _until(self, end: type[Event]) -> Iterator[Event]:
        while not isinstance(event := next(self._events), end):
            yield event


def _fault(event: Event, message: str) -> SpecInvalid:
    mark: Any = event.start_mark
    return input_limits.refuse(f"The spec {message} (line {mark.line + 1}).")


def _scalar(event: yaml.ScalarEvent) -> Any:
    if event.style is not None and event.style != "":
        return event.value  # quoted or a block: text
    try:
        return plain_value(event.value)
    except ValueError:
        raise _fault(event, "has a number with too many digits") from None


def plain_value(text: str) -> Any:
    """Value of an unquoted scalar. Raises ValueError for whole numbers of thousands of digits."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    return float(text.replace(".", "")) if _NOT_FINITE.fullmatch(text) else text


def to_yaml(document: Any) -> str:
    """The document as block YAML in the order of its fields; what is short and flat stays on one line."""
    return yaml.dump(document, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=1000)


class _Writer(yaml.SafeDumper):
    """YAML that `parse` and any YAML 1.1 reader take for the same document."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)  # lists are indented under their field


def _write_text(writer: _Writer, text: str) -> yaml.Node:
    """Text that would be read as something else is quoted (any other quoting PyYAML adds by itself)."""
    ambiguous = text in _WORDS or _NUMBER.fullmatch(text) or _NOT_FINITE.fullmatch(text)
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style="'" if ambiguous else None)


def _write_mapping(writer: _Writer, fields: dict[str, Any]) -> yaml.Node:
    short = _is_short([*fields, *fields.values()])
    return writer.represent_mapping("tag:yaml.org,2002:map", list(fields.items()), flow_style=short)


def _write_list(writer: _Writer, items: list[Any]) -> yaml.Node:
    return writer.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=_is_short(items))


def _is_short(values: list[Any]) -> bool:
    flat = not any(isinstance(value, (dict, list)) and value for value in values)
    return flat and sum(len(str(value)) + 2 for value in values) <= 80


_Writer.add_representer(str, _write_text)
_Writer.add_representer(dict, _write_mapping)
_Writer.add_representer(list, _write_list)
