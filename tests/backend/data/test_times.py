"""Dates and times are seconds, in text files as in Parquet."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from backend.data.faults import FileInvalid
from backend.data.times import moment
from tests.backend.data.making import checked
from tests.backend.data.test_columnar import parquet

ROWS = 60
DAYS = [
    dt.datetime(2024, 2, 20 + row % 9, row % 24, row % 60, 7 * row % 60, 250_000 * (row % 4)) for row in range(ROWS)
]


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [
        ("1970-01-02", "86400"),
        ("1970-01-01T00:00:01", "1"),
        ("1970-01-01 00:00:01.5", "1.5"),
        ("1970-01-01T02:00:00+02:00", "0"),
        ("1970-01-01T00:00Z", "0"),
        ("1969-12-31", "-86400"),
        ("2024-02-30", None),
        ("2024-13-01", None),
        ("20240101", None),
        ("12:30", None),
        ("01/02/2024", None),
        ("2024-01-01x", None),
    ],
)
def test_a_moment_is_read_in_one_notation(cell: str, seconds: str | None) -> None:
    assert moment(cell) == seconds


WRITTEN: dict[str, Callable[[dt.datetime], str]] = {
    "space": str,
    "iso": dt.datetime.isoformat,
    "zone": lambda day: day.replace(tzinfo=dt.UTC).astimezone(dt.timezone(dt.timedelta(hours=3))).isoformat(),
    "padded": lambda day: f"  {day} ",
}


@pytest.mark.parametrize("way", WRITTEN)
def test_times_of_a_text_file_are_those_of_parquet(tmp_path: Path, way: str) -> None:
    rows = [f"{WRITTEN[way](day)},{'ab'[row % 2]}" for row, day in enumerate(DAYS)]
    plain = checked(tmp_path / "csv", {"file": "\n".join(["at,kind", *rows]).encode()})
    table = pa.table({"at": pa.array(DAYS, pa.timestamp("us")), "kind": ["a", "b"] * 30})
    other = checked(tmp_path / "parquet", {"file": parquet(table)})
    assert plain.columns == other.columns and plain.columns[0].unit == "seconds since 1970-01-01"
    assert np.array_equal(np.load(tmp_path / "csv" / "values.npy"), np.load(tmp_path / "parquet" / "values.npy"))


def test_times_among_other_texts_are_texts(tmp_path: Path) -> None:
    rows = [f"{('2024-01-01', 'never')[row % 2]},{row % 3}" for row in range(ROWS)]
    found = checked(tmp_path, {"file": "\n".join(["at,kind", *rows]).encode()})
    assert (found.columns[0].type, found.columns[0].unit) == ("text", "")


@pytest.mark.parametrize("text", ["NaT", "2024-02-30", "never"])
def test_a_text_among_times_is_told(tmp_path: Path, text: str) -> None:
    rows = [f"{text if row in (7, 9) else DAYS[row]},{row % 3}" for row in range(ROWS)]
    with pytest.raises(FileInvalid, match=f"Line 9, column `at`: `{text}` is not a date"):
        checked(tmp_path, {"file": "\n".join(["at,kind", *rows]).encode()})


def test_times_with_holes_are_times(tmp_path: Path) -> None:
    rows = [f"{'' if row == 4 else DAYS[row]},{row % 3}" for row in range(ROWS)]
    found = checked(tmp_path, {"file": "\n".join(["at,kind", *rows]).encode()}, missing="leave_out")
    assert (found.columns[0].type, found.rows) == ("number", ROWS - 1)
