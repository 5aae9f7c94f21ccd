"""The curves of one run, reduced to the resolution of a chart."""

from typing import Annotated

from fastapi import APIRouter, Query

from backend.api.bodies.documents import number
from backend.api.deps import Reading, RunDep
from backend.api.schemas.runs import Points, Series
from backend.store import lines

router = APIRouter(tags=["runs"])


@router.get("/api/runs/{run_id}/points")
def points(
    session: Reading,
    run: RunDep,
    metrics: Annotated[
        str | None, Query(max_length=2000, description="Names, comma-separated; all by default.")
    ] = None,
    first: Annotated[int | None, Query(alias="from", ge=0, le=2**53, description="First step.")] = None,
    last: Annotated[int | None, Query(alias="until", ge=0, le=2**53, description="Last step, inclusive.")] = None,
    pixels: Annotated[int, Query(ge=8, le=100_000, description="Buckets; each keeps its minimum and maximum.")] = 750,
) -> Points:
    """The stored points with rewinds applied, by metric."""
    names = {name for name in metrics.split(",") if name} if metrics else None
    seq, curves = lines.thin(session, run.id, pixels, metrics=names, first=first, last=last)
    return Points(run_id=run.id, seq=seq, series=[_series(name, curves[name]) for name in sorted(curves)])


def _series(metric: str, line: lines.Line) -> Series:
    return Series(
        metric=metric,
        steps=line.steps.tolist(),
        times=line.times.tolist(),
        values=[number(value) for value in line.values.tolist()],
        points=line.points,
    )
