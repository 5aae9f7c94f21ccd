"""Text files whose cells are parted by a separator, such as CSV."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from backend.data import lines
from backend.data.columns import check_size
from backend.data.faults import FileInvalid
from backend.data.headers import Header, is_header
from backend.data.source import Row, Source

FIRST_ROWS = 20  # that the header is told from


def open_source(path: Path, said: Header) -> Source:
    """The table of a text file. Raises FileInvalid in one sentence."""
    lines.check(path)
    separator = lines.separator(path)
    head = [[cell.strip() for cell in cells] for _, cells in islice(lines.rows(path, separator), FIRST_ROWS)]
    if not head:
        raise FileInvalid("The file is empty: send one with a header and rows.")
    first = head[0]
    check_size(1, len(first))
    header = len(first) > 1 and is_header(first, head[1:], said)
    names = [cell if header and cell else f"column {index}" for index, cell in enumerate(first, 1)]

    def rows(places: Sequence[int]) -> Iterator[Row]:
        whole = islice(lines.rows(path, separator), int(header), None)
        if len(places) == len(names):
            return whole
        return ((line, [cells[place] for place in places]) for line, cells in whole)

    return Source(names, rows, "Line", separator=separator, header=header)
