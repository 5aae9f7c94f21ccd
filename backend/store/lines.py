"""Curves thinned to what a chart can show; only the points needed for that are read.

Where a metric has so many points in blocks that each bucket of the chart would hold several cells of its pyramid, a
level of that is read instead of the points. The chart's buckets are then made of whole cells.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from backend.store.blocks import stored
from backend.store.blocks.pyramid import COARSE, FINE
from backend.store.blocks.stored import Extent
from backend.store.chunks import Floats, Steps
from backend.store.downsample import bucket
from backend.store.view import View

CELLS = 2  # the fewest in a bucket


@dataclass(frozen=True, eq=False)
class Line:
    """The kept points of a metric, and how many there are in all."""

    steps: Steps  # [n]
    times: Floats  # [n] seconds
    values: Floats  # [n]
    points: int


@dataclass(frozen=True, eq=False)
class _Piece:
    """Points of one block, or those that stand for them. What has the same cell is in the same bucket."""

    seq: int
    steps: Steps  # [n]
    times: Floats  # [n]
    values: Floats  # [n]
    cells: Steps  # [n] steps at which they begin
    points: int


def thin(
    session: Session,
    run_id: str,
    pixels: int,
    *,
    metrics: Collection[str] | None = None,
    first: int | None = None,
    last: int | None = None,
) -> tuple[int, dict[str, Line]]:
    """Visible points that `bucket` keeps, by metric, and the last `seq` that is included: see `events.chunks`."""
    view = View.of(session, run_id, metrics=metrics, first=first, last=last)
    shown = [extent for extent in stored.extents(session, run_id) if view.shows(extent)]
    whole = [extent for extent in shown if view.whole(extent)]
    points = stored.sizes(session, run_id, whole, metrics) if whole else {}
    share = _share(view, whole, shown) if whole else 1.0
    coarse = {name: cell == COARSE for name, number in points.items() if (cell := _cell(number / share, pixels))}
    pieces: dict[str, list[_Piece]] = {name: [] for name in coarse}
    exact = points.keys() - coarse.keys() if coarse else metrics
    for seq, chunk in view.chunks(session, lambda extent: exact if extent in whole else metrics):
        for name, values in chunk.metrics.items():
            piece = _Piece(seq, chunk.steps, chunk.times, values, chunk.steps, len(chunk))
            pieces.setdefault(name, []).append(piece)
    return view.until, {
        name: _line([*own, *(_levels(session, run_id, whole, name, coarse[name]) if name in coarse else ())], pixels)
        for name, own in pieces.items()
    }


def _share(view: View, whole: list[Extent], shown: list[Extent]) -> float:
    """About which part of the steps in view lies in blocks that are in view as a whole."""
    first, last = max(view.first, shown[0].first_step), min(view.last, shown[-1].last_step)
    return sum(extent.last_step - extent.first_step + 1 for extent in whole) / (last - first + 1)


def _cell(points: float, pixels: int) -> int:
    """Points in a cell of the coarsest level that will do; 0 where only the points themselves will."""
    return next((size for size in (COARSE, FINE) if points >= CELLS * size * pixels), 0)


def _levels(session: Session, run_id: str, whole: list[Extent], name: str, coarse: bool) -> Iterable[_Piece]:
    for seq, points, level in stored.levels(session, run_id, whole, name, coarse):
        yield _Piece(seq, level.steps, level.times, level.values, level.cells, points)


def _line(pieces: list[_Piece], pixels: int) -> Line:
    pieces.sort(key=lambda piece: piece.seq)
    cells = np.concatenate([piece.cells for piece in pieces])
    values = np.concatenate([piece.values for piece in pieces])
    kept = bucket(cells, values, pixels)
    return Line(
        steps=np.concatenate([piece.steps for piece in pieces])[kept],
        times=np.concatenate([piece.times for piece in pieces])[kept],
        values=values[kept],
        points=sum(piece.points for piece in pieces),
    )
