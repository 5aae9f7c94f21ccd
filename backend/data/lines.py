"""A text file as rows of cells, read within bounds."""

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from backend.data.cells import foreign
from backend.data.faults import FileInvalid
from backend.data.source import Row
from backend.domain.input_limits import UNWRITABLE

MOST_BYTES = 4 << 20  # of one line
BLOCK = 1 << 20
SAMPLE = 1 << 16  # bytes that the separator is told from
SEPARATORS = ",;\t|"

_DECLARED = re.compile(r'"?sep=([^\w\s"]|\t)"?\s*', re.IGNORECASE)


def check(path: Path, longest: int | None = MOST_BYTES) -> None:
    """Raises FileInvalid, with the number of the line, unless the file is UTF-8 text in lines of up to `longest` bytes."""
    line, length, decoder = 1, 0, codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            text = _decoded(decoder, block, line, final=False)
            if found := UNWRITABLE.search(text):
                raise FileInvalid(
                    f"Line {line + text.count(chr(10), 0, found.start())} holds the control character "
                    f"U+{ord(found[0]):04X}: this is not a text file; send CSV, NPY or NPZ."
                )
            for index, part in enumerate(block.split(b"\n")):
                line, length = (line + 1, len(part)) if index else (line, length + len(part))
                if longest is not None and length > longest:
                    raise FileInvalid(
                        f"Line {line} is longer than 4 MB: its line breaks are missing, or it has too many columns."
                    )
    _decoded(decoder, b"", line, final=True)


def _decoded(decoder: codecs.IncrementalDecoder, block: bytes, line: int, final: bool) -> str:
    try:
        return decoder.decode(block, final)
    except UnicodeDecodeError as error:
        line += block.count(b"\n", 0, error.start)
        raise FileInvalid(f"Line {line} is not UTF-8 text: save the file as CSV in UTF-8, and send it again.") from None


def rows(path: Path, separator: str) -> Iterator[Row]:
    """Every row that is not blank, of a file that was checked; all have as many cells as the first. Raises FileInvalid."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        skipped = int(declared(file.readline()) is not None)
        if not skipped:
            file.seek(0)
        reader = csv.reader(file, delimiter=separator, strict=True)
        width, line = 0, skipped
        try:
            for cells in reader:
                if cells:
                    width = width or len(cells)
                    if len(cells) != width:
                        raise FileInvalid(_ragged(line + 1, len(cells), width))
                    yield line + 1, cells
                line = skipped + reader.line_num
        except csv.Error as error:
            raise FileInvalid(_unreadable(line + 1, skipped + reader.line_num, str(error))) from None


def declared(first: str) -> str | None:
    """The separator that the first line of a file declares, `sep=;`, as spreadsheets write it and hide it."""
    found = _DECLARED.fullmatch(first)
    return found[1] if found else None


def _unreadable(first: int, last: int, why: str) -> str:
    """Reason why the row from line `first` on cannot be read, which the reader noticed in line `last` only."""
    if "unexpected end" in why or last > first:
        return (
            f"Line {first} opens a quote that is not closed where its cell ends (read as far as line {last}): close it, "
            'write a quote that belongs to the cell twice (""), or leave the quotes out.'
        )
    if "field limit" in why:
        return f"Line {first} has a cell of more than {csv.field_size_limit():,} characters: shorten it, or leave its column out."
    return (
        f"Line {first} cannot be read as CSV ({why}): put the whole cell into quotes, and write a quote that belongs to it "
        'twice ("").'
    )


def _ragged(line: int, cells: int, width: int) -> str:
    return (
        f"Line {line} has {cells} cell{'s' * (cells != 1)}, but the first has {width}: give every line the same number, and "
        'put a cell that holds the separator into quotes ("…").'
    )


def separator(path: Path) -> str:
    """Separator of the cells: the one declared, or else that which cuts the first lines into equally many whole cells."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE)
    text = sample.decode("utf-8-sig", errors="replace")
    lines = text.splitlines(keepends=True)
    if lines and (said := declared(lines[0])):
        return said
    if len(sample) == SAMPLE and len(lines) > 1:
        lines.pop()  # it may have been cut
    return max(SEPARATORS, key=lambda candidate: _fit(lines[:50], candidate))


def _fit(lines: Sequence[str], candidate: str) -> tuple[bool, bool, float, int]:
    """Rank of a separator: whether it cuts at all, whether evenly, how few cells it tears, and into how many it cuts."""
    try:
        rows = [cells for cells in csv.reader(lines, delimiter=candidate) if cells]
    except csv.Error:
        return False, False, 0.0, 0
    first = len(rows[0]) if rows else 0
    even = all(len(cells) == first for cells in rows)
    torn = sum(_is_torn(cell, candidate) for cells in rows for cell in cells)
    return first > 1 and even, even or first > 1, -torn / max(1, sum(map(len, rows))), first


def _is_torn(cell: str, candidate: str) -> bool:
    """Tells whether a separator other than `candidate` still parts the cell, as in `5;0`: a decimal comma parts nothing."""
    others = [other for other in SEPARATORS if other != candidate and other in cell]
    return bool(others) and not foreign(cell.strip())
