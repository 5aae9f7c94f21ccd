"""Sparse matrices of symbols: where something stands, and what, each decision in the light of what stands around it.

Symbol 0 is the background. For each place, row by row, a first decision says whether anything stands there. Its
context is how much the column held so far, compared with the others, and whether the place before it and the one
`lag` before it in the row hold something: filters leave weights in clusters. Then the symbol follows, from its highest
bit to its lowest; the highest, which is the sign where symbols are sorted by their bytes, is told by the neighbours'.

Taubman: EBCOT (2000), for contexts of neighbours; Wiedemann et al.: DeepCABAC (2020), for weights.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.codec.arithmetic import Bits, Coder

Symbols = NDArray[np.int64]

SHARES = np.array([4, 6, 8, 11, 16, 23, 32, 45, 64])  # a column's share of what stands, in sixteenths of the mean
NEIGHBOURS = 9  # nothing, a symbol of the lower half or one of the upper, before and `lag` before
FARTHEST = 64  # lag


@dataclass(frozen=True)
class Shape:
    """`depth` bits tell one symbol of 2^depth from the others; with none there is but one."""

    rows: int
    columns: int
    lag: int
    depth: int


def code(coder: Coder, shape: Shape, symbols: Symbols | None = None) -> Symbols:
    """Writes `symbols` [rows, columns], each in [0, 2^depth], or reads them back: the same walk for both."""
    standing, trees = Bits(4 * (len(SHARES) + 1)), Bits(NEIGHBOURS + (1 << shape.depth))
    held = np.zeros(shape.columns, np.int64)  # in each column, by the rows so far
    out = np.zeros((shape.rows, shape.columns), np.int64)
    for row in range(shape.rows):
        given = [0] * shape.columns if symbols is None else symbols[row].tolist()
        out[row] = _row(coder, shape, _contexts(held), given, standing, trees)
        held += out[row] > 0
    return out


def _contexts(held: Symbols) -> list[int]:
    """Context of each column: its count relative to the mean."""
    total, columns = int(held.sum()), len(held)
    shares = 16 * columns * (held + 1) // (total + columns)
    return (4 * np.searchsorted(SHARES, shares, side="right")).tolist()  # type: ignore[no-any-return]


def _row(coder: Coder, shape: Shape, contexts: list[int], given: list[int], standing: Bits, trees: Bits) -> list[int]:
    lag, half, bit = shape.lag, 1 << shape.depth >> 1, coder.bit
    line = [0] * (lag + shape.columns)
    for column, context in enumerate(contexts):
        before, above = line[column + lag - 1], line[column]
        if above:
            context += 1
        if before:
            context += 2
        if bit(standing, context, given[column] > 0):
            sides = 3 * _side(before, half) + _side(above, half)
            line[column + lag] = 1 + _symbol(coder, trees, shape.depth, sides, given[column] - 1)
    return line[lag:]


def _side(symbol: int, half: int) -> int:
    return 0 if symbol == 0 else 1 if symbol <= half else 2


def _symbol(coder: Coder, trees: Bits, depth: int, sides: int, symbol: int) -> int:
    """One of 2^depth symbols, from the root of a tree to its leaf; the root has a context for what stands around."""
    if not depth:
        return 0
    node = 2 + coder.bit(trees, sides, symbol >> depth - 1 & 1)
    for shift in reversed(range(depth - 1)):
        node = 2 * node + coder.bit(trees, NEIGHBOURS + node, symbol >> shift & 1)
    return node - (1 << depth)


def best_lag(mask: NDArray[np.bool_]) -> int:
    """The lag > 1 at which the columns of `mask` [rows, columns] repeat themselves most: the width of a picture whose
    lines lie one after the other in a row."""
    return max(range(2, min(FARTHEST, mask.shape[1] - 1) + 1), key=lambda lag: _repeats(mask, lag), default=2)


def _repeats(mask: NDArray[np.bool_], lag: int) -> float:
    return float(np.mean(mask[:, lag:] & mask[:, :-lag]))
