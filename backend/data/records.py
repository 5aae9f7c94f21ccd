"""JSON: one record on each line (JSONL), a list of records, or an object of columns. It is never taken for CSV."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from backend.data import lines
from backend.data.columns import check_size
from backend.data.faults import FileInvalid
from backend.data.json_values import Items, JsonInvalid, parse
from backend.data.source import Row, Source, check_cell

FIRST_CHARACTERS = 4096  # that the kind of file is told from
MOST_WHOLE = 64 << 20  # bytes of an object of columns, which is read whole

_OBJECT = r"""\{\s*(["'}]|$)"""
_LIST = r"""\[\s*([\[\]{"']|$|(true|false|null|-?\d[\d.eE+-]*)\s*(,|\]\s*$))"""
_BEGINS = re.compile(rf"\s*({_OBJECT}|{_LIST})", re.MULTILINE)
_BEGINS_WITH_A_COLUMN = re.compile(r'\s*\{\s*"([^"\\]|\\.)*"\s*:\s*\[')

Record = dict[str, Any]
Records = Iterator[tuple[int, Any]]  # the number of each, and what it is


def begins_like_json(text: str) -> bool:
    """Tells whether a file that begins so is JSON, also a damaged one: no CSV file begins so."""
    return _BEGINS.match(text.removeprefix("\ufeff")) is not None


def open_source(path: Path) -> Source:
    """The table of a JSON file. Raises FileInvalid in one sentence."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        begins = file.read(FIRST_CHARACTERS)
    if begins.lstrip().startswith("["):
        lines.check(path, longest=None)
        return _of_records(lambda: _in_list(path), "Record")
    if _BEGINS_WITH_A_COLUMN.match(begins) and (columns := _whole(path)) is not None:
        return _of_columns(columns)
    lines.check(path)
    return _of_records(lambda: _on_lines(path), "Line")


def _of_records(records: Callable[[], Records], noun: str) -> Source:
    found: dict[str, None] = {}
    for number, record in records():
        if not isinstance(record, dict):
            raise FileInvalid(f"{noun} {number} holds {_kind(record)}: write an object of names and values there.")
        if not record.keys() <= found.keys():
            found |= dict.fromkeys(record)
            check_size(1, len(found))
    if not found:
        raise FileInvalid("The file has no record: add the data.")
    names = _names(found)

    def rows(places: Sequence[int]) -> Iterator[Row]:
        some = [names[place] for place in places]
        for number, record in records():
            yield number, [_cell(record.get(name), name, f"{noun} {number}") for name in some]

    return Source(names, rows, noun)


def _of_columns(columns: Record) -> Source:
    names, length = _names(columns), len(next(iter(columns.values())))
    for name, values in columns.items():
        if not isinstance(values, list):
            raise FileInvalid(f"`{name[:80]}` holds {_kind(values)}: write a list there, as long as the first.")
        if len(values) != length:
            raise FileInvalid(
                f"`{name[:80]}` has {len(values):,} values, but `{names[0][:80]}` has {length:,}: write as many in each."
            )

    def rows(places: Sequence[int]) -> Iterator[Row]:
        some = [(names[place], columns[names[place]]) for place in places]
        for row in range(length):
            yield row + 1, [_cell(values[row], name, f"Row {row + 1}") for name, values in some]

    return Source(names, rows)


def _names(found: dict[str, Any]) -> list[str]:
    return [check_cell(name, f"The name of column {number}") for number, name in enumerate(found, 1)]


def _cell(value: Any, name: str, place: str) -> str:
    if isinstance(value, str):
        return check_cell(value, f"{place}, column `{name[:80]}`,")
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value)
    inner = "".join(f".{key}" for key in list(value)[:1]) if isinstance(value, dict) else "[0]"
    raise FileInvalid(
        f"{place} holds {_kind(value)} in `{name[:80]}` (`{name[:80]}{inner[:80]}`): give each of its parts a name of its own in the "
        "record, or leave that column out."
    )


def _kind(value: Any) -> str:
    return "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a single value"


def _on_lines(path: Path) -> Records:
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    yield number, parse(line.strip())
                except JsonInvalid as error:
                    raise FileInvalid(
                        f"Line {number} cannot be read as JSON ({error}): write one whole record on each line, or a list of records."
                    ) from None


def _in_list(path: Path) -> Records:
    with path.open(encoding="utf-8-sig") as file:
        items, number = Items(file), 0
        items.take("[")
        ended = items.take("]")
        while not ended:
            number += 1
            yield number, items.item(number)
            ended = items.take("]")
            if not ended and not items.take(","):
                raise FileInvalid(f"After record {number} the list must go on with a comma, or end with `]`.")
        if not items.take(""):
            raise FileInvalid("There is more after the end of the list: send one list, or one record on each line.")


def _whole(path: Path) -> Record | None:
    """The file as one object; None when it holds more, such as a record on each line."""
    if path.stat().st_size > MOST_WHOLE:
        return None
    lines.check(path, longest=None)
    try:
        columns: Record = parse(path.read_text(encoding="utf-8-sig").strip())
    except JsonInvalid:
        return None
    return columns
