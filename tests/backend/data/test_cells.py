"""Cells of a table: missing is decided once, however a cell is padded, and numbers in another notation are never guessed."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.data.cells import MISSING, is_missing
from backend.data.faults import FileInvalid
from tests.backend.data.making import checked

ROWS = 30


def table(cell: str, column: int, separator: str = ",") -> bytes:
    """A number, a text and a class, with one cell replaced in the fifth row (line 6)."""
    rows = [[f"{row / 10}", ("red", "blue")[row % 2], ("no", "yes")[row % 3 == 0]] for row in range(ROWS)]
    rows[4][column] = cell
    return "\n".join(separator.join(row) for row in [["size", "colour", "bought"], *rows]).encode()


def refusal(content: bytes) -> str:
    with TemporaryDirectory() as folder, pytest.raises(FileInvalid) as refused:
        checked(Path(folder), {"file": content})
    return str(refused.value)


def left_out(content: bytes) -> tuple[int, int, list[set[str]]]:
    """Rows, lines left out, the texts of each text column."""
    with TemporaryDirectory() as folder:
        facts = checked(Path(folder), {"file": content}, missing="leave_out")
        assert np.isfinite(np.load(Path(folder) / "values.npy")).all()
    return facts.rows, facts.left_out, [set(column.counts or ()) for column in facts.columns[1:]]


WHOLE = (ROWS - 1, 1, [{"red", "blue"}, {"no", "yes"}])


@settings(max_examples=60, deadline=None)
@given(
    token=st.sampled_from(sorted(MISSING)),
    before=st.text(" \u00a0", max_size=9),
    after=st.text(" \u00a0", max_size=9),
    upper=st.booleans(),
    column=st.integers(0, 2),
)
def test_missing_is_missing_for_every_reader(token: str, before: str, after: str, upper: bool, column: int) -> None:
    content = table(before + (token.upper() if upper else token) + after, column)
    assert refusal(content).startswith("Line 6 has nothing in column")
    assert left_out(content) == WHOLE


@pytest.mark.parametrize("cell", ["none", "-", "0", "nano", "nullable", "no"])
def test_what_is_something_is_not_missing(cell: str) -> None:
    assert not is_missing(cell)


@pytest.mark.parametrize(
    ("cell", "separator", "sentence"),
    [
        ("1,5", ";", "has a decimal comma: write numbers with a point"),
        ("0,500", ";", "has a decimal comma"),
        ("1.234,5", ";", "has a decimal comma"),
        ('"500,193"', ",", "can be read in two ways: if its comma parts thousands"),
        ('"1,500,193"', ",", "has its thousands parted"),
        ('"1,500.5"', ",", "has its thousands parted"),
        ("1 500.5", ",", "has its thousands parted"),
        ("1\u202f500", ";", "has its thousands parted"),
        ("1'500.5", ",", "has its thousands parted"),
        ("\u22121.5", ",", "has a minus sign of typography (U+2212): write `-`"),
    ],
)
def test_a_number_in_another_notation_is_told_truly(cell: str, separator: str, sentence: str) -> None:
    rows = [separator.join((cell, ("x", "y")[row % 2])) for row in range(ROWS)]
    assert sentence in refusal("\n".join(["a" + separator + "b", *rows]).encode())


def test_one_cell_that_allows_a_single_reading_decides_for_its_column() -> None:
    rows = [f"{('1,234', '5,67')[row == 20]};{('x', 'y')[row % 2]}" for row in range(ROWS)]
    assert "`1,234` has a decimal comma" in refusal("\n".join(["a;b", *rows]).encode())


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize("header", ["", "a{0}b{0}c{0}d\n"])
@pytest.mark.parametrize("declared", ["", "sep={0}\n", "SEP={0}\r\n"])
def test_decimal_commas_do_not_part_cells(separator: str, header: str, declared: str) -> None:
    rows = [separator.join((f"{row},5", f"{row % 7},0", "1,5", "xy"[row % 2])) for row in range(ROWS)]
    said = refusal((declared + header + "\n".join(rows)).format(separator).encode())
    assert "has a decimal comma" in said and said.startswith(f"Line {1 + bool(header) + bool(declared)}, column")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", ":"])
def test_a_declared_separator_is_believed_and_is_no_row(separator: str, tmp_path: Path) -> None:
    content = f"sep={separator}\n".encode() + table("0.4", 0, separator)
    facts = checked(tmp_path, {"file": content})
    assert (facts.separator, facts.rows, [column.name for column in facts.columns]) == (
        separator,
        ROWS,
        ["size", "colour", "bought"],
    )
    assert refusal(content.replace(b"0.4", b"")).startswith("Line 7 has nothing in column `size`")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_texts_may_hold_other_separators(separator: str, tmp_path: Path) -> None:
    content = table("0.4", 0, separator).replace(b"red", b'"dark, red; or | pink"')
    facts = checked(tmp_path, {"file": content})
    assert facts.separator == separator and "dark, red; or | pink" in (facts.columns[1].counts or {})
