"""Studies and trials as the wire has them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from backend.api.study_schemas import Spent, StudyChartRow, StudyDetail, StudyRow, TrialPage, TrialRow, TrialSort
from backend.charts.trials import study_charts
from backend.spec import text
from backend.spec.space import size
from backend.spec.study import Study, TrialState
from backend.store import studies, tables


def study_row(session: Session, row: tables.Study) -> StudyRow:
    (made,) = study_rows(session, [row])
    return made


def study_rows(session: Session, rows: Sequence[tables.Study]) -> list[StudyRow]:
    counts = studies.counts(session, [row.id for row in rows])
    return [StudyRow(**_row(session, row, studies.document(row), counts[row.id])) for row in rows]


def study_detail(session: Session, row: tables.Study) -> StudyDetail:
    study = studies.document(row)
    spent = studies.spent(session, row.id)
    return StudyDetail(
        **_row(session, row, study, studies.counts(session, [row.id])[row.id]),
        study=study,
        yaml=text.to_yaml(study.model_dump(mode="json", exclude_none=True)),
        size=size(study.space),
        spent=Spent(trials=spent.trials, hours=spent.hours, joules=spent.joules),
        charts=_charts(study),
        front=_front(session, row, study) if len(study.objectives) > 1 else [],
    )


def _row(session: Session, row: tables.Study, study: Study, counts: dict[TrialState, int]) -> dict[str, Any]:
    best = studies.best(session, row.id, study.objectives[0].rising) if len(study.objectives) == 1 else None
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
    places = studies.attempts(session, row.id)

    def worth(place: studies.Attempt) -> float:
        if sort == "value":
            return place.values[0] if rising else -place.values[0]
        return place.seconds if sort == "seconds" else place.number

    ranked = [place for place in places if sort != "value" or place.state is TrialState.COMPLETE]
    others = [place for place in places if sort == "value" and place.state is not TrialState.COMPLETE]
    ordered = [*sorted(ranked, key=worth, reverse=descending), *others]
    wanted = [place.number for place in ordered[offset : offset + limit]]
    found = {trial.number: trial for trial in studies.numbered(session, row.id, wanted)}
    return TrialPage(trials=[trial_row(found[number]) for number in wanted if number in found], total=len(places))


def _front(session: Session, row: tables.Study, study: Study) -> list[int]:
    return [one.number for one in studies.undominated(study, studies.attempts(session, row.id))]


def _charts(study: Study) -> list[StudyChartRow]:
    return [
        StudyChartRow(name=name, title=chart.title, fields=list(chart.over(study.space)))
        for name, chart in study_charts().items()
        if chart.shows(study.objectives, study.space)
    ]
