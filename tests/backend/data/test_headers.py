"""The first row of a table: names, data, or a question."""

from pathlib import Path

import pytest

from backend.data.faults import FileInvalid
from backend.domain.experiment.upload_plan import Choice
from backend.domain.experiment.uploads import plan
from tests.backend.data.making import checked

ROWS = 30
FRACTIONS = [f"{row / 7 + 0.05:.3f},{row / 3 + 0.05:.3f},{row / 9 + 0.05:.3f},{'ab'[row % 2]}" for row in range(ROWS)]
WHOLE = [f"{row * 3 % 17},{row * 5 % 19},{row * 7 % 23},{'ab'[row % 2]}" for row in range(ROWS)]
MANY = [",".join(str(row * place % 7) for place in range(1, 10)) for row in range(ROWS)]


def send(folder: Path, rows: list[str], **options: str) -> tuple[bool, int, str]:
    facts = checked(folder, {"file": "\n".join(rows).encode()}, **options)
    return facts.header, facts.rows, facts.columns[0].name


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("0,1,2,3", FRACTIONS),
        ("1,2,3,kind", FRACTIONS),
        ("0,1,2,3,4,5,6,7,8", MANY),
        ("2019,2020,2021,label", [row[:-1] + str(number % 2) for number, row in enumerate(WHOLE)]),
        ("7,9,8,label", [row[:-1] + str(number % 2) for number, row in enumerate(FRACTIONS)]),
    ],
)
def test_a_row_of_numbers_that_can_only_be_names_is_a_header(tmp_path: Path, header: str, rows: list[str]) -> None:
    assert send(tmp_path, [header, *rows]) == (True, ROWS, header.split(",")[0])


@pytest.mark.parametrize("header", ["2019,2020,2021,kind", "17,18,19,20"])
@pytest.mark.parametrize("rows", [FRACTIONS, WHOLE], ids=["fractions", "whole"])
def test_a_row_that_may_be_either_is_asked_about(tmp_path: Path, header: str, rows: list[str]) -> None:
    with pytest.raises(
        FileInvalid, match=r"Line 1 may name the columns or be data .*: say which with `header`"
    ) as refused:
        send(tmp_path, [header, *rows])
    assert refused.value.path == "header"
    assert send(tmp_path / "yes", [header, *rows], header="yes")[:2] == (True, ROWS)


@pytest.mark.parametrize("rows", [FRACTIONS, WHOLE, MANY, ["1,2", "2,3", "4,4", "1,2"] * 8], ids=["f", "w", "m", "two"])
def test_rows_of_data_are_not_taken_for_names(tmp_path: Path, rows: list[str]) -> None:
    assert send(tmp_path, rows) == (False, len(rows), "column 1")


def gaps() -> bytes:
    rows = [f"{row / 7:.3f},{'' if row % 2 else 'x'},{'ab'[row % 3 == 0]}" for row in range(ROWS)]
    return "\n".join(["size,remark,kind", *rows]).encode()


@pytest.mark.parametrize("ignore", ["remark", '["remark"]', " remark "])
def test_empty_cells_of_an_ignored_column_cost_no_rows(tmp_path: Path, ignore: str) -> None:
    facts = checked(tmp_path, {"file": gaps()}, ignore=ignore)
    assert (facts.rows, facts.left_out, facts.ignored) == (ROWS, 0, ["remark"])
    assert [column.name for column in facts.columns] == ["size", "kind"] and facts.preview[0] == ["0.000", "b"]
    assert plan(facts, Choice(ignore=["remark"])).shape == (1,)  # to say it again is harmless
    assert checked(tmp_path / "kept", {"file": gaps()}, missing="leave_out").rows == ROWS // 2


@pytest.mark.parametrize(
    ("ignore", "sentence"), [("remarks", "has no column `remarks`"), ("size,kind", "has one column left")]
)
def test_what_cannot_be_ignored_is_told(tmp_path: Path, ignore: str, sentence: str) -> None:
    with pytest.raises(FileInvalid, match=sentence):
        checked(tmp_path, {"file": gaps()}, ignore=ignore)
