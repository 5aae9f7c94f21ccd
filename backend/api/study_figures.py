"""Charts of studies as Plotly figures."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from sqlalchemy.orm import Session

from backend.api.deps import Reading
from backend.api.figures import Figure
from backend.api.studies import StudyDep
from backend.charts import wire
from backend.charts.data import Theme
from backend.charts.trials import StudyData, StudyOptions, TrialData, study_charts
from backend.errors import ChartNotFound
from backend.store import studies, tables

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
    text = wire.dumps(known[chart].draw(_data(session, row), StudyOptions(theme, x, y)))
    return Response(text, media_type="application/json")


def _data(session: Session, row: tables.Study) -> StudyData:
    study = studies.document(row)
    found = studies.attempts(session, row.id, assignments=True)
    best = {one.number for one in studies.undominated(study, found)} if len(study.objectives) > 1 else set()
    trials = [
        TrialData(
            one.number,
            one.state,
            one.assignment,
            one.values,
            one.violation <= 0,
            one.began,
            one.ended,
            one.number in best,
        )
        for one in found
    ]
    return StudyData(row.name, study.objectives, study.space, trials, row.importance)
