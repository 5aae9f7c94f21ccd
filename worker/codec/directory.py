"""Directory of a coded file: the tensors that were cut out, their places and coding; all codebooks; and the skeleton,
which is the rest of the file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from worker.codec.graph import WIDTHS, Place
from worker.codec.numbers import read_varint, varint
from worker.codec.tensors import Code, Kind

NUMBERS = 8  # of each tensor


@dataclass(frozen=True)
class Cut:
    """A tensor that is to be put back, `gap` bytes of skeleton after the one before."""

    gap: int
    place: Place
    code: Code  # without its payload
    length: int  # of the payload


def write(content: bytes, coded: Sequence[tuple[Place, Code]]) -> bytes:
    """The directory of `content`, from which the tensors of `coded` are cut."""
    lines, books, skeleton, end = [varint(len(coded))], [], [], 0
    for place, code in coded:
        way = 2 * code.kind + code.turned
        entries = len(code.book) // place.width
        numbers = (place.start - end, place.rows, place.columns, place.width, way, code.lag, entries, len(code.payload))
        lines.append(b"".join(map(varint, numbers)))
        books.append(code.book)
        skeleton.append(content[end : place.start])
        end = place.start + place.bytes
    return b"".join([*lines, *books, *skeleton, content[end:]])


def read(directory: bytes) -> tuple[list[Cut], bytes]:
    """Reads the tensors that were cut out, and the skeleton. Raises ValueError for content that is never written."""
    number, start = read_varint(directory, 0)
    lines = []
    for _ in range(number):
        line = []
        for _ in range(NUMBERS):
            value, start = read_varint(directory, start)
            line.append(value)
        lines.append(line)
    cuts = []
    for line in lines:
        cut, entries = _cut(line)
        book = directory[start : start + entries * cut.place.width]
        cuts.append(replace(cut, code=replace(cut.code, book=book)))
        start += len(book)
    return cuts, directory[start:]


def _cut(line: Sequence[int]) -> tuple[Cut, int]:
    gap, rows, columns, width, way, lag, entries, length = line
    if width not in WIDTHS or way // 2 not in list(Kind) or not rows * columns:
        raise ValueError("a tensor has a shape or a coding that there is not")
    code = Code(Kind(way // 2), b"", lag=lag, turned=bool(way % 2))
    return Cut(gap, Place(0, rows, columns, width), code, length), entries
