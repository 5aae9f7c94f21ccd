"""One tensor in the fewest bytes: every coding that is fit for it is tried, and the smallest is kept.

| coding   | what is written                                                             | fit for                  |
|----------|-----------------------------------------------------------------------------|--------------------------|
| planes   | all values' first bytes, then their second bytes …, deflated                | anything                 |
| symbols  | a codebook of the values, and each one's number in it, deflated             | few values               |
| sparse   | where values stand that are not the background, and these values as planes  | masked weights           |
| codebook | a codebook, and a grid of what stands where                                 | few values, masked or not |

Values are patterns of bytes: what they mean plays no part, so that every type of number comes back bit by bit.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.codec import deflate, grid
from worker.codec.arithmetic import Decoder, Encoder
from worker.codec.graph import Place
from worker.codec.numbers import read_varint, varint

MOST_SYMBOLS = 256
MOST_PLACES = 1 << 24  # of one grid: each takes about a microsecond
MOST_DENSE = 1 << 16  # of a grid without much background, which gains less and takes longer
RATIO = 4096  # a tensor is at most so many times its code: what a decoder is asked for stays within bounds
NEARLY_EMPTY = 16  # times smaller than raw: deflate takes long there, in vain
DIRECTORY = 5  # bytes that a code takes in the file's directory, about

Patterns = NDArray[np.unsignedinteger]


class Kind(IntEnum):
    PLANES = 0
    SYMBOLS = 1
    SPARSE = 2
    CODEBOOK = 3


@dataclass(frozen=True)
class Code:
    """A tensor's code. `book` lists its values' patterns, the background first where there is one."""

    kind: Kind
    payload: bytes
    book: bytes = b""
    lag: int = 0
    turned: bool = False  # columns were walked as rows

    def __len__(self) -> int:
        return DIRECTORY + len(self.book) + len(self.payload)


def encode(raw: bytes, place: Place) -> Code:
    """The smallest code of `raw`, the bytes of the tensor at `place`."""
    patterns = np.frombuffer(raw, f"<u{place.width}")
    values, symbols, counts = np.unique(patterns, return_inverse=True, return_counts=True)
    background = counts.argmax()
    codes: list[Code] = []
    if len(patterns) <= (MOST_PLACES if 2 * counts[background] >= len(patterns) else MOST_DENSE):
        walked = _with_background(values, symbols, int(background), place)
        codes = [code for code in walked if len(raw) <= RATIO * len(code)]
    if not any(NEARLY_EMPTY * len(code) < len(raw) for code in codes):
        codes += _deflated(raw, values, symbols, place)
    return min(codes, key=len)


def decode(code: Code, place: Place) -> bytes:
    """The tensor's bytes. Raises ValueError when the code is not one of such a tensor."""
    values = place.rows * place.columns
    if code.kind is Kind.PLANES:
        return _from_planes(deflate.unpack(code.payload, place.bytes), place.width)
    book = np.frombuffer(_from_planes(code.book, place.width), f"<u{place.width}")
    if code.kind is Kind.SYMBOLS:
        return _looked_up(book, np.frombuffer(deflate.unpack(code.payload, values), np.uint8)).tobytes()
    if values > MOST_PLACES:
        raise ValueError(f"a grid of {values:,} places is larger than any that is written")
    if code.kind is Kind.CODEBOOK:
        symbols = _read_grid(code.payload, code, place, _depth(len(book) - 1))
        return _looked_up(book, symbols).tobytes()
    length, start = read_varint(code.payload, 0)
    mask = _read_grid(code.payload[start : start + length], code, place, 0).astype(bool)
    standing = deflate.unpack(code.payload[start + length :], int(mask.sum()) * place.width)
    out = np.full(values, _looked_up(book, np.zeros(1, np.uint8))[0])
    out[mask] = np.frombuffer(_from_planes(standing, place.width), book.dtype)
    return out.tobytes()


def _deflated(raw: bytes, values: Patterns, symbols: grid.Symbols, place: Place) -> Iterator[Code]:
    yield Code(Kind.PLANES, deflate.pack(_planes(raw, place.width)))
    if len(values) <= MOST_SYMBOLS:
        book = _planes(values.tobytes(), place.width)
        yield Code(Kind.SYMBOLS, deflate.pack(symbols.astype(np.uint8).tobytes()), book)


def _with_background(values: Patterns, symbols: grid.Symbols, background: int, place: Place) -> Iterator[Code]:
    if len(values) <= MOST_SYMBOLS:
        book = _planes(np.roll(values, -background).tobytes(), place.width)
        yield from _grids(Kind.CODEBOOK, (symbols - background) % len(values), book, place)
    standing = values[symbols[symbols != background]]
    packed = deflate.pack(_planes(standing.tobytes(), place.width))
    book = _planes(values[background].tobytes(), place.width)
    for code in _grids(Kind.SPARSE, (symbols != background).astype(np.int64), book, place):
        yield replace(code, payload=varint(len(code.payload)) + code.payload + packed)


def _grids(kind: Kind, symbols: grid.Symbols, book: bytes, place: Place) -> Iterator[Code]:
    """The grid of `symbols` [rows · columns], walked along its rows and along its columns."""
    depth = _depth(int(symbols.max()))
    for turned in (False, True):
        cells = symbols.reshape(place.rows, place.columns)
        cells = cells.T if turned else cells
        lag = grid.best_lag(cells > 0)
        encoder = Encoder()
        grid.code(encoder, grid.Shape(*cells.shape, lag, depth), cells)
        yield Code(kind, encoder.finish(), book, lag, turned)


def _read_grid(payload: bytes, code: Code, place: Place, depth: int) -> grid.Symbols:
    """The symbols [rows · columns]."""
    rows, columns = (place.columns, place.rows) if code.turned else (place.rows, place.columns)
    if not 1 < code.lag <= grid.FARTHEST:
        raise ValueError(f"a grid has the lag {code.lag}, which is never written")
    cells = grid.code(Decoder(payload), grid.Shape(rows, columns, code.lag, depth))
    return (cells.T if code.turned else cells).ravel()


def _depth(symbols: int) -> int:
    """Bits that tell `symbols` symbols apart."""
    return max(symbols - 1, 0).bit_length()


def _looked_up(book: Patterns, symbols: NDArray[Any]) -> Patterns:
    if symbols.max(initial=0) >= len(book):
        raise ValueError("a symbol is in no codebook")
    found: Patterns = book[symbols]
    return found


def _planes(raw: bytes, width: int) -> bytes:
    """All values' first bytes, then all second bytes …: what is alike lies together."""
    return np.frombuffer(raw, np.uint8).reshape(-1, width).T.tobytes()


def _from_planes(planes: bytes, width: int) -> bytes:
    if len(planes) % width:
        raise ValueError(f"{len(planes):,} bytes hold no values of {width}")
    return np.frombuffer(planes, np.uint8).reshape(width, -1).T.tobytes()
