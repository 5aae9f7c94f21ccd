"""JSON files: the same table as CSV, numbers as they are written, and hostile twins that end in one sentence."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.data import json_values
from backend.data.faults import FileInvalid
from tests.backend.data.making import checked

ROWS = 60
RECORDS = [{"x": row / 7, "n": row % 5, "kind": "ab"[row % 2]} for row in range(ROWS)]
Records = list[dict[str, Any]]


def jsonl(records: Records) -> bytes:
    return "\n".join(map(json.dumps, records)).encode()


def columns(records: Records) -> bytes:
    return json.dumps({name: [record[name] for record in records] for name in records[0]}).encode()


FORMS: dict[str, Callable[[Records], bytes]] = {
    "lines": jsonl,
    "lines with blanks": lambda records: b"\xef\xbb\xbf \n" + jsonl(records).replace(b"\n", b" \r\n\r\n") + b"\n\n",
    "list": lambda records: json.dumps(records).encode(),
    "indented list": lambda records: json.dumps(records, indent=2).encode() + b"\n",
    "columns": columns,
    "indented columns": lambda records: json.dumps(json.loads(columns(records)), indent=2).encode(),
}
each_form = pytest.mark.parametrize("form", FORMS)


def as_csv(records: Records) -> bytes:
    rows = [",".join("" if value is None else str(value) for value in record.values()) for record in records]
    return "\n".join([",".join(records[0]), *rows]).encode()


def same(folder: Path, content: bytes, records: Records) -> Any:
    plain = checked(folder / "csv", {"file": as_csv(records)}, missing="leave_out")
    found = checked(folder / "json", {"file": content}, missing="leave_out")
    assert found.columns == plain.columns
    assert (folder / "json" / "values.npy").read_bytes() == (folder / "csv" / "values.npy").read_bytes()
    return found


@each_form
def test_the_same_table_is_the_same_in_every_form(tmp_path: Path, form: str) -> None:
    assert same(tmp_path, FORMS[form](RECORDS), RECORDS).rows == ROWS


@pytest.mark.parametrize("block", [1, 7, 64])
def test_a_list_is_the_same_however_it_is_read(tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_values, "BLOCK", block)
    same(tmp_path, json.dumps(RECORDS, indent=1).encode(), RECORDS)


@each_form
@pytest.mark.parametrize(
    "values",
    [
        [2**64 + row % 3 for row in range(ROWS)],
        [f"{row % 3:02}" for row in range(ROWS)],
        [row % 3 == 0 for row in range(ROWS)],
        [None if row == 4 else row for row in range(ROWS)],
        [float("nan") if row == 4 else row / 8 for row in range(ROWS)],
        ["1" if row % 2 else 1 for row in range(ROWS)],
    ],
    ids=["huge", "zeros in front", "booleans", "nulls", "NaN", "numbers that are texts"],
)
def test_values_of_each_kind(tmp_path: Path, values: list[Any], form: str) -> None:
    records = [{"x": value, "kind": "ab"[row % 2]} for row, value in enumerate(values)]
    same(tmp_path, FORMS[form](records), records)


def test_numbers_are_labels_as_they_are_written(tmp_path: Path) -> None:
    content = "\n".join(f'{{"x": {row}, "code": {("1.0", "1", "1e0")[row % 3]}}}' for row in range(ROWS))
    found = checked(tmp_path, {"file": content.encode()}, target="code", task="classification")
    assert found.columns[1].counts == {"1.0": 20, "1": 20, "1e0": 20}


def test_a_name_that_a_record_lacks_is_a_missing_value(tmp_path: Path) -> None:
    records = [dict(record) for record in RECORDS]
    del records[0]["n"], records[7]["x"]
    found = checked(tmp_path, {"file": jsonl(records)}, missing="leave_out", target="kind")
    assert [column.name for column in found.columns] == ["x", "kind", "n"]
    assert (found.rows, found.left_out) == (ROWS - 2, 2)


def refusal(folder: Path, content: bytes, **options: Any) -> str:
    with pytest.raises(FileInvalid) as refused:
        checked(folder, {"file": content}, **options)
    assert str(refused.value).endswith((".", "?"))
    return str(refused.value)


def changed(line: int, text: str) -> bytes:
    lines = jsonl(RECORDS).decode().split("\n")
    lines[line - 1] = text
    return "\n".join(lines).encode()


FAULTS = [
    (changed(3, '{"x": {"y": 1}, "n": 1, "kind": "a"}'), "Line 3 holds an object in `x` (`x.y`)"),
    (changed(3, '{"x": [1, 2], "n": 1, "kind": "a"}'), "Line 3 holds a list in `x` (`x[0]`)"),
    (changed(3, '{"x": 1, "x": 2, "kind": "a"}'), "Line 3 cannot be read as JSON (the name `x` comes twice)"),
    (changed(3, "[1, 2]"), "Line 3 holds a list: write an object"),
    (changed(3, "17"), "Line 3 holds a single value"),
    (changed(3, '{"x": 1'), "Line 3 cannot be read as JSON (Expecting ',' delimiter"),
    (
        changed(3, '{"x": 1} {"x": 2}'),
        "Line 3 cannot be read as JSON (there is more than one value, from character 9 on)",
    ),
    (changed(3, '{"x": ' + "[" * 100_000), "Line 3 cannot be read as JSON (it is nested too deep)"),
    (changed(3, '{"x": "\\u0000", "n": 1, "kind": "a"}'), "Line 3, column `x`, holds the character U+0000"),
    (changed(3, '{"x": "\\ud800", "n": 1, "kind": "a"}'), "Line 3, column `x`, holds the character U+D800"),
    (changed(3, '{"\\ud800": 1}'), "The name of column 4 holds the character U+D800"),
    (changed(3, '{"x": Infinity, "n": 1, "kind": "a"}'), "Line 3, column `x`: `Infinity` is infinite"),
    (changed(3, '{"x": 1' + "0" * 400 + ', "n": 1, "kind": "a"}'), "is infinite or too large"),
    (changed(3, '{"x": "' + "a" * 140_000 + '"}'), "Line 3, column `x`, has more than 131,072 characters"),
    (changed(3, '{"x": null, "n": 1, "kind": "a"}'), "Line 3 has nothing in column `x`"),
    (changed(1, '{"x": ' + " " * (5 << 20) + "1}"), "Line 1 is longer than 4 MB"),
    (b"[" + b" " * (5 << 20), "Record 1 cannot be read as JSON"),
    (b'[{"x": "' + b"a" * (6 << 20), "Record 1 cannot be read as JSON"),
    (b"[" * 1_000_000, "Record 1 cannot be read as JSON (it is nested too deep)"),
    (json.dumps(RECORDS).encode()[:-1], "After record 60 the list must go on with a comma"),
    (json.dumps(RECORDS).encode() + b"{}", "There is more after the end of the list"),
    (b"[]", "The file has no record"),
    (b"{}", "The file has no record"),
    (b"[1, 2, 3]", "Record 1 holds a single value"),
    (b"[[1, 2], [3, 4]]", "Record 1 holds a list"),
    (b'{"a": [1, 2], "b": [1]}', "`b` has 1 values, but `a` has 2"),
    (b'{"a": [1, 2], "b": 1}', "`b` holds a single value"),
    (b'{"data": [{"x": 1}]}', "The file has one column"),
    (b'{"a": {"0": 1}, "b": {"0": 2}}', "Line 1 holds an object in `a` (`a.0`)"),
    (b'{\n  "a": 1\n}', "Line 1 cannot be read as JSON"),
    (b"{'a': 1, 'b': 2}\n" * 20, "Line 1 cannot be read as JSON"),
    (b'{"a": 1, "b": "\xe9"}', "Line 1 is not UTF-8 text"),
]


@pytest.mark.parametrize(("content", "sentence"), FAULTS, ids=[sentence[:50] for _, sentence in FAULTS])
def test_each_fault_is_told_in_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    assert sentence in refusal(tmp_path, content)


def test_a_nested_column_can_be_left_out(tmp_path: Path) -> None:
    records = [{**record, "tags": ["a"]} for record in RECORDS]
    assert checked(tmp_path, {"file": jsonl(records)}, ignore=["tags"]).rows == ROWS


@pytest.mark.parametrize("first", ["[1] x,[2] y", "{x},y", "[a],b", "(1),2"])
def test_a_csv_file_with_brackets_is_still_one(tmp_path: Path, first: str) -> None:
    rows = "".join(f"{row / 7},{'ab'[row % 2]}\n" for row in range(ROWS))
    found = checked(tmp_path, {"file": f"{first}\n{rows}".encode()})
    assert (found.separator, found.rows) == (",", ROWS)


def test_a_large_list_costs_no_more_than_its_size(tmp_path: Path) -> None:
    """The text is never cut for each record: twice the records take about twice the time, not four times."""
    records = [{"x": row, "kind": "ab"[row % 2]} for row in range(60_000)]
    assert checked(tmp_path, {"file": json.dumps(records).encode()}).rows == 60_000


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(values.map(json.dumps), st.integers(0, 200), st.text(st.sampled_from('{}[]",:1e \n'), max_size=8))
def test_no_json_crashes_the_check(text: str, place: int, more: str) -> None:
    content = (text[:place] + more + text[place:]).encode()
    with TemporaryDirectory() as folder, suppress(FileInvalid):
        found = checked(Path(folder), {"file": content}, missing="leave_out")
        assert np.isfinite(np.load(Path(folder) / "values.npy")).all() and found.rows
