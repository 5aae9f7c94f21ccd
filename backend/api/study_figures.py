"""Charts of studies as Plotly figures."""

from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from backend.api.caches.trials import study_data
from backend.api.deps import Reading
from backend.api.figures import Figure
from backend.api.studies import StudyDep
from backend.charts import wire
from backend.charts.data import Theme
from backend.charts.trials import StudyData, StudyOptions, study_charts
from backend.errors import ChartNotFound

router = APIRouter(tags=["studies"])


@router.get("/api/studies/{study_id}/figures/{chart}", response_model=Figure)
def study_figure(
    session: Reading,
    row: StudyDep,
    chart: Annotated[str, Path(max_length=40, description="Name of a chart, such as `history`.")],
    theme: Theme = "light",
    x: Annotated[str, Query(max_length=200, description="Field across, of a chart that is drawn over two.")] = "",
    y: Annotated[str, Query(max_length=200, description="Field upwards.")] = "",
) -> Response:
    """One chart of a study's trials."""
    known = study_charts()
    if chart not in known:
        raise ChartNotFound(chart, list(known))
    text = _drawn(chart, study_data(session, row), StudyOptions(theme, x, y))
    return Response(text, media_type="application/json")


@lru_cache(maxsize=16)
def _drawn(chart: str, study: StudyData, options: StudyOptions) -> str:
    """The figure as JSON, cached until the study changes, see `study_data`."""
    return wire.dumps(study_charts()[chart].draw(study, options))
