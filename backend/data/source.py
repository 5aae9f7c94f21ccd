"""A table of any format, as the check reads it: names of columns, and rows of texts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from backend.data.faults import FileInvalid
from backend.domain.input_limits import UNWRITABLE

MOST_CHARACTERS = 131_072  # of one cell

Row = tuple[int, list[str]]  # its number in the file, and its cells


@dataclass(frozen=True)
class Source:
    """A table whose rows can be read more than once.

    A cell is a text, whatever the file calls its type: what is missing, what is a number and what is a label is decided
    in one place for all formats. `rows` takes the places of the columns that are wanted.
    """

    names: list[str]
    rows: Callable[[Sequence[int]], Iterator[Row]]
    noun: str = "Row"  # word for one row in sentences
    units: Mapping[int, str] = field(default_factory=dict)  # of columns whose numbers were made from another type
    separator: str = ""
    header: bool = False


def check_cell(cell: str, place: str) -> str:
    """`cell` itself. Raises FileInvalid for a text that cannot be stored; `place` says where it is."""
    if len(cell) > MOST_CHARACTERS:
        raise FileInvalid(f"{place} has more than {MOST_CHARACTERS:,} characters: shorten it, or leave its column out.")
    if found := UNWRITABLE.search(cell):
        raise FileInvalid(f"{place} holds the character U+{ord(found[0]):04X}, which no text may hold: take it out.")
    return cell
