"""Studies and trials as the wire has them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from backend.api.caches.trials import study_data
from backend.api.schemas.studies import Spent, StudyChartRow, StudyDetail, StudyRow, TrialPage, TrialRow, TrialSort
from backend.charts.trials import study_charts
from backend.domain import text
from backend.domain.study.space import size
from backend.domain.study.study import Study, TrialState
from backend.store import studies, tables, trials


def study_row(session: Session, row: tables.Study) -> StudyRow:
    (made,) = study_rows(session, [row])
    return made


def study_rows(session: Session, rows: Sequence[tables.Study]) -> list[StudyRow]:
    counts = trials.counts(session, [row.id for row in rows])
    return [StudyRow(**_row(session, row, studies.document(row), counts[row.id])) for row in rows]


def study_detail(session: Session, row: tables.Study) -> StudyDetail:
    study = studies.document(row)
    spent = trials.sum_spent(session, row.id)
    return StudyDetail(
        **_row(session, row, study, trials.counts(session, [row.id])[row.id]),
        study=study,
        yaml=text.to_yaml(study.model_dump(mode="json", exclude_none=True)),
        size=size(study.space),
        spent=Spent(trials=spent.trials, hours=spent.hours, joules=spent.joules),
        charts=_charts(study),
        front=[trial.number for trial in study_data(session, row).front] if len(study.objectives) > 1 else [],
    )


def _row(session: Session, row: tables.Study, study: Study, counts: dict[TrialState, int]) -> dict[str, Any]:
    best = trials.best(session, row.id, study.objectives[0].rising) if len(study.objectives) == 1 else None
    return {
        "id": row.id,
        "name": row.name,
        "state": row.state,
        "error": row.error,
        "sampler": study.sampler["kind"],
        "pruner": study.pruner["kind"],
        "objectives": [one.measure for one in study.objectives],
        "counts": counts,
        "budget": study.budget,
        "best": None if best is None else trial_row(best),
        "created_at": row.created_at,
        "finished_at": row.finished_at,
    }


def trial_row(trial: tables.Trial) -> TrialRow:
    return TrialRow.model_validate(trial, from_attributes=True)


def page(session: Session, row: tables.Study, sort: TrialSort, descending: bool, offset: int, limit: int) -> TrialPage:
    """Trials in order: by number, by the time they took, or by the first objective, the best ones at the top."""
    rising = studies.document(row).objectives[0].rising
    found, total = trials.page(session, row.id, sort, rising=rising, descending=descending, offset=offset, limit=limit)
    return TrialPage(trials=[trial_row(trial) for trial in found], total=total)


def _charts(study: Study) -> list[StudyChartRow]:
    return [
        StudyChartRow(name=name, title=chart.title, fields=list(chart.over(study.space)))
        for name, chart in study_charts().items()
        if chart.shows(study.objectives, study.space)
    ]
