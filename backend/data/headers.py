"""The first row of a text file: names of columns, or data."""

from collections.abc import Sequence
from typing import Literal

from backend.data.cells import is_missing, number
from backend.data.faults import FileInvalid
from backend.domain.input_limits import TURNING

LONGEST_NAME = 200
MANY = 8  # numbers that rise by one: a row of data hardly ever does

Header = Literal["auto", "yes", "no"]
Rows = Sequence[Sequence[str]]


def is_header(first: Sequence[str], rest: Rows, said: Header) -> bool:
    """Tells whether the row `first` names the columns of the rows after it. Raises FileInvalid when it may or may not."""
    if said != "auto":
        return said == "yes"
    if all(map(is_missing, first)):
        return False
    if any(number(cell) is not None for cell in first):
        return _numbers_name(first, rest)
    numeric = any(number(cell) is not None for cells in rest for cell in cells)
    return numeric or not any(cell == name for cells in rest for name, cell in zip(first, cells, strict=True))


def _numbers_name(first: Sequence[str], rest: Rows) -> bool:
    """As `is_header`, for a row with numbers, such as years or columns that are counted from 0 or 1."""
    below = list(zip(*rest, strict=True)) or [()] * len(first)
    if any(_is_text(name) and _all_numbers(cells) for name, cells in zip(first, below, strict=True)):
        return True
    if not _rises(first) or any(map(_rises, rest)):
        return False
    many = sum(number(cell) is not None for cell in first)
    fractions = not any(_is_whole(cell) for cells in rest for cell in cells)
    if first[0] in ("0", "1") and (many >= MANY or (fractions and many > 2)):
        return True
    if not fractions and many == 2:
        return False
    shown = ", ".join(f"`{cell[:20]}`" for cell in first[:3])
    raise FileInvalid(
        f"Line 1 may name the columns or be data ({shown}): say which with `header`, `yes` or `no`.", "header"
    )


def _is_text(cell: str) -> bool:
    return number(cell) is None and not is_missing(cell)


def _all_numbers(cells: Sequence[str]) -> bool:
    return bool(cells) and not any(map(_is_text, cells))


def _is_whole(cell: str) -> bool:
    value = number(cell)
    return value is not None and value.is_integer()


def _rises(cells: Sequence[str]) -> bool:
    """Tells whether the row's numbers are two or more, each by one more than the number before, as counted things are."""
    found = [value for cell in cells if (value := number(cell)) is not None]
    return len(found) > 1 and all(found[place] - found[0] == place for place in range(len(found)))


def check_names(names: Sequence[str]) -> None:
    """Raises FileInvalid for names that are not taken."""
    known: set[str] = set()
    for name in names:
        if name in known:
            raise FileInvalid(f"Two columns are called `{name[:80]}`: give each a name of its own.")
        if len(name) > LONGEST_NAME:
            raise FileInvalid(
                f"A column's name is longer than {LONGEST_NAME} characters (`{name[:40]}…`): is the header missing?"
            )
        if retuning := TURNING.search(name):
            raise FileInvalid(
                f"The name of column {len(known) + 1} holds the character U+{ord(retuning[0]):04X}, which turns the direction of "
                "writing: take it out."
            )
        known.add(name)
