"""Tables: what is read, and how each fault is told."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.data import table
from backend.data.faults import FileInvalid
from backend.domain.experiment.upload_plan import Choice
from backend.domain.experiment.uploads import plan
from tests.backend.data.making import checked, csv, left


def reported(folder: Path, content: bytes, **options: Any) -> str:
    with pytest.raises(FileInvalid) as refused:
        checked(folder, {"file": content}, **options)
    assert str(refused.value).endswith((".", "?"))
    return str(refused.value)


def test_a_table_is_described_and_becomes_numbers(tmp_path: Path) -> None:
    facts = checked(tmp_path, {"file": csv(30)})
    assert left(tmp_path) == ["facts.json", "values.npy"]
    assert (facts.kind, facts.rows, facts.separator, facts.header) == ("table", 30, ",", True)
    length, width, kind = facts.columns
    assert (length.name, length.type, length.least, length.greatest, length.whole) == (
        "length",
        "number",
        0,
        2.9,
        False,
    )
    assert length.mean == pytest.approx(1.45) and length.counts is None
    assert width.whole and width.counts == {"0": 5, "1": 5, "2": 4, "3": 4, "4": 4, "5": 4, "6": 4}
    assert (kind.type, kind.counts, kind.least) == ("text", {"low": 15, "high": 15}, None)
    assert facts.preview[:2] == [["0.0", "0", "low"], ["0.1", "1", "high"]]
    values = np.load(tmp_path / "values.npy")
    assert values.dtype == np.float64 and values.shape == (30, 3)
    assert values[:, 0].tolist() == [row / 10 for row in range(30)]
    assert values[:, 2].tolist() == [0, 1] * 15


@pytest.mark.parametrize(
    "content",
    [
        csv(30),
        csv(30, separator=";"),
        csv(30, separator="\t"),
        csv(30, separator="|"),
        csv(30, end="\r\n"),
        csv(30, end="\r"),
        b"\xef\xbb\xbf" + csv(30),
        csv(30).rstrip(b"\n"),
        csv(30, end="\n\n"),
        csv(30).replace(b"low", b'"low"').replace(b"length", b'"length"'),
        csv(30).replace(b",", b" , "),
    ],
)
def test_however_it_is_written_it_is_the_same_table(tmp_path: Path, content: bytes) -> None:
    plain, other = checked(tmp_path / "a", {"file": csv(30)}), checked(tmp_path / "b", {"file": content})
    assert other.columns == plain.columns
    assert (tmp_path / "a" / "values.npy").read_bytes() == (tmp_path / "b" / "values.npy").read_bytes()


def test_a_quoted_cell_may_hold_the_separator_quotes_and_line_breaks(tmp_path: Path) -> None:
    content = csv(30).replace(b"low", b'"lo,w ""x""\nend"')
    assert set(checked(tmp_path, {"file": content}).columns[2].counts or ()) == {'lo,w "x"\nend', "high"}


@pytest.mark.parametrize(
    ("header", "said", "names"),
    [
        ("length,width,kind", "auto", ["length", "width", "kind"]),
        ("", "auto", ["column 1", "column 2", "column 3"]),
        (",width,kind", "auto", ["column 1", "width", "kind"]),
        ("2019,2020,kind", "yes", ["2019", "2020", "kind"]),
    ],
)
def test_the_header_is_detected_or_said(tmp_path: Path, header: str, said: str, names: list[str]) -> None:
    facts = checked(tmp_path, {"file": csv(30, header=header)}, header=said)
    assert [column.name for column in facts.columns] == names
    assert facts.rows == 30


def test_a_table_of_texts_alone_has_a_header_when_it_is_not_repeated(tmp_path: Path) -> None:
    rows = "".join(f"{'ab'[row % 2]},{'cd'[row % 2]}\n" for row in range(20))
    assert checked(tmp_path / "named", {"file": f"x,y\n{rows}".encode()}).header
    assert not checked(tmp_path / "bare", {"file": rows.encode()}).header


def with_cell(line: int, column: int, cell: str, rows: int = 30) -> bytes:
    lines = csv(rows).decode().splitlines()
    cells = lines[line - 1].split(",")
    cells[column] = cell
    lines[line - 1] = ",".join(cells)
    return "\n".join(lines).encode()


FAULTS = [
    (b"", "The file is empty"),
    (b"\n\n\n", "The file is empty"),
    (b"a,b\n", "no row below its header"),
    (b"a\n1\n2\n", "has one column"),
    (csv(5), "There are 5 rows; at least 10"),
    (csv(30) + b"1,2\n", "Line 32 has 2 cells, but the first has 3"),
    (with_cell(9, 0, "1,2"), "Line 9 has 4 cells, but the first has 3"),
    (with_cell(7, 1, ""), "Line 7 has nothing in column `width` (1 such line)"),
    (with_cell(7, 1, "NaN"), "Line 7 has nothing in column `width`"),
    (with_cell(7, 1, " N/A "), "Line 7 has nothing in column `width`"),
    (with_cell(8, 0, "abc"), "Line 8, column `length`: `abc` is not a number"),
    (with_cell(8, 0, "1_000"), "Line 8, column `length`: `1_000` is not a number"),
    (with_cell(8, 0, "inf"), "Line 8, column `length`: `inf` is infinite or too large"),
    (with_cell(8, 0, "-1e309"), "Line 8, column `length`: `-1e309` is infinite or too large"),
    (csv(30).replace(b"high", b"low"), "The target is the column `kind`, which holds one class only (`low`)"),
    (with_cell(5, 2, "rare"), "whose class `rare` has 1 row: at least 3 are needed"),
    (csv(30, header="a,b,a"), "Two columns are called `a`"),
    (csv(30, header="a,b\u202egnp,c"), "The name of column 2 holds the character U+202E"),
    (csv(30, header="a" * 201 + ",b,c"), "longer than 200 characters"),
    (csv(30, separator=";").replace(b".", b","), "Line 2, column `length`: `0,0` has a decimal comma"),
    (csv(30).replace(b"high", b"h\xe9"), "Line 3 is not UTF-8 text"),
    (csv(30).replace(b"high", b"h\x00"), "Line 3 holds the control character U+0000"),
    (csv(30).replace(b"low", b'"low'), "Line 2 opens a quote that is not closed where its cell ends"),
    (csv(30_000) + b'1,2,"low\n' + csv(30_000, header=""), "Line 30002 opens a quote that is not closed"),
    (csv(30) + b'1,2,"low\n', "Line 32 opens a quote that is not closed"),
    (csv(30) + b'1,2,"lo"w\n', "Line 32 cannot be read as CSV"),
    (csv(30).decode().encode("utf-16"), "UTF-16 text"),
    (b"\x1f\x8b\x08" + b"\0" * 20, "compressed (gzip)"),
    (b"%PDF-1.4 ...", "a PDF"),
    (b"\x80\x04\x95\x00\x00", "a pickle, which Lathe never opens"),
    (b",".join([b"1"] * 10_001) + b"\n", "The table has 10,001 columns; at most 10,000"),
    (b"," * 10_000_000 + b"\n", "Line 1 is longer than 4 MB"),
    (b"x" * 5_000_000, "Line 1 is longer than 4 MB"),
    (csv(30) + b"1,2," + b"x" * 200_000 + b"\n", "Line 32 has a cell of more than 131,072 characters"),
]


@pytest.mark.parametrize(("content", "sentence"), FAULTS, ids=[sentence[:40] for _, sentence in FAULTS])
def test_each_fault_is_told_in_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    assert sentence in reported(tmp_path, content)


def test_lines_with_missing_values_can_be_left_out(tmp_path: Path) -> None:
    facts = checked(tmp_path, {"file": with_cell(7, 1, "?")}, missing="leave_out")
    assert (facts.rows, facts.left_out, facts.columns[1].empty) == (29, 1, 1)
    values = np.load(tmp_path / "values.npy")
    assert len(values) == 29 and 0.5 not in values[:, 0]  # line 7 held the sixth row


def test_nothing_but_missing_values_leaves_nothing(tmp_path: Path) -> None:
    lines = "".join(f"{row},\n" if row % 2 else f",{row}\n" for row in range(20))
    assert "Every line has a missing value" in reported(tmp_path, f"a,b\n{lines}".encode(), missing="leave_out")


def test_the_line_of_a_fault_far_inside_is_right(tmp_path: Path) -> None:
    content = csv(30_000) + "1,2,höher\n".encode("latin-1")
    assert reported(tmp_path, content).startswith("Line 30002 is not UTF-8")


def test_too_many_cells_are_refused_while_they_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.data.columns.MOST_CELLS", 50_000)
    assert "more than 50,000 cells" in reported(tmp_path, csv(30_000))


@pytest.mark.parametrize("block", [3, 7, 90, 100_000])
def test_the_size_of_a_block_changes_nothing(tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = checked(tmp_path / "a", {"file": csv(31)})
    monkeypatch.setattr(table, "BLOCK_CELLS", block)
    other = checked(tmp_path / "b", {"file": csv(31)})
    assert [column.model_dump(exclude={"mean"}) for column in other.columns] == [
        column.model_dump(exclude={"mean"}) for column in plain.columns
    ]
    assert (tmp_path / "a" / "values.npy").read_bytes() == (tmp_path / "b" / "values.npy").read_bytes()


def test_a_column_of_many_texts_is_kept_to_be_left_out(tmp_path: Path) -> None:
    rows = "".join(f"name {row},{row / 3},{'ab'[row % 2]}\n" for row in range(2000))
    facts = checked(tmp_path, {"file": f"name,x,y\n{rows}".encode()})
    assert facts.columns[0].counts is None
    assert plan(facts, Choice(ignore=["name"])).shape == (1,)
