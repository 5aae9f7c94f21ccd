"""Parquet and Arrow files: the same table as CSV, whatever its types, and hostile twins that end in one sentence."""

import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from backend.data.faults import FileInvalid
from tests.backend.data.making import checked, csv, left

ROWS = 60


def parquet(table: pa.Table, **options: Any) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table, stream, **options)
    return stream.getvalue()


def arrow(table: pa.Table) -> bytes:
    stream = io.BytesIO()
    with pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table, max_chunksize=7)
    return stream.getvalue()


def arrow_stream(table: pa.Table) -> bytes:
    stream = io.BytesIO()
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table, max_chunksize=11)
    return stream.getvalue()


def feather_file(table: pa.Table) -> bytes:
    stream = io.BytesIO()
    feather.write_feather(table, stream, compression="zstd")
    return stream.getvalue()


FORMATS: dict[str, Callable[[pa.Table], bytes]] = {
    "parquet": parquet,
    "parquet in row groups": lambda table: parquet(table, row_group_size=13, compression="zstd"),
    "arrow": arrow,
    "stream": arrow_stream,
    "feather": feather_file,
}
each_format = pytest.mark.parametrize("form", FORMATS)

RANDOM = np.random.default_rng(0)
COLUMNS: dict[str, tuple[pa.Array, list[str]]] = {
    "int64 beyond 2^53": (pa.array([2**53 + row % 3 for row in range(ROWS)]), [str(2**53 + row % 3) for row in range(ROWS)]),
    "uint64": (pa.array([2**63 + row % 3 for row in range(ROWS)], pa.uint64()), [str(2**63 + row % 3) for row in range(ROWS)]),
    "float64": (pa.array(RANDOM.standard_normal(ROWS)), list(map(repr, np.random.default_rng(0).standard_normal(ROWS).tolist()))),
    "float32": (pa.array(np.arange(ROWS, dtype=np.float32) / 10), [str(np.float32(row) / np.float32(10)) for row in range(ROWS)]),
    "decimal": (pa.array([Decimal(row) / 4 for row in range(ROWS)], pa.decimal128(9, 2)), [f"{row / 4:.2f}" for row in range(ROWS)]),
    "booleans": (pa.array([row % 3 == 0 for row in range(ROWS)]), [str(row % 3 == 0) for row in range(ROWS)]),
    "categories": (pa.array(["b", "a", "c"] * 20).dictionary_encode(), ["b", "a", "c"] * 20),
    "categories that are numbers": (pa.array([7, 5, 7] * 20).dictionary_encode(), ["7", "5", "7"] * 20),
    "codes with zeros": (pa.array(["01", "1", "001"] * 20, pa.large_string()), ["01", "1", "001"] * 20),
    "views": (pa.array(["x", "y"] * 30, pa.string_view()), ["x", "y"] * 30),
    "texts that are numbers": (pa.array([f"{row}.50" for row in range(ROWS)]), [f"{row}.50" for row in range(ROWS)]),
    "nulls": (pa.array([None if row == 4 else row for row in range(ROWS)]), ["" if row == 4 else str(row) for row in range(ROWS)]),
    "nulls in floats": (pa.array([None if row == 4 else row / 8 for row in range(ROWS)], pa.float32()), ["" if row == 4 else str(row / 8) for row in range(ROWS)]),
    "NaN": (pa.array([float("nan") if row == 4 else row / 8 for row in range(ROWS)]), ["nan" if row == 4 else str(row / 8) for row in range(ROWS)]),
    "texts that say nothing": (pa.array(["N/A" if row == 4 else "xy"[row % 2] for row in range(ROWS)]), [" -nan " if row == 4 else "xy"[row % 2] for row in range(ROWS)]),
}  # fmt: skip


def stored(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".npy"}


@each_format
@pytest.mark.parametrize("kind", COLUMNS)
def test_the_same_table_is_the_same_in_every_format(tmp_path: Path, kind: str, form: str) -> None:
    values, cells = COLUMNS[kind]
    rows = [f"{cell},{row / 7!r},{'ab'[row % 2]}" for row, cell in enumerate(cells)]
    plain = checked(tmp_path / "csv", {"file": "\n".join(["x,y,kind", *rows]).encode()}, missing="leave_out")
    table = pa.table({"x": values, "y": [row / 7 for row in range(ROWS)], "kind": ["a", "b"] * 30})
    found = checked(tmp_path / "other", {"file": FORMATS[form](table)}, missing="leave_out")
    assert found.columns == plain.columns
    assert found.rows == plain.rows == ROWS - (plain.columns[0].empty > 0)
    assert stored(tmp_path / "other") == stored(tmp_path / "csv")


def test_texts_of_many_kinds_are_kept_beside_the_numbers(tmp_path: Path) -> None:
    texts = [f"Review number {row}, naïve" for row in range(ROWS)]
    found = checked(tmp_path, {"file": parquet(pa.table({"text": texts, "kind": ["a", "b"] * 30}))}, target="kind")
    assert found.columns[0].prose and not found.columns[1].prose
    assert (found.columns[0].median_words, found.columns[0].most_words, found.columns[1].most_words) == (5, 5, None)
    assert left(tmp_path) == ["ends-0.npy", "facts.json", "texts-0.npy", "values.npy"]
    ends, content = np.load(tmp_path / "ends-0.npy"), np.load(tmp_path / "texts-0.npy").tobytes()
    starts = [0, *ends[:-1].tolist()]
    assert [content[start:end].decode() for start, end in zip(starts, ends.tolist(), strict=True)] == texts


TIMES = {
    "days": (pa.array([dt.date(1970, 1, 2 + row % 20) for row in range(ROWS)]), 86400.0, "seconds since 1970-01-01"),
    "milliseconds": (pa.array([1500 + row for row in range(ROWS)], pa.timestamp("ms")), 1.5, "seconds since 1970-01-01"),
    "a zone": (pa.array([10**9 + row for row in range(ROWS)], pa.timestamp("ns", "Europe/Rome")), 1.0, "seconds since 1970-01-01"),
    "time of day": (pa.array([90 + row for row in range(ROWS)], pa.time32("s")), 90.0, "seconds since midnight"),
    "durations": (pa.array([-250_000 - row for row in range(ROWS)], pa.duration("us")), -0.25, "seconds"),
    "days in milliseconds": (pa.array([dt.date(1970, 1, 2)] * ROWS, pa.date64()), 86400.0, "seconds since 1970-01-01"),
}  # fmt: skip


@pytest.mark.parametrize("kind", TIMES)
def test_times_become_seconds_and_say_so(tmp_path: Path, kind: str) -> None:
    values, first, unit = TIMES[kind]
    found = checked(tmp_path, {"file": parquet(pa.table({"t": values, "kind": ["a", "b"] * 30}))})
    assert (found.columns[0].unit, np.load(tmp_path / "values.npy")[0, 0]) == (unit, first)
    assert found.columns[1].unit == ""


def refusal(folder: Path, content: bytes, **options: Any) -> str:
    with pytest.raises(FileInvalid) as refused:
        checked(folder, {"file": content}, **options)
    assert str(refused.value).endswith(".")
    return str(refused.value)


LABELS = ["a", "b"] * 30
NESTED = {
    "lists": pa.array([[1, 2]] * ROWS),
    "structs": pa.array([{"street": "x"}] * ROWS),
    "maps": pa.array([[("a", 1)]] * ROWS, pa.map_(pa.string(), pa.int64())),
}


@each_format
@pytest.mark.parametrize("kind", NESTED)
def test_nested_columns_are_named_and_can_be_left_out(tmp_path: Path, kind: str, form: str) -> None:
    table = pa.table({"inner": NESTED[kind], "x": list(range(ROWS)), "kind": LABELS})
    content = FORMATS[form](table)
    assert refusal(tmp_path / "a", content).startswith("Column `inner` is nested")
    assert checked(tmp_path / "b", {"file": content}, ignore=["inner"]).rows == ROWS


@each_format
def test_other_types_are_named(tmp_path: Path, form: str) -> None:
    table = pa.table({"x": pa.array([b"\x00"] * ROWS), "kind": LABELS})
    assert "Column `x` holds values of type `binary`" in refusal(tmp_path, FORMATS[form](table))


@each_format
def test_a_hole_is_told_with_its_row(tmp_path: Path, form: str) -> None:
    table = pa.table({"x": [None if row == 40 else row for row in range(ROWS)], "kind": LABELS})
    assert "Row 41 has nothing in column `x` (1 such row)" in refusal(tmp_path, FORMATS[form](table))


@each_format
def test_half_a_file_is_damaged(tmp_path: Path, form: str) -> None:
    content = FORMATS[form](pa.table({"x": list(range(4000)), "kind": ["a", "b"] * 2000}))
    assert "damaged, encrypted or not finished" in refusal(tmp_path, content[: len(content) // 2])


def test_a_dictionary_of_one_long_text_is_bounded_by_its_characters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dictionary = pa.DictionaryArray.from_arrays(pa.array([0] * 2000, pa.int32()), pa.array(["x" * 100_000]))
    content = parquet(pa.table({"x": dictionary, "kind": ["a", "b"] * 1000}))
    assert len(content) < 1 << 20
    assert checked(tmp_path / "a", {"file": content}, target="kind").rows == 2000
    monkeypatch.setattr("backend.data.columnar.MOST_TEXT", 100_000_000)
    assert "more than 100,000,000 characters" in refusal(tmp_path / "b", content)


def test_a_file_that_is_all_one_value_is_bounded_by_its_cells(tmp_path: Path) -> None:
    zeros = pa.table({"x": pa.array(np.zeros(150_000_000, np.int8))})
    content = parquet(zeros, row_group_size=150_000_000)
    assert len(content) < 1 << 20
    assert "more than 100,000,000 cells" in refusal(tmp_path, content)


@pytest.mark.parametrize("form", ["arrow", "stream"])
def test_a_place_beyond_its_dictionary_is_never_followed(tmp_path: Path, form: str) -> None:
    places = pa.array([0] * (ROWS - 1) + [10**6], pa.int32())
    lying = pa.DictionaryArray.from_arrays(places, pa.array(["a"]), safe=False)
    assert "damaged" in refusal(tmp_path, FORMATS[form](pa.table({"x": lying, "kind": LABELS})))


@each_format
def test_names_with_dots_are_names(tmp_path: Path, form: str) -> None:
    table = pa.table({"a": list(range(ROWS)), "a.b": [row / 7 for row in range(ROWS)], "kind": LABELS})
    found = checked(tmp_path, {"file": FORMATS[form](table)})
    assert [(column.name, column.greatest) for column in found.columns[:2]] == [("a", 59), ("a.b", 59 / 7)]


def test_text_that_no_text_may_hold_is_told(tmp_path: Path) -> None:
    table = pa.table({"x": ["a\x00"] * ROWS, "kind": LABELS})
    assert "A cell of column `x` in the rows from 1 on holds the character U+0000" in refusal(tmp_path, parquet(table))
    assert "The name of column 1" in refusal(tmp_path / "n", parquet(pa.table({"\x01": LABELS, "kind": LABELS})))
    long = pa.table({"x": ["a" * 140_000] * ROWS, "kind": LABELS})
    assert "more than 131,072 characters" in refusal(tmp_path / "l", parquet(long))


def test_no_rows_and_one_column_are_told(tmp_path: Path) -> None:
    assert "The file has no row: add the data." in refusal(tmp_path / "a", parquet(pa.table({"x": [], "y": []})))
    assert "has one column:" in refusal(tmp_path / "b", parquet(pa.table({"x": LABELS})))
    assert "Feather of version 1" in refusal(tmp_path / "c", b"FEA1" + bytes(40))
    assert "encrypted Parquet" in refusal(tmp_path / "d", b"PARE" + bytes(40) + b"PARE")


def test_the_reader_reads_a_csv_file_as_before(tmp_path: Path) -> None:
    assert checked(tmp_path, {"file": csv(30)}).rows == 30
