"""The trials of studies, remembered: one that is over never changes."""

from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from sqlalchemy.orm import Session

from backend.charts.trials import StudyData, TrialData
from backend.store import studies, tables, trials

REMEMBERED = 8  # studies; ten thousand trials of one take about 8 MB

Key = tuple[str, datetime]  # id of a study, and when it was created


@dataclass(frozen=True)
class _Known:
    over: list[TrialData]  # the first trials, up to the first one that is not over
    others: list[TrialData]  # as they were last time
    document: object
    data: StudyData


_known: dict[Key, _Known] = {}
_lock = Lock()


def study_data(session: Session, row: tables.Study) -> StudyData:
    """Data for the charts of the study: the same object as last time if nothing has changed."""
    key = (row.id, row.created_at)
    with _lock:
        last = _known.pop(key, None)
        known = last.over if last else []
        read = [_trial(one) for one in trials.attempts(session, row.id, since=len(known))]
        _known[key] = last if last and _same(last, row, read) else _made(row, known, read)
        while len(_known) > REMEMBERED:
            del _known[next(iter(_known))]
        return _known[key].data


def _same(last: _Known, row: tables.Study, read: list[TrialData]) -> bool:
    return last.others == read and last.document == row.document and last.data.importance == row.importance


def _made(row: tables.Study, known: list[TrialData], read: list[TrialData]) -> _Known:
    over = next((place for place, trial in enumerate(read) if not trial.state.over), len(read))
    study = studies.document(row)
    data = StudyData(row.name, study.objectives, study.space, [*known, *read], row.importance)
    return _Known([*known, *read[:over]], read[over:], row.document, data)


def _trial(one: trials.Attempt) -> TrialData:
    return TrialData(one.number, one.state, one.assignment, one.values, one.violation <= 0, one.began, one.ended)
